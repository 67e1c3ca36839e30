/* SPDX-License-Identifier: MIT */
#include "series.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"
#include "tier.h"

/* ---- the database's answer ------------------------------------------------------ */

#define OVERFLOW_LABELS "{\"" SERIES_OVERFLOW "\":\"true\"}"

/* A row with a number of series, or 0 if it is not there. */
struct counted {
	int64_t id, series;
};

static int
find_counted(
    struct db *db, int statement, const struct db_value *values, int n, struct counted *out)
{
	int found = db_query(db, statement, values, n);

	*out = (struct counted){0};
	if (found == DB_ROW) {
		*out = (struct counted){db_int(db, statement, 0), db_int(db, statement, 1)};
		db_done(db, statement);
	}
	return found == DB_FAILED ? DB_FAILED : 0;
}

/* Inserts by a statement that returns the new id. */
static int
add(struct db *db, int statement, const struct db_value *values, int n, int64_t *id)
{
	if (db_query(db, statement, values, n) != DB_ROW)
		return DB_FAILED;
	*id = db_int(db, statement, 0);
	db_done(db, statement);
	return 0;
}

static int
find(struct db *db, const struct series_name *name, int64_t *id)
{
	return db_number(db, SQL_SERIES_FIND,
	    DB_ARGS(DB_TEXT(name->project), DB_TEXT(name->name), DB_INT(name->type),
		DB_TEXT(name->labels)),
	    0, id);
}

/* How far a series is from where it was meant to be; see the header. */
enum place { OWN, OF_METRIC, OF_PROJECT, OF_ALL };

static struct series_name
place_name(const struct series_name *wanted, enum place place)
{
	struct series_name name = *wanted;

	if (place >= OF_METRIC)
		name.labels = OVERFLOW_LABELS;
	if (place >= OF_PROJECT)
		name.name = SERIES_OVERFLOW;
	if (place >= OF_ALL)
		name.project = SERIES_OVERFLOW;
	return name;
}

/* What may be made is bounded: by the caps, or by one for each row above it. */
static bool
may_add(enum place place, const struct series_caps *caps, const struct counted *project,
    const struct counted *metric, int64_t total)
{
	switch (place) {
	case OWN:
		return total < caps->total && project->series < caps->per_project &&
		       metric->series < caps->per_metric;
	case OF_METRIC:
		return metric->id != 0;
	case OF_PROJECT:
		return project->id != 0;
	case OF_ALL:
		break;
	}
	return true;
}

/* Makes the series, and the rows above it that are missing. */
static int
make(struct db *db, const struct series_name *name, struct counted project, struct counted metric,
    int64_t now, int64_t *id)
{
	int64_t total_id;

	if (project.id == 0 &&
	    add(db, SQL_PROJECT_ADD, DB_ARGS(DB_TEXT(name->project)), &project.id) == -1)
		return DB_FAILED;
	if (metric.id == 0 &&
	    (add(db, SQL_METRIC_ADD,
		 DB_ARGS(DB_TEXT(name->name), DB_INT(name->type), DB_INT(project.id), DB_INT(now)),
		 &metric.id) == -1 ||
		add(db, SQL_SERIES_ADD, DB_ARGS(DB_INT(metric.id), DB_TEXT(""), DB_INT(now)),
		    &total_id) == -1))
		return DB_FAILED;
	if (add(db, SQL_SERIES_ADD, DB_ARGS(DB_INT(metric.id), DB_TEXT(name->labels), DB_INT(now)),
		id) == -1 ||
	    db_run(db, SQL_METRIC_COUNT, DB_ARGS(DB_INT(metric.id), DB_INT(1))) == -1 ||
	    db_run(db, SQL_PROJECT_COUNT, DB_ARGS(DB_INT(project.id), DB_INT(1))) == -1)
		return DB_FAILED;
	return db_run(db, SQL_SERIES_COUNT, DB_ARGS(DB_INT(1)));
}

int
series_number(struct db *db, const struct series_caps *caps, const struct series_name *wanted,
    int64_t now, uint32_t *series, bool *overflowed)
{
	struct tier_state state;
	struct counted project, metric;
	int64_t id = 0;

	for (enum place place = OWN; id == 0; place++) {
		struct series_name name = place_name(wanted, place);

		*overflowed = place != OWN;
		if (find(db, &name, &id) == -1)
			return DB_FAILED;
		if (id != 0)
			break;
		if (tier_state_read(db, &state) == -1 ||
		    find_counted(db, SQL_PROJECT_FIND, DB_ARGS(DB_TEXT(name.project)), &project) ==
			-1 ||
		    find_counted(db, SQL_METRIC_FIND,
			DB_ARGS(DB_TEXT(name.name), DB_INT(name.type), DB_INT(project.id)),
			&metric) == -1)
			return DB_FAILED;
		if (may_add(place, caps, &project, &metric, state.series) &&
		    make(db, &name, project, metric, now, &id) == -1)
			return DB_FAILED;
	}
	*series = (uint32_t)id;
	return 0;
}

/* ---- the cache ------------------------------------------------------------------ */

