/* SPDX-License-Identifier: MIT */
#include "read.h"

#include <stdlib.h>

#include "array.h"
#include "log.h"
#include "points.h"
#include "tier.h"

#define SKETCHES_KEEP ((size_t)65536) /* of a group's memory, beside its buckets */

/* A point whose value may be corrected by one behind it. */
struct correctable {
	struct point point;
	uint32_t group;
	uint32_t order; /* of arrival */
};

struct reading {
	struct db *db;
	const struct selection *selection;
	const struct timespan *span;
	struct tier_state state;
	struct correctable *correctable;
	size_t ncorrectable, room;
	/* What no tier has yet, added up: of group g and bucket b at [g * buckets + b], or NULL. */
	struct bucket **early;
	struct arena *early_mem;
	/* of the group at hand */
	struct arena *mem;
	struct bucket *buckets;
};

size_t
timespan_buckets(const struct timespan *span)
{
	return span->to > span->from ? (size_t)((span->to - span->from - 1) / span->step + 1) : 0;
}

int
timespan_grain(int64_t step)
{
	int grain = TIER_DAY;

	while (grain > TIER_MINUTE && step % tiers[grain].seconds != 0)
		grain--;
	return grain;
}

struct timespan
timespan_whole(int64_t from, int64_t to)
{
	from = time_floor(from, SECONDS_PER_MINUTE);
	to = time_floor(to + SECONDS_PER_MINUTE - 1, SECONDS_PER_MINUTE);
	return (struct timespan){from, to, to - from, TIER_DAY, true};
}

/* Where in a group's buckets that time lies, or -1. */
static int64_t
place(const struct timespan *span, int64_t time)
{
	return time < span->from || time >= span->to ? -1 : (time - span->from) / span->step;
}

/* A bucket that is about to get its first points. */
static void
begin_bucket(const struct reading *r, struct bucket *b, struct arena *mem)
{
	if (b->sketch == NULL && r->span->sketches && r->selection->type == METRIC_HISTOGRAM)
		b->sketch = sketch_new(mem);
}

/* ---- what no tier has yet ------------------------------------------------------------ */

static void
add_point(struct reading *r, uint32_t group, const struct point *point)
{
	int64_t i = place(r->span, time_floor(point->time, MS_PER_SECOND) / MS_PER_SECOND);
	struct bucket **b;

	if (i == -1)
		return;
	b = &r->early[group * timespan_buckets(r->span) + (size_t)i];
	if (*b == NULL)
		*b = arena_alloc(r->early_mem, sizeof **b);
	begin_bucket(r, *b, r->early_mem);
	summary_add(&(*b)->summary, point->value, point->time);
	if ((*b)->sketch != NULL)
		sketch_add((*b)->sketch, point->value, 1);
}

static void
take_point(struct reading *r, const struct point *point)
{
	const struct selection *s = r->selection;
	int64_t group = member_group(s->waiting, s->nwaiting, point->series);

	if (group == -1)
		return;
	if (point->id == 0) {
		add_point(r, (uint32_t)group, point);
		return;
	}
	r->correctable =
	    array_grow(r->correctable, r->ncorrectable, &r->room, sizeof *r->correctable);
	r->correctable[r->ncorrectable] =
	    (struct correctable){*point, (uint32_t)group, (uint32_t)r->ncorrectable};
	r->ncorrectable++;
}

/* Points of which the compactor still waits for a last value. */
static int
read_open(struct reading *r)
{
	struct db *db = r->db;
	int st = 0;

	for (size_t i = 0; i < r->selection->nwaiting && st == 0; i++) {
		uint32_t series = r->selection->waiting[i].series;

		st = db_query(db, SQL_OPEN_OF_SERIES, DB_ARGS(DB_INT(series)));
		for (; st == DB_ROW; st = db_next(db, SQL_OPEN_OF_SERIES))
			take_point(r, &(struct point){
					  .series = series,
					  .id = (uint64_t)db_int(db, SQL_OPEN_OF_SERIES, 0),
					  .time = db_int(db, SQL_OPEN_OF_SERIES, 1),
					  .value = db_real(db, SQL_OPEN_OF_SERIES, 2),
				      });
	}
	return st;
}

/* Points that are not compacted. */
static int
read_batches(struct reading *r)
{
	struct db *db = r->db;
	int st = db_query(db, SQL_BATCHES_AFTER, DB_ARGS(DB_INT(r->state.watermark)));

	for (; st == DB_ROW; st = db_next(db, SQL_BATCHES_AFTER)) {
		size_t len;
		const void *data = db_blob(db, SQL_BATCHES_AFTER, 3, &len);
		struct points_reader reader = points_read(data, len);
		struct point point;

		while (points_next(&reader, &point) == 1)
			take_point(r, &point);
	}
	return st;
}

