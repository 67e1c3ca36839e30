# SPDX-License-Identifier: MIT
# strangers: prints what in TRUSTED_PROXIES, a word on each line, is neither an address nor a
# network: lighttpd would take it for the name of somebody who never comes.

function is_v4(a,  part, i) {
	if (split(a, part, ".") != 4)
		return 0
	for (i = 1; i <= 4; i++)
		if (part[i] !~ /^[0-9][0-9]?[0-9]?$/ || part[i] > 255)
			return 0
	return 1
}

# Eight groups, or fewer and :: for the rest; an IPv4 address may stand for the last two.
function is_v6(a,  part, n, i) {
	if (a !~ /^[0-9A-Fa-f:.]+$/ || a ~ /:::|::.*::|^:[^:]|[^:]:$/)
		return 0
	n = split(a, part, ":")
	if (is_v4(part[n])) {
		part[n] = ""
		n++
	}
	for (i = 1; i <= n; i++)
		if (part[i] ~ /[.]/ || length(part[i]) > 4)
			return 0
	return a ~ /::/ ? n <= 9 : n == 8
}

BEGIN { FS = "/" }
$0 == "" || $0 == "all" { next }
{ bits = is_v4($1) ? 32 : is_v6($1) ? 128 : -1 }
NF > 2 || bits < 0 || (NF == 2 && ($2 !~ /^[0-9]+$/ || $2 + 0 > bits)) { print }
