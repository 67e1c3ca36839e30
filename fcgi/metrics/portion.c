/* SPDX-License-Identifier: MIT */
#include "portion.h"

#include <stdlib.h>

#include "array.h"
#include "log.h"
#include "metrics_sql.h"

struct portion *
portion_new(void)
{
	struct portion *p = heap_alloc(sizeof *p);

	p->mem = arena_new(65536);
	p->scratch.sketch = sketch_new(p->mem);
	return p;
}

void
portion_free(struct portion *p)
{
	free(p->entries);
	free(p->deltas);
	buf_free(&p->scratch.bytes);
	arena_free(p->mem);
	free(p);
}

void
portion_add_point(struct portion *p, const struct point *point)
{
	const int64_t minute = time_floor(point->time, SECONDS_PER_MINUTE * MS_PER_SECOND);

	p->entries = array_grow(p->entries, p->nentries, &p->entries_room, sizeof *p->entries);
	p->entries[p->nentries] = (struct entry){
	    .key = tier_key(point->series, minute / MS_PER_SECOND),
	    .value = point->value,
	    .ms = (uint16_t)(point->time - minute),
	};
	p->nentries++;
}

struct delta *
portion_add_row(struct portion *p)
{
	p->deltas = array_grow(p->deltas, p->ndeltas, &p->deltas_room, sizeof *p->deltas);
	p->deltas[p->ndeltas] = (struct delta){0};
	return &p->deltas[p->ndeltas++];
}

/* ---- from points to rows --------------------------------------------------------- */

/*
 * By key, and what has the same one stays in the order of arrival.  Sorted by one
 * byte after the other, from the lowest; most are the same in all keys and skipped.
 */
static void
sort_entries(struct portion *p)
{
	struct entry *spare = heap_resize(NULL, p->entries_room * sizeof *spare);
	uint64_t differ = 0;

	for (size_t i = 1; i < p->nentries; i++)
		differ |= (uint64_t)(p->entries[i].key ^ p->entries[0].key);
	for (int shift = 0; shift < 64; shift += 8) {
		struct entry *sorted = spare;
		size_t next[257] = {0};

		if ((differ >> shift & 0xff) == 0)
			continue;
		for (size_t i = 0; i < p->nentries; i++)
			next[(p->entries[i].key >> shift & 0xff) + 1]++;
		for (int byte = 0; byte < 256; byte++)
			next[byte + 1] += next[byte];
		for (size_t i = 0; i < p->nentries; i++)
			sorted[next[p->entries[i].key >> shift & 0xff]++] = p->entries[i];
		spare = p->entries;
		p->entries = sorted;
	}
	free(spare);
}

void
portion_keep_sketch(struct portion *p, struct tier_row *row)
{
	p->scratch.bytes.len = 0;
	sketch_encode(p->scratch.sketch, &p->scratch.bytes);
	row->sketch = arena_strndup(p->mem, p->scratch.bytes.data, p->scratch.bytes.len);
	row->sketch_len = p->scratch.bytes.len;
}

/* Makes a row of n entries with the same key. */
static void
sum_up(
    struct portion *p, const struct entry *entries, size_t n, bool histogram, struct tier_row *row)
{
	const int64_t minute = tier_time(entries->key) * MS_PER_SECOND;

	row->key = entries->key;
	for (size_t i = 0; i < n; i++)
		summary_add(&row->summary, entries[i].value, minute + entries[i].ms);
	if (!histogram)
		return;
	sketch_clear(p->scratch.sketch);
	for (size_t i = 0; i < n; i++)
		sketch_add(p->scratch.sketch, entries[i].value, 1);
	portion_keep_sketch(p, row);
}

/* What the catalogue says of a series. */
struct place {
	uint32_t series, total;
	int64_t metric;
	enum metric_type type;
};

static int
find_place(struct db *db, uint32_t series, struct place *place)
{
	int found;

	if (place->series == series)
		return 0;
	*place = (struct place){.series = series};
	found = db_query(db, SQL_SERIES_PLACE, DB_ARGS(DB_INT(series)));
	if (found != DB_ROW) {
		if (found == DB_NONE)
			log_errorx("metrics: points of series %lld, which is not there",
			    (long long)series);
		return found == DB_NONE ? 0 : DB_FAILED;
	}
	place->type = (enum metric_type)db_int(db, SQL_SERIES_PLACE, 0);
	place->metric = db_int(db, SQL_SERIES_PLACE, 1);
	place->total = (uint32_t)db_int(db, SQL_SERIES_PLACE, 2);
	db_done(db, SQL_SERIES_PLACE);
	return 0;
}

