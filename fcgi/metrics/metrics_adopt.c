/* SPDX-License-Identifier: MIT */
#include "metrics_adopt.h"

#include <math.h>
#include <stdlib.h>

#include "points.h"
#include "portion.h"

struct adoption {
	struct db *db;
	struct series_caps caps;
	struct retention keep;
	struct portion *sums;
	struct buf points; /* packed, in the order they came */
	struct points_writer writer;
	int64_t npoints;
};

static void
empty(struct adoption *a)
{
	if (a->sums != NULL)
		portion_free(a->sums);
	a->sums = portion_new();
	a->points.len = 0;
	a->npoints = 0;
	a->writer = points_write(&a->points);
}

struct adoption *
adoption_new(struct db *db, const struct series_caps *caps, const struct retention *keep)
{
	struct adoption *a = heap_alloc(sizeof *a);

	a->db = db;
	a->caps = *caps;
	a->keep = *keep;
	empty(a);
	return a;
}

void
adoption_free(struct adoption *a)
{
	portion_free(a->sums);
	buf_free(&a->points);
	free(a);
}

/*
 * A set of as many values with the same least and greatest one and the same quantiles by
 * nearest rank: between two of them all values are the upper one.
 */
static void
sketch_of(struct sketch *sketch, const struct summary *s, const struct quantiles *q)
{
	const struct {
		double share, value;
	} steps[] = {{0, s->min}, {0.50, q->p50}, {0.95, q->p95}, {0.99, q->p99}, {1, s->max}};
	uint64_t done = 0;

	sketch_clear(sketch);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		uint64_t rank = (uint64_t)ceil(steps[i].share * (double)s->count);

		if (rank < 1)
			rank = 1;
		if (rank > done)
			sketch_add(sketch, steps[i].value, rank - done);
		done = rank > done ? rank : done;
	}
}

int
adoption_add_sum(struct adoption *a, const struct series_name *name, int64_t time,
    const struct summary *summary, const struct quantiles *quantiles)
{
	struct delta *delta;
	uint32_t series;
	bool overflowed;

	if (series_number(a->db, &a->caps, name, time, &series, &overflowed) == DB_FAILED)
		return DB_FAILED;
	if (db_query(a->db, SQL_SERIES_PLACE, DB_ARGS(DB_INT(series))) != DB_ROW)
		return DB_FAILED;
	delta = portion_add_row(a->sums);
	delta->metric = db_int(a->db, SQL_SERIES_PLACE, 1);
	delta->total = (uint32_t)db_int(a->db, SQL_SERIES_PLACE, 2);
	db_done(a->db, SQL_SERIES_PLACE);
	delta->row.key = tier_key(series, time);
	delta->row.summary = *summary;
	if (name->type == METRIC_HISTOGRAM) {
		static const struct quantiles none;

		sketch_of(a->sums->scratch.sketch, summary, quantiles != NULL ? quantiles : &none);
		portion_keep_sketch(a->sums, &delta->row);
	}
	return 0;
}

int
adoption_add_point(struct adoption *a, const struct series_name *name, int64_t time, double value)
{
	struct point point = {.time = time, .value = value};
	bool overflowed;

	if (series_number(a->db, &a->caps, name, time / MS_PER_SECOND, &point.series,
		&overflowed) == DB_FAILED)
		return DB_FAILED;
	points_put(&a->writer, &point);
	a->npoints++;
	return 0;
}

int
adoption_write(struct adoption *a, int64_t now)
{
	int st = tier_state_read(a->db, &a->sums->state);

	if (st == 0)
		st = portion_sum_up(a->db, a->sums);
	if (st == 0)
		st = portion_write(a->db, a->sums, &a->keep, now);
	if (st == 0 && a->npoints > 0)
		st = db_run(a->db, SQL_BATCH_ADD,
		    DB_ARGS(
			DB_INT(now), DB_INT(a->npoints), DB_BLOB(a->points.data, a->points.len)));
	empty(a);
	return st;
}
