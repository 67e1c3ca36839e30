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
line_starts(struct line l, const char *prefix)
{
	size_t n = strlen(prefix);

	return l.len >= n && memcmp(l.s, prefix, n) == 0;
}

bool
line_has(struct line l, const char *part)
{
	return l.len > 0 && memmem(l.s, l.len, part, strlen(part)) != NULL;
}

bool
line_ends(struct line l, const char *suffix)
{
	size_t n = strlen(suffix);

	return l.len >= n && memcmp(l.s + l.len - n, suffix, n) == 0;
}

bool
line_starts_any(struct line l, const char *const *prefixes)
{
	for (; *prefixes != NULL; prefixes++)
		if (line_starts(l, *prefixes))
			return true;
	return false;
}

bool
line_is_blank(struct line l)
{
	for (size_t i = 0; i < l.len; i++)
		if (l.s[i] != ' ' && l.s[i] != '\t' && l.s[i] != '\r')
			return false;
	return true;
}

bool
line_is_indented(struct line l)
{
	return l.len > 0 && (l.s[0] == ' ' || l.s[0] == '\t') && !line_is_blank(l);
}

struct line
line_trimmed(struct line l)
{
	while (l.len > 0 && (*l.s == ' ' || *l.s == '\t')) {
		l.s++;
		l.len--;
	}
	return l;
}

size_t
line_token(struct line l, const char *more)
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
trace_open(struct trace *t, struct line l)
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
trace_next(struct trace *t, struct line l)
{
	return t->machine->next(t, l);
}

bool
trace_insists(struct trace *t, struct line l)
{
	if (t->machine != &machine_ruler || t->done)
		return false;
	/*
	 * The second lines of Go's race detector and of InnoDB's monitor have a level or a time.
	 */
	t->block |= line_starts(l, "WARNING: DATA RACE") || line_has(l, " INNODB MONITOR ");
	return t->block;
}
