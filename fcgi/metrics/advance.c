/* SPDX-License-Identifier: MIT */
/*
 * The coarser tiers, one bucket of time after the other: the rows that the finer
 * tier has in it are added up for each series, and the bound moves on in the
 * transaction that adds the sums.
 */
#include "log.h"
#include "metrics_sql.h"
#include "portion.h"

/* Hours are built when they have been over for so long: most late points are in by then. */
#define GRACE_SECONDS 300

/* A bucket of the coarser tier that is to be built. */
struct building {
	struct portion *p;
	int fine, coarse;
	int64_t from, to;
	int64_t earliest; /* row found in [from, to) */
};

static int
find_earliest(struct db *db, uint32_t series, void *arg)
{
	struct building *b = arg;
	struct tier_row row;
	int found = tier_first(db, b->fine, series, b->from, b->earliest, &row);

	if (found == DB_ROW) {
		b->earliest = tier_time(row.key);
		db_done(db, tiers[b->fine].range);
	}
	return found;
}

static int
build_one(struct db *db, uint32_t series, void *arg)
{
	struct building *b = arg;
	struct portion *p = b->p;
	struct tier_row sum = {.key = tier_key(series, b->from)}, row;
	bool sketches = false;
	int found = tier_first(db, b->fine, series, b->from, b->to, &row);

	sketch_clear(p->scratch.sketch);
	for (; found == DB_ROW; found = tier_next(db, b->fine, &row)) {
		summary_merge(&sum.summary, &row.summary);
		if (row.sketch == NULL)
			continue;
		sketches = true;
		if (sketch_decode(p->scratch.sketch, row.sketch, row.sketch_len) == -1) {
			log_errorx(
			    "metrics: the sketch of row %lld is damaged", (long long)row.key);
			db_done(db, tiers[b->fine].range);
			return DB_FAILED;
		}
	}
	if (found == DB_FAILED || sum.summary.count == 0)
		return found;
	if (sketches)
		portion_keep_sketch(p, &sum);
	portion_add_row(p)->row = sum;
	return 0;
}

static int
write_built(struct db *db, struct building *b)
{
	struct portion *p = b->p;

	if (b->coarse == TIER_HOUR)
		p->state.hours_to = b->to;
	else
		p->state.days_to = b->to;
	for (size_t i = 0; i < p->ndeltas; i++)
		if (tier_add(db, b->coarse, &p->deltas[i].row, &p->scratch) == -1)
			return DB_FAILED;
	return db_run(
	    db, SQL_BOUNDS_SET, DB_ARGS(DB_INT(p->state.hours_to), DB_INT(p->state.days_to)));
}

/*
 * Moves the bound of the coarser tier on: over the next bucket that holds
 * anything, or to the end.  *more says whether the end is not yet reached.
 */
static int
build_next(struct db *db, int fine, int64_t now, struct portion *p, bool *more)
{
	const int64_t seconds = tiers[fine + 1].seconds;
	struct building b = {.p = p, .fine = fine, .coarse = fine + 1};
	int64_t end = now - GRACE_SECONDS;

	*more = false;
	if (tier_state_read(db, &p->state) == -1)
		return DB_FAILED;
	if (b.coarse == TIER_DAY && end > p->state.hours_to)
		end = p->state.hours_to;
	end = time_floor(end, seconds);
	b.from = b.coarse == TIER_HOUR ? p->state.hours_to : p->state.days_to;
	if (end <= b.from)
		return 0;
	b.earliest = end;
	if (tier_each_series(db, find_earliest, &b) == -1)
		return DB_FAILED;
	if (b.earliest < end) {
		b.from = time_floor(b.earliest, seconds);
		b.to = b.from + seconds;
		if (tier_each_series(db, build_one, &b) == -1)
			return DB_FAILED;
	} else
		b.to = end;
	*more = b.to < end;
	if (db_begin(db) == -1)
		return DB_FAILED;
	return db_finish(db, write_built(db, &b));
}

int
rollup_advance(struct db *db, const struct retention *keep, int64_t now)
{
	for (int fine = TIER_MINUTE; fine < TIER_DAY; fine++) {
		bool more = true;

		while (more && !rollup_stopping(keep)) {
			struct portion *p = portion_new();
			int st = build_next(db, fine, now, p, &more);

			portion_free(p);
			if (st == -1)
				return DB_FAILED;
		}
	}
	return 0;
}
