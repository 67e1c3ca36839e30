/* SPDX-License-Identifier: MIT */
/*
 * log_cursor: up to where a log file is stored, as the table cursor has it.
 *
 * A cursor is written in the transaction that also writes what was read, and is the truth
 * once that has come to be; until then both it and its successor are known here.
 */
#ifndef LOG_CURSOR_H
#define LOG_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "log_chain.h"

/* Offsets of a cursor: where to go on reading, and up to where each stream is stored. */
enum { CURSOR_READ, CURSOR_STDOUT, CURSOR_STDERR, CURSOR_OFFSETS };

struct log_cursor {
	bool known, pending;             /* whether there is one, and one that is being written */
	struct log_mark mark, next_mark; /* in its file */
	int64_t at[CURSOR_OFFSETS], next_at[CURSOR_OFFSETS]; /* in the chain */
};

/*
 * Reads the cursor of a file; *midline is whether it lies in a line that was too long.
 * Returns DB_ROW, DB_NONE or DB_FAILED.
 */
int log_cursor_load(struct log_cursor *, struct db *, const char *key, bool *midline);
/* Where it is marked; NULL if there is none. */
const struct log_mark *log_cursor_mark(const struct log_cursor *);
bool log_cursor_differs(const struct log_cursor *, const int64_t at[CURSOR_OFFSETS]);

/* What is written with the offsets. */
struct log_cursor_facts {
	const char *key;
	bool midline;
	int64_t last_ns; /* the newest record's time */
	int64_t now;     /* Unix seconds */
};
/* Writes its successor, inside a transaction.  Returns 0, or -1 (logged). */
int log_cursor_put(struct log_cursor *, struct db *, struct chain *,
    const int64_t at[CURSOR_OFFSETS], const struct log_cursor_facts *);
/* The transaction came to be: the successor that was written takes its place. */
void log_cursor_committed(struct log_cursor *);

#endif