static int
make_rows(struct db *db, struct portion *p)
{
	const struct entry *entries;
	struct place place = {0};
	size_t n;

	sort_entries(p);
	entries = p->entries;
	for (size_t i = 0; i < p->nentries; i += n) {
		struct delta *delta;

		for (n = 1; i + n < p->nentries && entries[i + n].key == entries[i].key;)
			n++;
		if (find_place(db, tier_series(entries[i].key), &place) == -1)
			return DB_FAILED;
		if (place.metric == 0)
			continue;
		delta = portion_add_row(p);
		sum_up(p, &entries[i], n, place.type == METRIC_HISTOGRAM, &delta->row);
		delta->metric = place.metric;
		delta->total = place.total;
	}
	return 0;
}

static int64_t
total_key(const struct delta *delta)
{
	return tier_key(delta->total, tier_time(delta->row.key));
}

static int
compare_totals(const void *a, const void *b)
{
	const struct delta *x = *(const struct delta *const *)a,
			   *y = *(const struct delta *const *)b;
	int64_t kx = total_key(x), ky = total_key(y);

	/* Rows of series keep their order: it decides nothing, but sums come out the same. */
	if (kx != ky)
		return kx < ky ? -1 : 1;
	return (x->row.key > y->row.key) - (x->row.key < y->row.key);
}

/* The sum of n rows of the same metric and minute. */
static int
sum_total(struct portion *p, const struct delta *const *parts, size_t n, struct tier_row *row)
{
	row->key = total_key(parts[0]);
	sketch_clear(p->scratch.sketch);
	for (size_t i = 0; i < n; i++) {
		const struct tier_row *part = &parts[i]->row;

		summary_merge(&row->summary, &part->summary);
		if (part->sketch != NULL &&
		    sketch_decode(p->scratch.sketch, part->sketch, part->sketch_len) == -1)
			return DB_FAILED;
	}
	if (parts[0]->row.sketch != NULL)
		portion_keep_sketch(p, row);
	return 0;
}

/* Adds the totals of the metrics to the rows of their series. */
static int
make_totals(struct portion *p)
{
	const size_t nseries = p->ndeltas;
	const struct delta **parts = arena_alloc(p->mem, (nseries + 1) * sizeof(struct delta *));
	struct tier_row *totals = arena_alloc(p->mem, (nseries + 1) * sizeof *totals);
	size_t ntotals = 0;

	for (size_t i = 0; i < nseries; i++)
		parts[i] = &p->deltas[i];
	if (nseries > 0)
		qsort(parts, nseries, sizeof(struct delta *), compare_totals);
	for (size_t i = 0, n; i < nseries; i += n) {
		for (n = 1; i + n < nseries && total_key(parts[i + n]) == total_key(parts[i]);)
			n++;
		if (sum_total(p, &parts[i], n, &totals[ntotals++]) == -1)
			return DB_FAILED;
	}
	for (size_t i = 0; i < ntotals; i++)
		portion_add_row(p)->row = totals[i];
	return 0;
}

int
portion_sum_up(struct db *db, struct portion *p)
{
	return make_rows(db, p) == -1 ? DB_FAILED : make_totals(p);
}

/* ---- writing --------------------------------------------------------------------- */

/* Adds a row of a minute to every tier that it belongs to. */
static int
write_row(struct db *db, struct portion *p, const struct retention *keep, int64_t now,
    const struct delta *delta)
{
	const int64_t time = tier_time(delta->row.key);
	const int64_t minutes_from = now - keep->minute, hours_from = now - keep->hour;
	struct tier_row coarse = delta->row;
	int st = 0;

	/* Who waits for a tier to be built from it must be there however old it is. */
	if (time >= p->state.hours_to || time >= minutes_from)
		st = tier_add(db, TIER_MINUTE, &delta->row, &p->scratch);
	if (st == 0 && time < p->state.hours_to &&
	    (time >= p->state.days_to || time >= hours_from)) {
		coarse.key =
		    tier_key(tier_series(delta->row.key), time_floor(time, SECONDS_PER_HOUR));
		st = tier_add(db, TIER_HOUR, &coarse, &p->scratch);
	}
	if (st == 0 && time < p->state.days_to) {
		coarse.key =
		    tier_key(tier_series(delta->row.key), time_floor(time, SECONDS_PER_DAY));
		st = tier_add(db, TIER_DAY, &coarse, &p->scratch);
	}
	return st;
}

int
portion_write(struct db *db, struct portion *p, const struct retention *keep, int64_t now)
{
	uint32_t series = 0;

	for (size_t i = 0; i < p->ndeltas; i++) {
		const struct delta *delta = &p->deltas[i];

		if (write_row(db, p, keep, now, delta) == -1)
			return DB_FAILED;
		if (delta->metric == 0 || tier_series(delta->row.key) == series)
			continue;
		series = tier_series(delta->row.key);
		if (db_run(db, SQL_SERIES_SEEN, DB_ARGS(DB_INT(series), DB_INT(now))) == -1 ||
		    db_run(db, SQL_METRIC_SEEN, DB_ARGS(DB_INT(delta->metric), DB_INT(now))) == -1)
			return DB_FAILED;
	}
	return 0;
}
