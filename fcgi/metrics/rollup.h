/* SPDX-License-Identifier: MIT */
/*
 * rollup: from batches to the tiers, and out of them again.
 *
 * Work is ordered by arrival, not by the clock: a pass takes the batches above
 * the watermark, adds them to the tiers, and moves the watermark in the same
 * transaction.  So it makes no difference how late a point is, how long nothing
 * ran, how often a pass is begun and killed, or what the clock does in between.
 *
 * A point is added to minute, and to each coarser tier whose bound already lies
 * beyond it.  rollup_advance() moves the bounds on: it builds the hours from the
 * minutes and the days from the hours that are over.
 *
 * One process at a time does this (db_job_lock()); readers and ingestion go on.
 * All return 0 or DB_FAILED.  now is Unix seconds.
 */
#ifndef ROLLUP_H
#define ROLLUP_H

#include <stdbool.h>

#include "db.h"

/* How long what is kept, in seconds. */
struct retention {
	int64_t raw; /* batches, and how long the value of an id may be corrected */
	int64_t minute, hour, day;
	bool (*stop)(void); /* whether to end early, between two transactions; NULL: never */
};

/* Adds all that has arrived; *points is how many points that were. */
int rollup_compact(struct db *, const struct retention *, int64_t now, int64_t *points);
/* Adds the points with an id that can no longer be corrected. */
int rollup_close(struct db *, const struct retention *, int64_t now);
/* Builds what is over: hours from minutes, days from hours. */
int rollup_advance(struct db *, const struct retention *, int64_t now);
/* The three in their order: the job. */
int rollup_pass(struct db *, const struct retention *, int64_t now, int64_t *points);

/* Whether there is reason to end early. */
bool rollup_stopping(const struct retention *);

/* Deletes what is too old: batches, rows of the tiers, series that are no more. */
int rollup_retain(struct db *, const struct retention *, int64_t now);

#endif
