# SPDX-License-Identifier: MIT
# Turns a service's schema/NNN.sql files into a C array of migrations, in order.
# A line "-- include FILE" stands for that file's text; comments stay behind.
function emit(line) {
	sub("--[^'\"]*$", "", line)
	if (line ~ "^[ \t]*$")
		return
	gsub("\\\\", "\\\\", line)
	gsub("\"", "\\\"", line)
	printf "\t\"%s\\n\"\n", line
}
BEGIN {
	print "#include <stddef.h>"
	printf "extern const char *const %s_migrations[];\n", name
	printf "const char *const %s_migrations[] = {\n", name
}
FNR == 1 && NR > 1 { print "\t," }
/^-- include / {
	while ((getline line < $3) > 0)
		emit(line)
	close($3)
	next
}
{ emit($0) }
END { print "\t,\n\tNULL\n};" }
