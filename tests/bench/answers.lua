-- SPDX-License-Identifier: MIT
-- What wrk prints at its end, for tests/bench/run to read.

function done(summary, latency)
	local errors = summary.errors
	io.write(string.format("figures %d %d %d %d %d\n", summary.requests, summary.duration,
	    latency:percentile(50), latency:percentile(99),
	    errors.connect + errors.read + errors.write + errors.timeout + errors.status))
end
