/* SPDX-License-Identifier: MIT */
/*
 * The table of machines, and what they ask of a line.  What the machines look for is what the
 * runtimes print: CPython 3.8 to 3.13, OpenJDK, Go 1.x, Node 18 to 22, Ruby 2.4 to 3.4,
 * .NET 6 to 8, PHP 7 and 8, Rust, Elixir 1.x.
 */
#include <string.h>

#include "trace_machine.h"

/* ---- looking at a line --------------------------------------------------------- */

bool
line_starts_any(struct span l, const char *const *prefixes)
{
	for (; *prefixes != NULL; prefixes++)
		if (span_starts(l, *prefixes))
			return true;
	return false;
}

bool
line_is_blank(struct span l)
{
	for (size_t i = 0; i < l.len; i++)
		if (l.s[i] != ' ' && l.s[i] != '\t' && l.s[i] != '\r')
			return false;
	return true;
}

bool
line_is_indented(struct span l)
{
	return l.len > 0 && (l.s[0] == ' ' || l.s[0] == '\t') && !line_is_blank(l);
}

size_t
line_token(struct span l, const char *more)
{
	size_t n = 0;

	while (n < l.len && l.s[n] != '\0' &&
	       (is_letter(l.s[n]) || is_digit(l.s[n]) || strchr(more, l.s[n]) != NULL))
		n++;
	return n;
}

enum verdict
trace_look_ahead(struct trace *t)
{
	return t->budget-- > 0 ? MAYBE : REFUSED;
}

/* ---- the table ------------------------------------------------------------------- */

/* A line opens the first that takes it. */
static const struct machine *const machines[] = {&machine_python, &machine_go, &machine_at,
    &machine_ruby, &machine_php, &machine_rust, &machine_elixir, &machine_jvm, &machine_ruler};

bool
trace_open(struct trace *t, struct span l)
{
	if (l.len == 0)
		return false;
	for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
		*t = (struct trace){.machine = machines[i], .level = machines[i]->level};
		if (machines[i]->open(t, l))
			return true;
	}
	*t = (struct trace){0};
	return false;
}

enum verdict
trace_next(struct trace *t, struct span l)
{
	return t->machine->next(t, l);
}

bool
trace_insists(struct trace *t, struct span l)
{
	if (t->machine != &machine_ruler || t->done)
		return false;
	/*
	 * The second lines of Go's race detector and of InnoDB's monitor have a level or a time.
	 */
	t->block |= span_starts(l, "WARNING: DATA RACE") || span_has(l, " INNODB MONITOR ");
	return t->block;
}
