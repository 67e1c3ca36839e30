/* SPDX-License-Identifier: MIT */
/* trace_machine: what the machines of trace*.c share; nobody else includes it. */
#ifndef TRACE_MACHINE_H
#define TRACE_MACHINE_H

#include "trace.h"

/*
 * One for each family of traces.  open() says whether the line begins one and sets the
 * state; next() is asked about each line behind.  level: what a whole trace is worth.
 */
struct machine {
	bool (*open)(struct trace *, struct span);
	enum verdict (*next)(struct trace *, struct span);
	enum level level;
};

extern const struct machine machine_python, machine_at, machine_go, machine_ruby, machine_php,
    machine_rust, machine_elixir, machine_jvm, machine_ruler;

/* Lines of a message over which a machine looks ahead. */
#define LOOK_AHEAD 32

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether it starts with one of the texts, a list ended by NULL. */
bool line_starts_any(struct span, const char *const *prefixes);
bool line_is_blank(struct span);
bool line_is_indented(struct span);
/* How many bytes of its start are letters, digits or among more. */
size_t line_token(struct span, const char *more);
/* Takes one line that may or may not be of the trace, as long as the budget lasts. */
enum verdict trace_look_ahead(struct trace *);

#endif
