/* SPDX-License-Identifier: MIT */
/*
 * multiline: which lines of one stream of one container are one entry.
 *
 * A line begins an entry of its own when it looks like a beginning (JSON, a time, a
 * level, ...); it goes on with the open one when a machine for some language's traces
 * takes it, or when it is indented.  A machine may look ahead: lines it is not sure
 * of are kept, and given back one by one if what they led up to does not come.
 *
 * Silence ends an entry: 50 ms without a machine, 1 s with one, by the times of the
 * records, so that the same file gives the same entries however it is read.
 */
#ifndef MULTILINE_H
#define MULTILINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "level.h"

#define MULTILINE_LINES 512
#define MULTILINE_BYTES 262144

/* How a container wants it (label monlight.multiline). */
enum multiline_mode {
	MULTILINE_AUTO,
	MULTILINE_OFF,   /* every line alone */
	MULTILINE_START, /* an entry begins where starts() says so, and nowhere else */
};

/* A line on its way in: text without newline and terminal codes still in it. */
struct multiline_line {
	const char *text;
	size_t len;
	int64_t ns;
	int64_t at; /* where it begins in the file: the caller's, handed back */
	bool cut;   /* it was longer than we keep */
};

/* An entry on its way out; valid during the call. */
struct multiline_entry {
	const char *text; /* lines joined by newlines */
	size_t len;
	int64_t ns; /* of the first line */
	bool cut;
	/* What its being a trace says about it, or LEVEL_UNKNOWN; a level it names beats this. */
	enum level level;
};

struct multiline_to {
	void (*entry)(void *arg, const struct multiline_entry *);
	void *arg;
};

struct multiline;

/* starts and its argument: MULTILINE_START's. */
struct multiline *multiline_new(
    enum multiline_mode, bool (*starts)(void *, const char *, size_t), void *starts_arg);
void multiline_free(struct multiline *);
/* Forgets what is open without handing it out. */
void multiline_reset(struct multiline *);

/* Takes the next line; entries that it ends are handed out. */
void multiline_feed(struct multiline *, const struct multiline_line *, const struct multiline_to *);
/* Hands out what has been silent for long enough at that moment, or everything (INT64_MAX). */
void multiline_settle(struct multiline *, int64_t now_ns, const struct multiline_to *);
/* When multiline_settle() will have something to do; INT64_MAX: not before the next line. */
int64_t multiline_due(const struct multiline *);
/* Where the oldest line that has not been handed out begins; -1 if there is none. */
int64_t multiline_oldest(const struct multiline *);

#endif
