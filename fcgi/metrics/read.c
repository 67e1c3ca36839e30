/* SPDX-License-Identifier: MIT */
#include "read.h"

#include <stdlib.h>

#include "array.h"
#include "log.h"
#include "points.h"
#include "tier.h"

/* A point that no tier has yet. */
struct waiting {
	struct point point;
	uint32_t group;
	uint32_t order; /* of arrival */
};

struct reading {
	struct db *db;
	const struct selection *selection;
	const struct span *span;
	struct tier_state state;
	struct waiting *waiting;
	size_t nwaiting, room;
	/* of the group at hand */
	struct arena *mem;
	struct bucket *buckets;
};

size_t
span_buckets(const struct span *span)
{
	return span->to > span->from ? (size_t)((span->to - span->from - 1) / span->step + 1) : 0;
}

int
span_grain(int64_t step)
{
	int grain = TIER_DAY;

	while (grain > TIER_MINUTE && step % tiers[grain].seconds != 0)
		grain--;
	return grain;
}

struct span
span_whole(int64_t from, int64_t to)
{
	from = time_floor(from, SECONDS_PER_MINUTE);
	to = time_floor(to + SECONDS_PER_MINUTE - 1, SECONDS_PER_MINUTE);
	return (struct span){from, to, to - from, TIER_DAY, true};
}

/* ---- what waits ------------------------------------------------------------------ */

static void
add_waiting(struct reading *r, const struct point *point)
{
	const struct selection *s = r->selection;
	int64_t group = member_group(s->waiting, s->nwaiting, point->series);

	if (group == -1)
		return;
	r->waiting = array_grow(r->waiting, r->nwaiting, &r->room, sizeof *r->waiting);
	r->waiting[r->nwaiting] = (struct waiting){*point, (uint32_t)group, (uint32_t)r->nwaiting};
	r->nwaiting++;
}

/* Points whose value may still be corrected. */
static int
read_open(struct reading *r)
{
	struct db *db = r->db;
	int st = 0;

	for (size_t i = 0; i < r->selection->nwaiting && st == 0; i++) {
		uint32_t series = r->selection->waiting[i].series;

		st = db_query(db, SQL_OPEN_OF_SERIES, DB_ARGS(DB_INT(series)));
		for (; st == DB_ROW; st = db_next(db, SQL_OPEN_OF_SERIES))
			add_waiting(r, &(struct point){
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
			add_waiting(r, &point);
	}
	return st;
}

/* By group, and within it points with the same series and id together, the last one last. */
static int
compare_waiting(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->point.id != y->point.id)
		return x->point.id < y->point.id ? -1 : 1;
	if (x->point.id != 0 && x->point.series != y->point.series)
		return x->point.series < y->point.series ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static bool
is_corrected(const struct waiting *w, const struct waiting *next)
{
	return w->point.id != 0 && next->group == w->group && next->point.id == w->point.id &&
	       next->point.series == w->point.series;
}

/* Sorts them and drops those whose value was corrected by a later one. */
static void
settle(struct reading *r)
{
	size_t kept = 0;

	if (r->nwaiting > 0)
		qsort(r->waiting, r->nwaiting, sizeof *r->waiting, compare_waiting);
	for (size_t i = 0; i < r->nwaiting; i++)
		if (i + 1 == r->nwaiting || !is_corrected(&r->waiting[i], &r->waiting[i + 1]))
			r->waiting[kept++] = r->waiting[i];
	r->nwaiting = kept;
}

/* ---- a group --------------------------------------------------------------------- */

static struct bucket *
bucket_at(struct reading *r, int64_t time)
{
	struct bucket *b;

	if (time < r->span->from || time >= r->span->to)
		return NULL;
	b = &r->buckets[(time - r->span->from) / r->span->step];
	if (b->sketch == NULL && r->span->sketches && r->selection->type == METRIC_HISTOGRAM)
		b->sketch = sketch_new(r->mem);
	return b;
}

static int
add_row(struct reading *r, const struct tier_row *row)
{
	struct bucket *b = bucket_at(r, tier_time(row->key));

	if (b == NULL)
		return 0;
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
	int st;

	st = tier_first(r->db, tier, series, from, to, &row);
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
add_point(struct reading *r, const struct point *point)
{
	struct bucket *b = bucket_at(r, time_floor(point->time, MS_PER_SECOND) / MS_PER_SECOND);

	if (b == NULL)
		return;
	summary_add(&b->summary, point->value, point->time);
	if (b->sketch != NULL)
		sketch_add(b->sketch, point->value, 1);
}

static int
read_group(struct reading *r, uint32_t group)
{
	const struct selection *s = r->selection;

	arena_reset(r->mem);
	r->buckets = arena_alloc(r->mem, (span_buckets(r->span) + 1) * sizeof *r->buckets);
	for (size_t i = 0; i < s->nstored; i++)
		if (s->stored[i].group == group &&
		    add_stretch(
			r, r->span->grain, s->stored[i].series, r->span->from, r->span->to) == -1)
			return DB_FAILED;
	for (size_t i = 0; i < r->nwaiting; i++)
		if (r->waiting[i].group == group)
			add_point(r, &r->waiting[i].point);
	return 0;
}

int
read_span(struct db *db, const struct selection *selection, const struct span *span,
    void (*visit)(void *arg, size_t group, const struct bucket *), void *arg)
{
	struct reading r = {.db = db, .selection = selection, .span = span};
	int st;

	if (selection->ngroups == 0)
		return 0;
	st = tier_state_read(db, &r.state);
	if (st == 0)
		st = read_open(&r);
	if (st == 0)
		st = read_batches(&r);
	settle(&r);
	r.mem = arena_new(65536);
	for (size_t group = 0; group < selection->ngroups && st == 0; group++)
		if ((st = read_group(&r, (uint32_t)group)) == 0)
			visit(arg, group, r.buckets);
	arena_free(r.mem);
	free(r.waiting);
	return st;
}
