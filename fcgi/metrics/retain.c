/* SPDX-License-Identifier: MIT */
/*
 * Retention, a little at a time: each transaction ends soon.  Nothing goes that
 * another tier still has to be built from.
 */
#include <stdlib.h>

#include "array.h"
#include "metrics_sql.h"
#include "points.h"
#include "portion.h"
#include "rollup.h"
#include "series.h"
#include "tier.h"

enum {
	BATCH_PORTION = 500,  /* batches deleted in a transaction */
	FORGET_PORTION = 500, /* series looked at in one */
	SHRINK_PAGES = 2000,  /* pages given back to the file system in a pass */
};
/* What /health tells, and an hour more. */
#define ARRIVED_SECONDS (25 * SECONDS_PER_HOUR)

static int
trim_batches(struct db *db, const struct retention *keep, int64_t now)
{
	struct tier_state state;
	int64_t last, deleted;

	if (tier_state_read(db, &state) == -1 ||
	    db_number(db, SQL_BATCH_KEPT, DB_ARGS(DB_INT(now - keep->raw), DB_INT(now)), INT64_MAX,
		&last) == -1)
		return DB_FAILED;
	last = last - 1 < state.watermark ? last - 1 : state.watermark;
	do {
		if (db_begin(db) == -1)
			return DB_FAILED;
		if (db_run(db, SQL_BATCH_TRIM, DB_ARGS(DB_INT(last), DB_INT(BATCH_PORTION))) == -1)
			return db_finish(db, DB_FAILED);
		deleted = db_changes(db);
		if (db_commit(db) == -1)
			return DB_FAILED;
	} while (deleted == BATCH_PORTION);
	return 0;
}

/* Before when the rows of each tier go. */
struct trim {
	int64_t before[TIERS];
};

static int
trim_series(struct db *db, uint32_t series, void *arg)
{
	const struct trim *trim = arg;
	int st = db_begin(db);

	if (st == -1)
		return DB_FAILED;
	for (int tier = 0; tier < TIERS && st == 0; tier++)
		st = tier_trim(db, tier, series, trim->before[tier]);
	return db_finish(db, st);
}

static int64_t
lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int
trim_tiers(struct db *db, const struct retention *keep, int64_t now)
{
	struct tier_state state;
	struct trim trim;

	if (tier_state_read(db, &state) == -1)
		return DB_FAILED;
	/* By whole buckets of the tier above, so that an end of it is not half there. */
	trim.before[TIER_MINUTE] =
	    lesser(time_floor(now - keep->minute, SECONDS_PER_HOUR), state.hours_to);
	trim.before[TIER_HOUR] =
	    lesser(time_floor(now - keep->hour, SECONDS_PER_DAY), state.days_to);
	trim.before[TIER_DAY] = time_floor(now - keep->day, SECONDS_PER_DAY);
	return tier_each_series(db, trim_series, &trim);
}

/* The series of the points that are not compacted, with repetitions. */
static int
read_waiting(struct db *db, uint32_t **series, size_t *n)
{
	struct tier_state state;
	struct point point;
	size_t room = 0;
	int found;

	if (tier_state_read(db, &state) == -1)
		return DB_FAILED;
	found = db_query(db, SQL_BATCHES_AFTER, DB_ARGS(DB_INT(state.watermark)));
	for (; found == DB_ROW; found = db_next(db, SQL_BATCHES_AFTER)) {
		size_t len;
		const void *data = db_blob(db, SQL_BATCHES_AFTER, 3, &len);
		struct points_reader reader = points_read(data, len);

		while (points_next(&reader, &point) == 1) {
			*series = array_grow(*series, *n, &room, sizeof **series);
			(*series)[(*n)++] = point.series;
		}
	}
	return found;
}

/* One portion of forgetting; the batches are looked at under the lock that keeps others away. */
static int
forget_some(struct db *db, int64_t seen_before, int64_t *after, bool *more)
{
	uint32_t *waiting = NULL;
	size_t n = 0;
	int st;

	if (db_begin(db) == -1)
		return DB_FAILED;
	st = read_waiting(db, &waiting, &n);
	if (st == 0)
		st = series_forget(db, seen_before, waiting, n, FORGET_PORTION, after);
	free(waiting);
	*more = st == 1;
	return db_finish(db, st == -1 ? -1 : 0);
}

int
rollup_retain(struct db *db, const struct retention *keep, int64_t now)
{
	int64_t longest = keep->day > keep->hour ? keep->day : keep->hour;
	int64_t after = 0;
	bool more = true;

	if (trim_batches(db, keep, now) == -1 || trim_tiers(db, keep, now) == -1 ||
	    db_run(db, SQL_ANSWERED_TRIM, DB_ARGS(DB_INT(now - METRICS_ANSWERED_SECONDS))) == -1 ||
	    db_run(db, SQL_ARRIVED_TRIM, DB_ARGS(DB_INT(now - ARRIVED_SECONDS))) == -1)
		return DB_FAILED;
	/* Two days later than its last row can have gone: last_seen is kept to the hour. */
	while (more && !rollup_stopping(keep))
		if (forget_some(db, now - longest - 2 * SECONDS_PER_DAY, &after, &more) == -1)
			return DB_FAILED;
	return db_shrink(db, SHRINK_PAGES);
}
