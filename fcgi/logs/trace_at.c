/* SPDX-License-Identifier: MIT */
/* Java, Kotlin, Scala, Node, .NET: a header with the exception, then lines "at ...". */
#include <string.h>

#include "trace_machine.h"

enum { AT_PLACE, AT_HEADER, AT_FRAMES };

/* "Ns.SomeException: message", "Error [CODE]: message", or the class alone. */
static bool
is_exception_header(struct span l)
{
	static const char *const endings[] = {"Error", "Exception", "Throwable", "Warning", NULL};
	size_t n = line_token(l, "_.$");

	if (n == 0 || !is_letter(l.s[0]) ||
	    (n < l.len && l.s[n] != ':' && !(l.s[n] == ' ' && n + 1 < l.len && l.s[n + 1] == '[')))
		return false;
	for (const char *const *e = endings; *e != NULL; e++)
		if (span_ends((struct span){l.s, n}, *e))
			return true;
	return false;
}

static bool
is_at_frame(struct span l)
{
	static const char *const frames[] = {"at ", "... ", "--- End of ", "---> ", NULL};

	return line_is_indented(l) && line_starts_any(span_from(l, span_indent(l)), frames);
}

/* "/app/x.js:12", "node:internal/fs:3": what Node prints above the source line. */
static bool
is_place(struct span l)
{
	static const char *const starts[] = {"/", "file://", "node:", "evalmachine.", NULL};
	size_t n = l.len;

	while (n > 0 && is_digit(l.s[n - 1]))
		n--;
	return n < l.len && n > 0 && l.s[n - 1] == ':' && line_starts_any(l, starts) &&
	       memchr(l.s, ' ', l.len) == NULL;
}

static bool
is_unhandled(struct span l)
{
	static const char *const starts[] = {
	    "Exception in thread \"", "Uncaught ", "Unhandled exception. ", "(node:", NULL};

	return line_starts_any(l, starts) && (l.s[0] != '(' || span_has(l, "Warning: "));
}

static bool
at_open(struct trace *t, struct span l)
{
	t->budget = LOOK_AHEAD;
	if (is_exception_header(l) || is_unhandled(l)) {
		t->state = AT_HEADER;
		if (l.s[0] == '(') /* "(node:1) Warning: ..." */
			t->level = LEVEL_WARNING;
	} else if (is_place(l))
		t->state = AT_PLACE;
	else if (line_is_indented(l) && span_starts(span_from(l, span_indent(l)), "at "))
		t->state = AT_FRAMES;
	else
		return false;
	return true;
}

static enum verdict
at_header(struct trace *t, struct span l)
{
	if (is_at_frame(l)) {
		t->state = AT_FRAMES;
		return SURE;
	}
	if (span_starts(l, "(Use `node --"))
		return SURE;
	if (is_exception_header(l) || is_unhandled(l))
		return REFUSED;
	return trace_look_ahead(t);
}

static enum verdict
at_frames(struct trace *t, struct span l)
{
	static const char *const causes[] = {"Caused by: ", "Wrapped by: ", "Suppressed: ",
	    "nested exception is:", "[CIRCULAR REFERENCE", "--- End of ", NULL};

	if (line_is_indented(l) || (l.len > 0 && strchr("})]", l.s[0]) != NULL))
		return SURE;
	if (line_starts_any(l, causes)) {
		t->state = AT_HEADER; /* its message may have lines of its own */
		t->budget = LOOK_AHEAD;
		return SURE;
	}
	if (span_starts(l, "Node.js v")) {
		t->done = true;
		return SURE;
	}
	return line_is_blank(l) ? trace_look_ahead(t) : REFUSED;
}

static enum verdict
at_next(struct trace *t, struct span l)
{
	switch (t->state) {
	case AT_PLACE:
		if (is_exception_header(l) || is_unhandled(l))
			t->state = AT_HEADER;
		return trace_look_ahead(t);
	case AT_HEADER:
		return at_header(t, l);
	default:
		return at_frames(t, l);
	}
}

const struct machine machine_at = {at_open, at_next, LEVEL_ERROR};
