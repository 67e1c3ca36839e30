/* SPDX-License-Identifier: MIT */
/*
 * errors_retention: what the error tracker forgets, and when.  The indexer's job.
 *
 * It works in slices, each a transaction of its own that is over in a moment, so
 * that reports wait little; being ended between two of them does no harm.
 */
#ifndef ERRORS_RETENTION_H
#define ERRORS_RETENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"

struct errors_retention {
	int64_t now;        /* Unix seconds */
	int64_t days;       /* a resolved error is kept, and what is counted by the day */
	int64_t max_bytes;  /* of used pages; 0: no limit */
	bool (*stop)(void); /* asked between slices; NULL: never */
};

/*
 * Inside the caller's transaction: while more than max_bytes are used, deletes the least
 * recently seen errors, first resolved, then ignored, then unresolved ones; at most so
 * many, and none that is begun after the time, by clock_mono_us(), is over.  Returns how
 * many, or DB_FAILED.
 */
int errors_make_room(struct db *, int64_t max_bytes, int most, int64_t until_us);

struct errors_forgotten {
	int64_t resolved; /* errors that were resolved long ago */
	int64_t crowded;  /* errors that went because the database was too large */
	int64_t bytes;    /* given back to the file system */
};

/*
 * Deletes resolved errors older than days; event ids after a week, sessions and daily
 * counts after days, the oldest event ids and sessions sooner if they fill more than their
 * part of max_bytes; over max_bytes the least recently seen errors: resolved, then ignored,
 * then unresolved ones.  Then gives free space back.  Returns 0 or DB_FAILED.
 */
int errors_retain(struct db *, const struct errors_retention *, struct errors_forgotten *);

#endif
