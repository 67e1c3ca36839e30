/* SPDX-License-Identifier: MIT */
/*
 * The machines.  Each has a function that says whether a line opens it and one
 * that is asked about the lines behind.  What they look for is what the runtimes print:
 * CPython 3.8 to 3.13, OpenJDK, Go 1.x, Node 18 to 22, Ruby 2.4 to 3.4, .NET 6 to 8,
 * PHP 7 and 8, Rust, Elixir 1.x.
 */
#include "trace.h"

#include <string.h>

#define AHEAD 32        /* lines of a message that a machine looks ahead over */
#define AHEAD_RULER 200 /* lines between two rulers */

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

static bool
line_ends(struct line l, const char *suffix)
{
	size_t n = strlen(suffix);

	return l.len >= n && memcmp(l.s + l.len - n, suffix, n) == 0;
}

/* Whether it starts with one of the texts, a list ended by NULL. */
static bool
starts_any(struct line l, const char *const *prefixes)
{
	for (; *prefixes != NULL; prefixes++)
		if (line_starts(l, *prefixes))
			return true;
	return false;
}

static bool
is_blank(struct line l)
{
	for (size_t i = 0; i < l.len; i++)
		if (l.s[i] != ' ' && l.s[i] != '\t' && l.s[i] != '\r')
			return false;
	return true;
}

static bool
is_indented(struct line l)
{
	return l.len > 0 && (l.s[0] == ' ' || l.s[0] == '\t') && !is_blank(l);
}

