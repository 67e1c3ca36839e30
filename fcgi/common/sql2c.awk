# SPDX-License-Identifier: MIT
# Turns a service's schema/NNN.sql files into a C array of migrations, in order.
BEGIN {
	print "#include <stddef.h>"
	printf "extern const char *const %s_migrations[];\n", name
	printf "const char *const %s_migrations[] = {\n", name
}
FNR == 1 && NR > 1 { print "\t," }
{
	sub(/--[^'"]*$/, "")        # comments stay in the source, not in the program
	if ($0 ~ /^[ \t]*$/) next
	gsub(/\\/, "\\\\"); gsub(/"/, "\\\"")
	printf "\t\"%s\\n\"\n", $0
}
END { print "\t,\n\tNULL\n};" }