/*
 * An open hash table of names, whose texts lie in one buffer.  When either is
 * full it starts anew: what is in use is back within a batch or two.
 */
enum { CACHE_SLOTS = 8192, CACHE_TEXT = 768 * 1024 };

static struct {
	struct slot {
		uint64_t hash; /* 0: free */
		uint32_t offset, len;
		uint32_t series;
		bool overflowed;
	} slots[CACHE_SLOTS];
	struct buf text;
	size_t used;
	int64_t generation;
} cache;

void
series_cache_clear(void)
{
	if (cache.used > 0)
		memset(cache.slots, 0, sizeof cache.slots);
	cache.used = 0;
	cache.text.len = 0;
}

int
series_cache_sync(struct db *db)
{
	struct tier_state state;

	if (!db_changed_elsewhere(db))
		return 0;
	if (tier_state_read(db, &state) == -1)
		return DB_FAILED;
	if (state.generation != cache.generation)
		series_cache_clear();
	cache.generation = state.generation;
	return 0;
}

/* Appends the name to the cache's text, where it stays if it is new. */
static void
write_name(const struct series_name *name)
{
	buf_char(&cache.text, (char)name->type);
	buf_add(&cache.text, name->project, strlen(name->project) + 1);
	buf_add(&cache.text, name->name, strlen(name->name) + 1);
	buf_str(&cache.text, name->labels);
}

int
series_cached(struct db *db, const struct series_caps *caps, const struct series_name *name,
    int64_t now, uint32_t *series, bool *overflowed)
{
	struct slot *slot;
	const char *text;
	uint64_t hash;
	size_t start, len;

	if (cache.used > CACHE_SLOTS * 3 / 4 || cache.text.len > CACHE_TEXT)
		series_cache_clear();
	start = cache.text.len;
	write_name(name);
	text = cache.text.data + start;
	len = cache.text.len - start;
	hash = text_hash(text, len);
	for (slot = &cache.slots[hash % CACHE_SLOTS]; slot->hash != 0;
	     slot = slot + 1 < cache.slots + CACHE_SLOTS ? slot + 1 : cache.slots)
		if (slot->hash == hash && slot->len == len &&
		    memcmp(cache.text.data + slot->offset, text, len) == 0) {
			cache.text.len = start;
			*series = slot->series;
			*overflowed = slot->overflowed;
			return 0;
		}
	if (series_number(db, caps, name, now, series, overflowed) == -1) {
		series_cache_clear();
		return DB_FAILED;
	}
	*slot = (struct slot){hash, (uint32_t)start, (uint32_t)len, *series, *overflowed};
	cache.used++;
	return 0;
}

/* ---- forgetting ----------------------------------------------------------------- */

static int
compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int
forget_one(struct db *db, int64_t series, int64_t metric, int64_t project)
{
	if (db_run(db, SQL_SERIES_DELETE, DB_ARGS(DB_INT(series))) == -1 ||
	    db_run(db, SQL_METRIC_COUNT, DB_ARGS(DB_INT(metric), DB_INT(-1))) == -1 ||
	    db_run(db, SQL_PROJECT_COUNT, DB_ARGS(DB_INT(project), DB_INT(-1))) == -1)
		return DB_FAILED;
	return db_run(db, SQL_SERIES_COUNT, DB_ARGS(DB_INT(-1)));
}

int
series_forget(
    struct db *db, int64_t seen_before, uint32_t *in_use, size_t n, int limit, int64_t *after)
{
	struct {
		int64_t id, metric, project;
	} *rows = heap_alloc((size_t)limit * sizeof *rows);
	int nrows = 0, forgotten = 0, st;

	if (n > 0)
		qsort(in_use, n, sizeof *in_use, compare_numbers);
	st = db_query(
	    db, SQL_SERIES_UNSEEN, DB_ARGS(DB_INT(seen_before), DB_INT(*after), DB_INT(limit)));
	for (; st == DB_ROW; st = db_next(db, SQL_SERIES_UNSEEN), nrows++) {
		rows[nrows].id = db_int(db, SQL_SERIES_UNSEEN, 0);
		rows[nrows].metric = db_int(db, SQL_SERIES_UNSEEN, 1);
		rows[nrows].project = db_int(db, SQL_SERIES_UNSEEN, 2);
	}
	for (int i = 0; i < nrows && st == 0; i++) {
		uint32_t id = (uint32_t)rows[i].id;

		*after = rows[i].id;
		if (n > 0 && bsearch(&id, in_use, n, sizeof id, compare_numbers) != NULL)
			continue;
		st = forget_one(db, rows[i].id, rows[i].metric, rows[i].project);
		forgotten++;
	}
	free(rows);
	if (st == 0 && forgotten > 0 &&
	    (db_run(db, SQL_METRIC_TOTALS_DELETE, DB_NO_ARGS) == -1 ||
		db_run(db, SQL_METRIC_DELETE, DB_NO_ARGS) == -1 ||
		db_run(db, SQL_PROJECT_DELETE, DB_NO_ARGS) == -1 ||
		db_run(db, SQL_GENERATION_ADD, DB_NO_ARGS) == -1))
		st = DB_FAILED;
	return st == 0 ? nrows == limit : st;
}
