/* SPDX-License-Identifier: MIT */
/* Go, Ruby, PHP, Rust, Elixir, the JVM itself, and blocks between rulers. */
#include "trace_machine.h"

#define LOOK_AHEAD_RULER 200 /* lines between two rulers */

/* ---- Go -------------------------------------------------------------------------- */

enum { GO_HEADER, GO_STACKS };

static bool
is_goroutine(struct span l)
{
	return span_starts(l, "goroutine ") && span_has(l, " [") && span_ends(l, "]:");
}

static bool
go_open(struct trace *t, struct span l)
{
	static const char *const starts[] = {"panic: ", "fatal error: ", "runtime: ",
	    "unexpected fault address", "SIGSEGV: ", "SIGABRT: ", "SIGQUIT: ", "SIGBUS: ", NULL};

	t->budget = LOOK_AHEAD;
	if (is_goroutine(l))
		t->state = GO_STACKS;
	else if (line_starts_any(l, starts))
		t->state = GO_HEADER;
	else
		return false;
	return true;
}

/* "rax    0x0", "r8     0x7f": what SIGQUIT dumps. */
static bool
is_register(struct span l)
{
	size_t n = line_token(l, ""), m = n;

	while (m < l.len && l.s[m] == ' ')
		m++;
	return n >= 2 && n <= 6 && m > n && span_starts((struct span){l.s + m, l.len - m}, "0x");
}

static enum verdict
go_next(struct trace *t, struct span l)
{
	static const char *const sure[] = {
	    "\t", "created by ", "...", "exit status ", "runtime stack:", "panic: ", NULL};

	if (is_goroutine(l) || span_starts(l, "runtime stack:")) {
		t->state = GO_STACKS;
		t->budget = LOOK_AHEAD;
		return SURE;
	}
	if (t->state == GO_HEADER)
		return trace_look_ahead(t);
	if (line_starts_any(l, sure) || is_register(l)) {
		t->budget = LOOK_AHEAD;
		return SURE;
	}
	/* A function is one if a line with its place follows. */
	if (line_is_blank(l) || (!line_is_indented(l) && span_ends(l, ")")))
		return trace_look_ahead(t);
	return REFUSED;
}

const struct machine machine_go = {go_open, go_next, LEVEL_CRITICAL};

/* ---- Ruby ------------------------------------------------------------------------ */

enum { RB_HEADER, RB_FRAMES };

/* "app.rb:3:in 'run': message (Class)"; a backquote before 3.4. */
static bool
is_ruby_header(struct span l)
{
	return !line_is_indented(l) && span_has(l, ".rb:") &&
	       (span_has(l, ":in '") || span_has(l, ":in `"));
}

/* "ActionView::Template::Error (undefined method ...):" */
static bool
is_rails_header(struct span l)
{
	size_t n = line_token(l, "_:");

	return n > 0 && n + 2 < l.len && l.s[0] >= 'A' && l.s[0] <= 'Z' && l.s[n] == ' ' &&
	       l.s[n + 1] == '(' && span_ends(l, "):");
}

static bool
ruby_open(struct trace *t, struct span l)
{
	t->state = RB_HEADER;
	t->budget = 8;
	return is_ruby_header(l) || is_rails_header(l);
}

static enum verdict
ruby_next(struct trace *t, struct span l)
{
	if (span_starts(l, "\tfrom ") || is_ruby_header(l) ||
	    (line_is_indented(l) && span_has(l, ".rb:"))) {
		t->state = RB_FRAMES;
		return SURE;
	}
	if (t->state == RB_FRAMES)
		return line_is_indented(l) ? SURE
		       : line_is_blank(l)  ? trace_look_ahead(t)
					   : REFUSED;
	return trace_look_ahead(t);
}

const struct machine machine_ruby = {ruby_open, ruby_next, LEVEL_ERROR};

/* ---- PHP, Rust, Elixir ----------------------------------------------------------- */

static bool
php_open(struct trace *t, struct span l)
{
	static const char *const starts[] = {"PHP Fatal error:", "PHP Parse error:", "PHP Warning:",
	    "Fatal error: ", "Stack trace:", "[stacktrace]", NULL};

	t->budget = 8;
	return line_starts_any(l, starts);
}

static enum verdict
php_next(struct trace *t, struct span l)
{
	if (l.len > 1 && l.s[0] == '#' && is_digit(l.s[1]))
		return SURE;
	if (span_starts(l, "Stack trace:") || span_starts(l, "[stacktrace]"))
		return SURE;
	/* The second ends the exception that Laravel logs as JSON behind its message. */
	if (span_starts(l, "  thrown in ") || span_starts(l, "\"}")) {
		t->done = true;
		return SURE;
	}
	return trace_look_ahead(t);
}

const struct machine machine_php = {php_open, php_next, LEVEL_ERROR};

static bool
rust_open(struct trace *t, struct span l)
{
	t->budget = 16;
	return span_starts(l, "thread '") && span_has(l, "panicked at");
}

static enum verdict
rust_next(struct trace *t, struct span l)
{
	static const char *const sure[] = {"note: ", "stack backtrace:", NULL};

	if (line_is_indented(l) || line_starts_any(l, sure))
		return SURE;
	return span_starts(l, "thread '") ? REFUSED : trace_look_ahead(t);
}

const struct machine machine_rust = {rust_open, rust_next, LEVEL_CRITICAL};

static bool
elixir_open(struct trace *t, struct span l)
{
	t->budget = 4;
	return span_starts(l, "** (");
}

static enum verdict
elixir_next(struct trace *t, struct span l)
{
	static const char *const sure[] = {"Last message",
	    "State: ", "Function: ", "    Args: ", "Initial Call: ", "Ancestors: ", NULL};

	if (line_is_indented(l) || line_starts_any(l, sure))
		return SURE;
	return trace_look_ahead(t);
}

const struct machine machine_elixir = {elixir_open, elixir_next, LEVEL_ERROR};

/* ---- blocks of the JVM and between rulers ---------------------------------------- */

static bool
jvm_open(struct trace *t, struct span l)
{
	t->state = span_starts(l, "Full thread dump");
	t->budget = LOOK_AHEAD;
	return t->state == 1 || (l.len == 1 && l.s[0] == '#');
}

static enum verdict
jvm_next(struct trace *t, struct span l)
{
	if (t->state == 1) {
		static const char *const sure[] = {"\"", "JNI global ref", NULL};

		return line_is_indented(l) || line_starts_any(l, sure) ? SURE
		       : line_is_blank(l)                              ? trace_look_ahead(t)
								       : REFUSED;
	}
	if (l.len == 0 || l.s[0] != '#')
		return REFUSED;
	return span_has(l, "fatal error") ? (t->budget = LOOK_AHEAD, SURE) : trace_look_ahead(t);
}

const struct machine machine_jvm = {jvm_open, jvm_next, LEVEL_CRITICAL};

static bool
is_ruler(struct span l)
{
	size_t n = 0;

	while (n < l.len && l.s[n] == '=')
		n++;
	return n >= 18 && n == l.len;
}

static bool
ruler_open(struct trace *t, struct span l)
{
	t->budget = LOOK_AHEAD_RULER;
	return is_ruler(l);
}

static enum verdict
ruler_next(struct trace *t, struct span l)
{
	t->done = is_ruler(l);
	return t->done ? SURE : trace_look_ahead(t);
}

const struct machine machine_ruler = {ruler_open, ruler_next, LEVEL_UNKNOWN};
