/* SPDX-License-Identifier: MIT */
/*
 * tier: the rows of the tables minute, hour and day.
 *
 * Each row sums up the points of one series in one bucket of time.  Each tier is
 * complete up to a bound (state.hours_to, days_to); what lies beyond is still to
 * be read from the tier below.  Times are Unix seconds.
 */
#ifndef TIER_H
#define TIER_H

#include "db.h"
#include "summary.h"

enum { TIER_MINUTE, TIER_HOUR, TIER_DAY, TIERS };

struct tier {
	int64_t seconds;           /* of a bucket */
	int get, put, range, trim; /* statements */
};
extern const struct tier tiers[TIERS];

struct tier_row {
	int64_t key;
	struct summary summary;
	const void *sketch; /* as sketch_encode() writes it; NULL: there is none */
	size_t sketch_len;
};

/* The row of a series whose bucket begins at time, which is not before 1970. */
int64_t tier_key(uint32_t series, int64_t time);
uint32_t tier_series(int64_t key);
int64_t tier_time(int64_t key);

/* Rows of a series from time on and before another, oldest first; three-state.
 * The sketch is valid until the statement moves. */
int tier_first(struct db *, int tier, uint32_t series, int64_t from, int64_t to, struct tier_row *);
int tier_next(struct db *, int tier, struct tier_row *);

/* What adding rows up needs, made once. */
struct tier_scratch {
	struct sketch *sketch;
	struct buf bytes;
};
/* Adds the row to the one with its key, which it makes if need be.  Returns 0 or DB_FAILED. */
int tier_add(struct db *, int tier, const struct tier_row *, struct tier_scratch *);
/* Deletes the rows of a series before that time.  Returns 0 or DB_FAILED. */
int tier_trim(struct db *, int tier, uint32_t series, int64_t before);

/* Calls each(db, series, arg) for every series, totals too, until it fails; 0 or DB_FAILED. */
int tier_each_series(struct db *, int (*each)(struct db *, uint32_t, void *), void *arg);

/* How far the tiers have come; the row of the table state. */
struct tier_state {
	int64_t watermark;
	int64_t hours_to, days_to;
	int64_t compacted_at; /* 0: never */
	int64_t series, generation;
};
/* Returns 0 or DB_FAILED. */
int tier_state_read(struct db *, struct tier_state *);

/* The greatest multiple of seconds that is not after time. */
int64_t time_floor(int64_t time, int64_t seconds);

#endif