/* The same series and id together, the last value last. */
static int
compare_correctable(const void *a, const void *b)
{
	const struct correctable *x = a, *y = b;

	if (x->point.series != y->point.series)
		return x->point.series < y->point.series ? -1 : 1;
	if (x->point.id != y->point.id)
		return x->point.id < y->point.id ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* Adds of each series and id the last value. */
static void
settle(struct reading *r)
{
	const struct correctable *all = r->correctable;
	const size_t n = r->ncorrectable;

	if (n > 0)
		qsort(r->correctable, n, sizeof *r->correctable, compare_correctable);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || all[i + 1].point.series != all[i].point.series ||
		    all[i + 1].point.id != all[i].point.id)
			add_point(r, all[i].group, &all[i].point);
}

/* ---- a group --------------------------------------------------------------------- */

static int
add_row(struct reading *r, const struct tier_row *row)
{
	int64_t i = place(r->span, tier_time(row->key));
	struct bucket *b;

	if (i == -1)
		return 0;
	b = &r->buckets[i];
	begin_bucket(r, b, r->mem);
	summary_merge(&b->summary, &row->summary);
	if (b->sketch != NULL && row->sketch != NULL &&
	    sketch_decode(b->sketch, row->sketch, row->sketch_len) == -1) {
		log_errorx("metrics: the sketch of row %lld is damaged", (long long)row->key);
		return DB_FAILED;
	}
	return 0;
}

static int
add_rows(struct reading *r, int tier, uint32_t series, int64_t from, int64_t to)
{
	struct tier_row row;
	int st = tier_first(r->db, tier, series, from, to, &row);

	for (; st == DB_ROW; st = tier_next(r->db, tier, &row))
		if (add_row(r, &row) == -1) {
			db_done(r->db, tiers[tier].range);
			return DB_FAILED;
		}
	return st;
}

/* How far a tier is complete. */
static int64_t
bound(const struct reading *r, int tier)
{
	return tier == TIER_DAY ? r->state.days_to : r->state.hours_to;
}

/*
 * Reads a stretch of time from a tier as far as it is complete and has whole
 * buckets there; the ends before and behind that come from the tier below.
 */
static int
add_stretch(struct reading *r, int tier, uint32_t series, int64_t from, int64_t to)
{
	const int64_t seconds = tiers[tier].seconds;
	int64_t first, end;

	if (from >= to)
		return 0;
	if (tier == TIER_MINUTE)
		return add_rows(r, tier, series, from, to);
	first = time_floor(from + seconds - 1, seconds);
	end = time_floor(to < bound(r, tier) ? to : bound(r, tier), seconds);
	if (first >= end)
		return add_stretch(r, tier - 1, series, from, to);
	if (add_stretch(r, tier - 1, series, from, first) == -1 ||
	    add_rows(r, tier, series, first, end) == -1)
		return DB_FAILED;
	return add_stretch(r, tier - 1, series, end, to);
}

static void
add_early(struct reading *r, uint32_t group)
{
	const size_t n = timespan_buckets(r->span);

	for (size_t i = 0; i < n; i++) {
		const struct bucket *early = r->early[group * n + i];

		if (early == NULL)
			continue;
		begin_bucket(r, &r->buckets[i], r->mem);
		summary_merge(&r->buckets[i].summary, &early->summary);
		if (early->sketch != NULL)
			sketch_merge(r->buckets[i].sketch, early->sketch);
	}
}

static int
read_group(struct reading *r, uint32_t group)
{
	const struct selection *s = r->selection;

	arena_reset(r->mem);
	r->buckets = arena_alloc(r->mem, (timespan_buckets(r->span) + 1) * sizeof *r->buckets);
	for (size_t i = 0; i < s->nstored; i++)
		if (s->stored[i].group == group &&
		    add_stretch(
			r, r->span->grain, s->stored[i].series, r->span->from, r->span->to) == -1)
			return DB_FAILED;
	add_early(r, group);
	return 0;
}

int
read_span(struct db *db, const struct selection *selection, const struct timespan *span,
    void (*visit)(void *arg, size_t group, const struct bucket *), void *arg)
{
	struct reading r = {.db = db, .selection = selection, .span = span};
	int st;

	if (selection->ngroups == 0)
		return 0;
	r.early = heap_alloc(selection->ngroups * timespan_buckets(span) * sizeof(struct bucket *));
	r.early_mem = arena_new(4096);
	/* Every group takes the same again. */
	r.mem = arena_new((timespan_buckets(span) + 1) * sizeof *r.buckets + SKETCHES_KEEP);
	st = tier_state_read(db, &r.state);
	if (st == 0)
		st = read_open(&r);
	if (st == 0)
		st = read_batches(&r);
	settle(&r);
	for (size_t group = 0; group < selection->ngroups && st == 0; group++)
		if ((st = read_group(&r, (uint32_t)group)) == 0)
			visit(arg, group, r.buckets);
	arena_free(r.mem);
	arena_free(r.early_mem);
	free(r.early);
	free(r.correctable);
	return st;
}
