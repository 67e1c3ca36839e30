-- SPDX-License-Identifier: MIT
-- Error reports with a traceback of 2.9 KiB in 100 groups; one in a hundred is new.
-- Arguments: the key, and "events" to give each an event_id.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "answers.lua")

local frames = {}
for i = 1, 28 do
	frames[i] = string.format(
	    '  File \\"/srv/app/lib/python3.11/site-packages/framework/module_%02d.py\\", line %d, in call\\n' ..
	    '    return self.next(request)\\n', i, 100 + i)
end
local outer = "Traceback (most recent call last):\\n" .. table.concat(frames, "", 1, 19)

local sent, run, events = 0, os.time(), false

function init(args)
	events = args[2] == "events"
	wrk.method = "POST"
	wrk.headers["X-API-Key"] = args[1]
	wrk.headers["Content-Type"] = "application/json"
end

function request()
	sent = sent + 1
	local line = sent % 100
	if line == 0 then
		line = run * 1000000 + sent
	end
	local event = events and string.format(',"event_id":"%d-%d"', run, sent) or ""
	return wrk.format(nil, "/api/errors", nil, string.format(
	    '{"project":"bench","exception_type":"ValueError","message":"amount must be positive",' ..
	    '"traceback":"%s  File \\"/srv/app/views/checkout.py\\", line %d, in pay\\n' ..
	    '    raise ValueError(amount)\\nValueError: amount must be positive",' ..
	    '"request_url":"https://shop.example.com/checkout?step=3","request_method":"POST",' ..
	    '"environment":"production","release":"2.4.1","level":"error"%s}', outer, line, event))
end
