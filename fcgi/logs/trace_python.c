/* SPDX-License-Identifier: MIT */
/* Python's tracebacks: carets, groups, and chains of them. */
#include "trace_machine.h"

enum { PY_HEADER, PY_FRAMES, PY_GROUP, PY_AFTER };

static bool
is_python_frame(struct span l)
{
	return span_starts(l, "  File \"") && span_has(l, ", line ");
}

static bool
python_open(struct trace *t, struct span l)
{
	if (span_starts(l, "Traceback (most recent call last):"))
		t->state = PY_HEADER;
	else if (span_starts(l, "  + Exception Group Traceback"))
		t->state = PY_GROUP;
	else if (is_python_frame(l)) /* a syntax error of the program itself */
		t->state = PY_FRAMES;
	else
		return false;
	return true;
}

/* "pkg.Class: message", or the bare class when the message is empty. */
static bool
is_python_exception(struct span l)
{
	size_t n = line_token(l, "_.<>");

	return n > 0 && is_letter(l.s[0]) && (n == l.len || l.s[n] == ':' || l.s[n] == '\r');
}

static bool
is_python_chain(struct span l)
{
	return span_starts(l, "During handling of the above exception") ||
	       span_starts(l, "The above exception was the direct cause");
}

/* Behind the exception: the rest of its message, or the sentence and another trace. */
static enum verdict
python_after(struct trace *t, struct span l)
{
	static const char *const sqlalchemy[] = {
	    "[SQL: ", "[parameters: ", "(Background on this error at: ", NULL};

	if (is_python_chain(l)) {
		t->chained = true;
		return MAYBE;
	}
	if (t->chained && python_open(t, l)) {
		t->chained = false;
		return SURE;
	}
	if (span_starts(l, "Traceback (most recent call last):"))
		return REFUSED;
	if (line_is_indented(l) || line_starts_any(l, sqlalchemy))
		return SURE;
	return trace_look_ahead(t);
}

static enum verdict
python_next(struct trace *t, struct span l)
{
	switch (t->state) {
	case PY_HEADER:
		if (!is_python_frame(l))
			return REFUSED;
		t->state = PY_FRAMES;
		return SURE;
	case PY_FRAMES:
		if (line_is_indented(l))
			return SURE;
		if (!is_python_exception(l))
			return REFUSED;
		t->state = PY_AFTER;
		t->budget = LOOK_AHEAD;
		return SURE;
	case PY_GROUP:
		if (line_is_indented(l))
			return SURE;
		t->state = PY_AFTER;
		t->budget = LOOK_AHEAD;
		break;
	default:
		break;
	}
	return python_after(t, l);
}

const struct machine machine_python = {python_open, python_next, LEVEL_ERROR};
