/* SPDX-License-Identifier: MIT */
#include "tier.h"

#include "log.h"
#include "metrics_sql.h"

const struct tier tiers[TIERS] = {
    [TIER_MINUTE] = {SECONDS_PER_MINUTE, SQL_MINUTE_GET, SQL_MINUTE_PUT, SQL_MINUTE_RANGE,
	SQL_MINUTE_TRIM},
    [TIER_HOUR] = {SECONDS_PER_HOUR, SQL_HOUR_GET, SQL_HOUR_PUT, SQL_HOUR_RANGE, SQL_HOUR_TRIM},
    [TIER_DAY] = {SECONDS_PER_DAY, SQL_DAY_GET, SQL_DAY_PUT, SQL_DAY_RANGE, SQL_DAY_TRIM},
};

enum { SERIES_PORTION = 256 }; /* numbers of series that are fetched at once */

/* Minutes since 1970 fit into 32 bits until the year 10136. */
static const int64_t last_minute = UINT32_MAX;

int64_t
tier_key(uint32_t series, int64_t time)
{
	int64_t minute = time / SECONDS_PER_MINUTE;

	if (minute < 0)
		minute = 0;
	if (minute > last_minute)
		minute = last_minute;
	return (int64_t)series << 32 | minute;
}

uint32_t
tier_series(int64_t key)
{
	return (uint32_t)(key >> 32);
}

int64_t
tier_time(int64_t key)
{
	return (key & UINT32_MAX) * SECONDS_PER_MINUTE;
}

static int
take_row(struct db *db, int statement, int found, struct tier_row *row)
{
	if (found != DB_ROW)
		return found;
	*row = (struct tier_row){
	    .key = db_int(db, statement, 0),
	    .summary =
		{
		    .count = (uint64_t)db_int(db, statement, 1),
		    .sum = db_real(db, statement, 2),
		    .min = db_real(db, statement, 3),
		    .max = db_real(db, statement, 4),
		    .last = db_real(db, statement, 5),
		    .last_at = db_int(db, statement, 6),
		},
	};
	row->sketch = db_blob(db, statement, 7, &row->sketch_len);
	return DB_ROW;
}

int
tier_first(struct db *db, int tier, uint32_t series, int64_t from, int64_t to, struct tier_row *row)
{
	const int range = tiers[tier].range;

	return take_row(db, range,
	    db_query(
		db, range, DB_ARGS(DB_INT(tier_key(series, from)), DB_INT(tier_key(series, to)))),
	    row);
}

int
tier_next(struct db *db, int tier, struct tier_row *row)
{
	const int range = tiers[tier].range;

	return take_row(db, range, db_next(db, range), row);
}

static int
damaged(int64_t key)
{
	log_errorx("metrics: the sketch of row %lld is damaged", (long long)key);
	return DB_FAILED;
}

/* Writes the sum of the two rows' sketches to the scratch's bytes. */
static int
add_sketches(const struct tier_row *a, const struct tier_row *b, struct tier_scratch *scratch)
{
	sketch_clear(scratch->sketch);
	if ((a->sketch != NULL && sketch_decode(scratch->sketch, a->sketch, a->sketch_len) == -1) ||
	    (b->sketch != NULL && sketch_decode(scratch->sketch, b->sketch, b->sketch_len) == -1))
		return damaged(a->key);
	scratch->bytes.len = 0;
	sketch_encode(scratch->sketch, &scratch->bytes);
	return 0;
}

int
tier_add(struct db *db, int tier, const struct tier_row *row, struct tier_scratch *scratch)
{
	const struct tier *t = &tiers[tier];
	struct tier_row sum, old;
	int found = take_row(db, t->get, db_query(db, t->get, DB_ARGS(DB_INT(row->key))), &old);

	if (found == DB_FAILED)
		return DB_FAILED;
	sum = *row;
	if (found == DB_ROW) {
		sum.summary = old.summary;
		summary_merge(&sum.summary, &row->summary);
		if (old.sketch != NULL || row->sketch != NULL) {
			if (add_sketches(&old, row, scratch) == -1)
				return DB_FAILED;
			sum.sketch = scratch->bytes.data;
			sum.sketch_len = scratch->bytes.len;
		}
		db_done(db, t->get);
	}
	return db_run(db, t->put,
	    DB_ARGS(DB_INT(sum.key), DB_INT((int64_t)sum.summary.count), DB_REAL(sum.summary.sum),
		DB_REAL(sum.summary.min), DB_REAL(sum.summary.max), DB_REAL(sum.summary.last),
		DB_INT(sum.summary.last_at),
		sum.sketch != NULL ? DB_BLOB(sum.sketch, sum.sketch_len) : DB_NULL));
}

int
tier_trim(struct db *db, int tier, uint32_t series, int64_t before)
{
	return db_run(db, tiers[tier].trim,
	    DB_ARGS(DB_INT(tier_key(series, 0)), DB_INT(tier_key(series, before))));
}

int
tier_state_read(struct db *db, struct tier_state *state)
{
	if (db_query(db, SQL_STATE, DB_NO_ARGS) != DB_ROW)
		return DB_FAILED;
	*state = (struct tier_state){
	    .watermark = db_int(db, SQL_STATE, 0),
	    .hours_to = db_int(db, SQL_STATE, 1),
	    .days_to = db_int(db, SQL_STATE, 2),
	    .compacted_at = db_int(db, SQL_STATE, 3),
	    .series = db_int(db, SQL_STATE, 4),
	    .generation = db_int(db, SQL_STATE, 5),
	};
	db_done(db, SQL_STATE);
	return 0;
}

/* The series above *after, at most SERIES_PORTION; returns how many, or DB_FAILED. */
static int
next_series(struct db *db, int64_t after, uint32_t series[SERIES_PORTION])
{
	int n = 0;
	int found = db_query(db, SQL_SERIES_AFTER, DB_ARGS(DB_INT(after), DB_INT(SERIES_PORTION)));

	for (; found == DB_ROW; found = db_next(db, SQL_SERIES_AFTER))
		series[n++] = (uint32_t)db_int(db, SQL_SERIES_AFTER, 0);
	return found == DB_FAILED ? DB_FAILED : n;
}

int
tier_each_series(struct db *db, int (*each)(struct db *, uint32_t, void *), void *arg)
{
	uint32_t series[SERIES_PORTION];
	int64_t after = 0;
	int n;

	while ((n = next_series(db, after, series)) > 0) {
		for (int i = 0; i < n; i++)
			if (each(db, series[i], arg) == -1)
				return DB_FAILED;
		after = series[n - 1];
	}
	return n;
}

int64_t
time_floor(int64_t time, int64_t seconds)
{
	int64_t rest = time % seconds;

	return time - (rest < 0 ? rest + seconds : rest);
}
