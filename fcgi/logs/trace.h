/* SPDX-License-Identifier: MIT */
/*
 * trace: machines that know what the stack traces of some languages look like, and
 * what the beginning of a log entry looks like.  Used by multiline.c.
 * Lines are without terminal codes.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>

#include "level.h"
#include "span.h"

enum verdict {
	REFUSED, /* the line does not belong to the trace */
	MAYBE,   /* it does if one comes that surely does */
	SURE,
};

/* How far a machine has got with a trace. */
struct trace {
	const struct machine *machine; /* NULL: none */
	int state;                     /* the machine's */
	int budget;                    /* lines it will still look ahead */
	bool chained;                  /* Python: the sentence between two traces was there */
	bool done;                     /* the machine's last line was there */
	bool block;                    /* everything up to the machine's last line is its own */
	enum level level;              /* what the trace is worth when it is whole */
};

/* Starts the machine that the line opens; false if it opens none. */
bool trace_open(struct trace *, struct span);
/* Asks the open machine about the next line. */
enum verdict trace_next(struct trace *, struct span);

/* Whether it would take the line even if that looks like the beginning of an entry. */
bool trace_insists(struct trace *, struct span);

/* Whether the line looks like the beginning of an entry: time, level, logfmt, address. */
bool line_begins_entry(struct span);
/* Whether it is a JSON object, whole. */
bool line_is_json(struct span);
/*
 * Whether next belongs to head though it begins like an entry: Postgres' DETAIL, HINT,
 * STATEMENT, ... behind a message of the same process; java.util.logging's level
 * behind its line with the time.
 */
bool line_is_detail(struct span head, struct span next);

#endif
