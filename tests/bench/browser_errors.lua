-- SPDX-License-Identifier: MIT
-- Errors as a page reports them, ten frames deep, in 100 groups.
-- Arguments: the header of the key and the key, the path, the script in the frames, how many
-- columns it has.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "answers.lua")

local bodies, sent = {}, 0

local function stack(file, columns)
	local lines = {}
	for i = 1, 10 do
		lines[i] = string.format("    at f%d (https://shop.example%s:1:%d)", i, file,
		    math.random(1, columns))
	end
	return table.concat(lines, "\\n")
end

function init(args)
	local member = args[3] == "/api/errors" and
	    '{"project":"bench","exception_type":"TypeError","message":"x is undefined","traceback":"%s"}' or
	    '{"type":"TypeError","message":"x is undefined","release":"1","url":"https://shop.example/",' ..
	    '"user_agent":"Mozilla/5.0","session_id":"s","stack":"%s"}'
	wrk.method = "POST"
	wrk.headers[args[1]] = args[2]
	wrk.headers["Content-Type"] = "application/json"
	for b = 1, 100 do
		bodies[b] = wrk.format(nil, args[3], nil,
		    string.format(member, stack(args[4], tonumber(args[5]))))
	end
end

function request()
	sent = sent + 1
	return bodies[sent % #bodies + 1]
end