/* Without the blanks at its start. */
static struct line
trimmed(struct line l)
{
	while (l.len > 0 && (*l.s == ' ' || *l.s == '\t')) {
		l.s++;
		l.len--;
	}
	return l;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* How many bytes of its start are letters, digits or among more. */
static size_t
token_length(struct line l, const char *more)
{
	size_t n = 0;

	while (n < l.len && l.s[n] != '\0' &&
	       (is_letter(l.s[n]) || is_digit(l.s[n]) || strchr(more, l.s[n]) != NULL))
		n++;
	return n;
}

/* Takes one line that may or may not be of the trace, as long as the budget lasts. */
static enum verdict
look_ahead(struct trace *t)
{
	return t->budget-- > 0 ? MAYBE : REFUSED;
}

/* ---- Python ------------------------------------------------------------------------ */

enum { PY_HEADER, PY_FRAMES, PY_GROUP, PY_AFTER };

static bool
is_python_frame(struct line l)
{
	return line_starts(l, "  File \"") && line_has(l, ", line ");
}

static bool
python_open(struct trace *t, struct line l)
{
	if (line_starts(l, "Traceback (most recent call last):"))
		t->state = PY_HEADER;
	else if (line_starts(l, "  + Exception Group Traceback"))
		t->state = PY_GROUP;
	else if (is_python_frame(l)) /* a syntax error of the program itself */
		t->state = PY_FRAMES;
	else
		return false;
	return true;
}

/* "pkg.Class: message", or the bare class when the message is empty. */
static bool
is_python_exception(struct line l)
{
	size_t n = token_length(l, "_.<>");

	return n > 0 && is_letter(l.s[0]) && (n == l.len || l.s[n] == ':' || l.s[n] == '\r');
}

static bool
is_python_chain(struct line l)
{
	return line_starts(l, "During handling of the above exception") ||
	       line_starts(l, "The above exception was the direct cause");
}

/* Behind the exception: the rest of its message, or the sentence and another trace. */
static enum verdict
python_after(struct trace *t, struct line l)
{
	if (is_python_chain(l)) {
		t->chained = true;
		return MAYBE;
	}
	if (t->chained && python_open(t, l)) {
		t->chained = false;
		return SURE;
	}
	if (line_starts(l, "Traceback (most recent call last):"))
		return REFUSED;
	return is_indented(l) ? SURE : look_ahead(t);
}

static enum verdict
python_next(struct trace *t, struct line l)
{
	switch (t->state) {
	case PY_HEADER:
		if (!is_python_frame(l))
			return REFUSED;
		t->state = PY_FRAMES;
		return SURE;
	case PY_FRAMES:
		if (is_indented(l))
			return SURE;
		if (!is_python_exception(l))
			return REFUSED;
		t->state = PY_AFTER;
		t->budget = AHEAD;
		return SURE;
	case PY_GROUP:
		if (is_indented(l))
			return SURE;
		t->state = PY_AFTER;
		t->budget = AHEAD;
		break;
	default:
		break;
	}
	return python_after(t, l);
}

/* ---- Java, Node, .NET: a header, then lines "at ..." ------------------------------------- */

enum { AT_PLACE, AT_HEADER, AT_FRAMES };

/* "Ns.SomeException: message", "Error [CODE]: message", or the class alone. */
static bool
is_exception_header(struct line l)
{
	static const char *const endings[] = {"Error", "Exception", "Throwable", "Warning", NULL};
	size_t n = token_length(l, "_.$");

	if (n == 0 || !is_letter(l.s[0]) ||
	    (n < l.len && l.s[n] != ':' && !(l.s[n] == ' ' && n + 1 < l.len && l.s[n + 1] == '[')))
		return false;
	for (const char *const *e = endings; *e != NULL; e++)
		if (line_ends((struct line){l.s, n}, *e))
			return true;
	return false;
}

static bool
is_at_frame(struct line l)
{
	static const char *const frames[] = {"at ", "... ", "--- End of ", "---> ", NULL};

	return is_indented(l) && starts_any(trimmed(l), frames);
}

/* "/app/x.js:12", "node:internal/fs:3": what Node prints above the source line. */
static bool
is_place(struct line l)
{
	static const char *const starts[] = {"/", "file://", "node:", "evalmachine.", NULL};
	size_t n = l.len;

	while (n > 0 && is_digit(l.s[n - 1]))
		n--;
	return n < l.len && n > 0 && l.s[n - 1] == ':' && starts_any(l, starts) &&
	       memchr(l.s, ' ', l.len) == NULL;
}

static bool
is_unhandled(struct line l)
{
	static const char *const starts[] = {
	    "Exception in thread \"", "Uncaught ", "Unhandled exception. ", "(node:", NULL};

	return starts_any(l, starts) && (l.s[0] != '(' || line_has(l, "Warning: "));
}

static bool
at_open(struct trace *t, struct line l)
{
	t->budget = AHEAD;
	if (is_exception_header(l) || is_unhandled(l)) {
		t->state = AT_HEADER;
		if (l.s[0] == '(') /* "(node:1) Warning: ..." */
			t->level = LEVEL_WARNING;
	} else if (is_place(l))
		t->state = AT_PLACE;
	else if (is_indented(l) && line_starts(trimmed(l), "at "))
		t->state = AT_FRAMES;
	else
		return false;
	return true;
}

static enum verdict
at_header(struct trace *t, struct line l)
{
	if (is_at_frame(l)) {
		t->state = AT_FRAMES;
		return SURE;
	}
	if (line_starts(l, "(Use `node --"))
		return SURE;
	if (is_exception_header(l) || is_unhandled(l))
		return REFUSED;
	return look_ahead(t);
}

static enum verdict
at_frames(struct trace *t, struct line l)
{
	static const char *const causes[] = {"Caused by: ", "Wrapped by: ", "Suppressed: ",
	    "nested exception is:", "[CIRCULAR REFERENCE", "--- End of ", NULL};

	if (is_indented(l) || (l.len > 0 && strchr("})]", l.s[0]) != NULL))
		return SURE;
	if (starts_any(l, causes)) {
		t->state = AT_HEADER; /* its message may have lines of its own */
		t->budget = AHEAD;
		return SURE;
	}
	if (line_starts(l, "Node.js v")) {
		t->done = true;
		return SURE;
	}
	return is_blank(l) ? look_ahead(t) : REFUSED;
}

static enum verdict
at_next(struct trace *t, struct line l)
{
	switch (t->state) {
	case AT_PLACE:
		if (is_exception_header(l) || is_unhandled(l))
			t->state = AT_HEADER;
		return look_ahead(t);
	case AT_HEADER:
		return at_header(t, l);
	default:
		return at_frames(t, l);
	}
}

/* ---- Go -------------------------------------------------------------------------------- */

enum { GO_HEADER, GO_STACKS };

static bool
is_goroutine(struct line l)
{
	return line_starts(l, "goroutine ") && line_has(l, " [") && line_ends(l, "]:");
}

static bool
go_open(struct trace *t, struct line l)
{
	static const char *const starts[] = {"panic: ", "fatal error: ", "runtime: ",
	    "unexpected fault address", "SIGSEGV: ", "SIGABRT: ", "SIGQUIT: ", "SIGBUS: ", NULL};

	t->budget = AHEAD;
	if (is_goroutine(l))
		t->state = GO_STACKS;
	else if (starts_any(l, starts))
		t->state = GO_HEADER;
	else
		return false;
	return true;
}

/* "rax    0x0", "r8     0x7f": what SIGQUIT dumps. */
static bool
is_register(struct line l)
{
	size_t n = token_length(l, ""), m = n;

	while (m < l.len && l.s[m] == ' ')
		m++;
	return n >= 2 && n <= 6 && m > n && line_starts((struct line){l.s + m, l.len - m}, "0x");
}

static enum verdict
go_next(struct trace *t, struct line l)
{
	static const char *const sure[] = {
	    "\t", "created by ", "...", "exit status ", "runtime stack:", "panic: ", NULL};

	if (is_goroutine(l) || line_starts(l, "runtime stack:")) {
		t->state = GO_STACKS;
		t->budget = AHEAD;
		return SURE;
	}
	if (t->state == GO_HEADER)
		return look_ahead(t);
	if (starts_any(l, sure) || is_register(l)) {
		t->budget = AHEAD;
		return SURE;
	}
	/* A function is one if a line with its place follows. */
	if (is_blank(l) || (!is_indented(l) && line_ends(l, ")")))
		return look_ahead(t);
	return REFUSED;
}

/* ---- Ruby -------------------------------------------------------------------------------- */

enum { RB_HEADER, RB_FRAMES };

/* "app.rb:3:in 'run': message (Class)"; a backquote before 3.4. */
static bool
is_ruby_header(struct line l)
{
	return !is_indented(l) && line_has(l, ".rb:") &&
	       (line_has(l, ":in '") || line_has(l, ":in `"));
}

/* "ActionView::Template::Error (undefined method ...):" */
static bool
is_rails_header(struct line l)
{
	size_t n = token_length(l, "_:");

	return n > 0 && n + 2 < l.len && l.s[0] >= 'A' && l.s[0] <= 'Z' && l.s[n] == ' ' &&
	       l.s[n + 1] == '(' && line_ends(l, "):");
}

static bool
ruby_open(struct trace *t, struct line l)
{
	t->state = RB_HEADER;
	t->budget = 8;
	return is_ruby_header(l) || is_rails_header(l);
}

static enum verdict
ruby_next(struct trace *t, struct line l)
{
	if (line_starts(l, "\tfrom ") || is_ruby_header(l) ||
	    (is_indented(l) && line_has(l, ".rb:"))) {
		t->state = RB_FRAMES;
		return SURE;
	}
	if (t->state == RB_FRAMES)
		return is_indented(l) ? SURE : is_blank(l) ? look_ahead(t) : REFUSED;
	return look_ahead(t);
}

/* ---- PHP, Rust, Elixir ------------------------------------------------------------------- */

static bool
php_open(struct trace *t, struct line l)
{
	static const char *const starts[] = {"PHP Fatal error:", "PHP Parse error:", "PHP Warning:",
	    "Fatal error: ", "Stack trace:", NULL};

	t->budget = 8;
	return starts_any(l, starts);
}

static enum verdict
php_next(struct trace *t, struct line l)
{
	if (l.len > 1 && l.s[0] == '#' && is_digit(l.s[1]))
		return SURE;
	if (line_starts(l, "Stack trace:"))
		return SURE;
	if (line_starts(l, "  thrown in ")) {
		t->done = true;
		return SURE;
	}
	return look_ahead(t);
}

static bool
rust_open(struct trace *t, struct line l)
{
	t->budget = 16;
	return line_starts(l, "thread '") && line_has(l, "panicked at");
}

static enum verdict
rust_next(struct trace *t, struct line l)
{
	static const char *const sure[] = {"note: ", "stack backtrace:", NULL};

	if (is_indented(l) || starts_any(l, sure))
		return SURE;
	return line_starts(l, "thread '") ? REFUSED : look_ahead(t);
}

static bool
elixir_open(struct trace *t, struct line l)
{
	t->budget = 4;
	return line_starts(l, "** (");
}

static enum verdict
elixir_next(struct trace *t, struct line l)
{
	static const char *const sure[] = {"Last message",
	    "State: ", "Function: ", "    Args: ", "Initial Call: ", "Ancestors: ", NULL};

	if (is_indented(l) || starts_any(l, sure))
		return SURE;
	return look_ahead(t);
}

/* ---- blocks of the JVM and between rulers ----------------------------------------------------- */

static bool
jvm_open(struct trace *t, struct line l)
{
	t->state = line_starts(l, "Full thread dump");
	t->budget = AHEAD;
	return t->state == 1 || (l.len == 1 && l.s[0] == '#');
}

static enum verdict
jvm_next(struct trace *t, struct line l)
{
	if (t->state == 1) {
		static const char *const sure[] = {"\"", "JNI global ref", NULL};

		return is_indented(l) || starts_any(l, sure) ? SURE
		       : is_blank(l)                         ? look_ahead(t)
							     : REFUSED;
	}
	if (l.len == 0 || l.s[0] != '#')
		return REFUSED;
	return line_has(l, "fatal error") ? (t->budget = AHEAD, SURE) : look_ahead(t);
}

static bool
is_ruler(struct line l)
{
	size_t n = 0;

	while (n < l.len && l.s[n] == '=')
		n++;
	return n >= 18 && n == l.len;
}

static bool
ruler_open(struct trace *t, struct line l)
{
	t->budget = AHEAD_RULER;
	return is_ruler(l);
}

/* Go's race detector and InnoDB's monitor, whose second line has a level or a time. */
static bool
ruler_insists(struct trace *t, struct line l)
{
	t->block |= line_starts(l, "WARNING: DATA RACE") || line_has(l, " INNODB MONITOR ");
	return t->block;
}

static enum verdict
ruler_next(struct trace *t, struct line l)
{
	t->done = is_ruler(l);
	return t->done ? SURE : look_ahead(t);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct machine {
	bool (*open)(struct trace *, struct line);
	enum verdict (*next)(struct trace *, struct line);
	enum level level;
} machines[] = {
    {python_open, python_next, LEVEL_ERROR},
    {go_open, go_next, LEVEL_CRITICAL},
    {at_open, at_next, LEVEL_ERROR},
    {ruby_open, ruby_next, LEVEL_ERROR},
    {php_open, php_next, LEVEL_ERROR},
    {rust_open, rust_next, LEVEL_CRITICAL},
    {elixir_open, elixir_next, LEVEL_ERROR},
    {jvm_open, jvm_next, LEVEL_CRITICAL},
    {ruler_open, ruler_next, LEVEL_UNKNOWN},
};

bool
trace_open(struct trace *t, struct line l)
{
	if (l.len == 0)
		return false;
	for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
		*t = (struct trace){.machine = &machines[i], .level = machines[i].level};
		if (machines[i].open(t, l))
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
	return t->machine != NULL && t->machine->next == ruler_next && !t->done &&
	       ruler_insists(t, l);
}
