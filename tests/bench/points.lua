-- SPDX-License-Identifier: MIT
-- Batches of points as an application sends them: 20 endpoints, 5 statuses and 10
-- hosts are a thousand series; the times lie within a minute.
-- Arguments: the key, and how many points a batch has.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "answers.lua")

local bodies, sent = {}, 0

local function point()
	return string.format(
	    '{"name":"http_request_duration_seconds","type":"histogram","value":%.6f,' ..
	    '"labels":{"method":"GET","endpoint":"/api/v1/things/%d","status":"%d","host":"web-%d"},' ..
	    '"timestamp":"%s.%03dZ"}',
	    math.exp(math.random() * 4 - 5), math.random(0, 19), math.random(200, 204),
	    math.random(0, 9), os.date("!%Y-%m-%dT%H:%M:%S", os.time() - math.random(0, 59)),
	    math.random(0, 999))
end

function init(args)
	local size = tonumber(args[2])
	wrk.method = "POST"
	wrk.headers["X-API-Key"] = args[1]
	wrk.headers["Content-Type"] = "application/json"
	for b = 1, 16 do
		local points = {}
		for i = 1, size do
			points[i] = point()
		end
		bodies[b] = wrk.format(nil, "/api/metrics", nil, "[" .. table.concat(points, ",") .. "]")
	end
end

function request()
	sent = sent + 1
	return bodies[sent % #bodies + 1]
end
