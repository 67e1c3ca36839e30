# SPDX-License-Identifier: MIT
# names: reads the names of all variables, a line each, from its first file and monlight.env from
# its second; prints each name there that has the prefix of a service and is read by nobody, and
# the name nearest to it.

function min(a, b) {
	return a < b ? a : b
}

# How many letters have to be put in, left out or changed to make b of a.
function distance(a, b,  i, j, row, above, corner) {
	for (j = 0; j <= length(b); j++)
		row[j] = j
	for (i = 1; i <= length(a); i++) {
		corner = row[0]
		row[0] = i
		for (j = 1; j <= length(b); j++) {
			above = row[j]
			corner += substr(a, i, 1) != substr(b, j, 1)
			row[j] = min(corner, min(above, row[j - 1]) + 1)
			corner = above
		}
	}
	return row[length(b)]
}

function nearest(name, prefix,  known, full, d, best, found) {
	best = 1000
	for (known in names) {
		full = known ~ services ? known : prefix known
		d = distance(name, full)
		if (d < best || (d == best && full < found)) {
			best = d
			found = full
		}
	}
	return found
}

BEGIN { services = "^(ERROR_TRACKER|LOG_VIEWER|METRICS_COLLECTOR|BROWSER_RELAY)_" }
NR == FNR { names[$1]; next }
match($0, services) && /=/ {
	prefix = substr($0, 1, RLENGTH)
	name = $0
	sub(/=.*/, "", name)
	plain = substr(name, RLENGTH + 1)
	sub(/_[0-9]+$/, "_1", plain) # one of many: METRIC_ALERT_1
	if (!(name in names) && !(plain in names))
		print name " is read by nobody; " nearest(name, prefix) " is the nearest that is"
}
