/* SPDX-License-Identifier: MIT */
#include "directory.h"

#include <stdlib.h>
#include <string.h>

#include "logs_sql.h"

#define FEW 512 /* chunks that are sooner looked up one by one than met in passing */

/* ---- sources ------------------------------------------------------------------------ */

/* Which are wanted, asked once; one alone narrows the reading of the table. */
static void
choose_sources(struct directory *d)
{
	size_t n = 0;

	d->wanted = arena_alloc(d->mem, d->sources->n + 1);
	for (size_t i = 0; i < d->sources->n; i++) {
		d->wanted[i] = filter_wants_source(d->filter, &d->sources->items[i]);
		if (!d->wanted[i])
			continue;
		d->only_source = n == 0 ? d->sources->items[i].id : 0;
		n++;
	}
	if (n == 0)
		d->only_source = -1;
}

static bool
wants_source(const struct directory *d, int64_t id)
{
	const struct log_source *source = log_sources_find(d->sources, id);

	return source != NULL && d->wanted[source - d->sources->items];
}

/* ---- the word index ------------------------------------------------------------------- */

/* The chunks of a segment that hold the words. */
static const struct store_ids *
matches(struct directory *d, int64_t segment)
{
	size_t i;

	for (i = 0; i < d->nmatches; i++)
		if (d->matches[i].segment == segment)
			return &d->matches[i].ids;
	if (i == DIRECTORY_SEGMENTS)
		i = (size_t)segment % DIRECTORY_SEGMENTS;
	else
		d->nmatches++;
	d->matches[i].segment = segment;
	/* A segment file that is gone is in the log; the others are still worth showing. */
	if (store_match(d->store, d->mem, segment, d->filter->fts, &d->matches[i].ids) == -1)
		d->matches[i].ids = (struct store_ids){0};
	return &d->matches[i].ids;
}

/* Whether all segments together have few matches. */
static int
few_match(struct directory *d, bool *few)
{
	size_t n = 0;
	int st;

	for (st = db_query(d->db, SQL_SEGMENTS_NEWEST, DB_NO_ARGS); st == DB_ROW && n <= FEW;
	     st = db_next(d->db, SQL_SEGMENTS_NEWEST))
		n += matches(d, db_int(d->db, SQL_SEGMENTS_NEWEST, 0))->n;
	*few = n <= FEW && d->nmatches < DIRECTORY_SEGMENTS;
	db_done(d->db, SQL_SEGMENTS_NEWEST);
	return st == DB_FAILED ? DB_FAILED : 0;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static struct entry
read_entry(struct db *db, int statement)
{
	return (struct entry){
	    .id = db_int(db, statement, 0),
	    .segment = db_int(db, statement, 1),
	    .source = db_int(db, statement, 2),
	    .first_id = db_int(db, statement, 3),
	    .last_id = db_int(db, statement, 4),
	    .min_ns = db_int(db, statement, 5),
	    .max_ns = db_int(db, statement, 6),
	    .levels = (unsigned)db_int(db, statement, 7),
	    .lines = db_int(db, statement, 8),
	};
}

static bool
may_hold(struct directory *d, const struct entry *e)
{
	const struct filter *f = d->filter;

	return e->max_ns >= f->since && e->min_ns <= f->until && (e->levels & f->levels) != 0 &&
	       e->last_id >= f->low_id && wants_source(d, e->source) &&
	       (e->segment == 0 || f->fts == NULL || store_ids_have(matches(d, e->segment), e->id));
}

static void
keep(struct directory *d, const struct entry *e, size_t *room)
{
	if (d->n == *room) {
		struct entry *more = arena_alloc(d->mem, 2 * *room * sizeof *more);

		memcpy(more, d->entries, d->n * sizeof *more);
		d->entries = more;
		*room *= 2;
	}
	d->entries[d->n++] = *e;
}

/* Keeps the rows of a statement that may hold lines. */
static int
keep_rows(struct directory *d, int statement, int64_t argument, size_t *room)
{
	int st;

	for (st = db_query(d->db, statement, DB_ARGS(DB_INT(argument))); st == DB_ROW;
	     st = db_next(d->db, statement)) {
		struct entry e = read_entry(d->db, statement);

		if (may_hold(d, &e))
			keep(d, &e, room);
	}
	return st == DB_FAILED ? DB_FAILED : 0;
}

static int
by_newest(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->max_ns > y->max_ns ? -1 : x->max_ns < y->max_ns;
}

static int
by_oldest(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->min_ns < y->min_ns ? -1 : x->min_ns > y->min_ns;
}

/* Lists the small chunks and those that the word index names. */
static int
look_up(struct directory *d)
{
	size_t room = FEW;

	d->entries = arena_alloc(d->mem, room * sizeof *d->entries);
	if (keep_rows(d, SQL_CHUNKS_OF_SEGMENT, 0, &room) == DB_FAILED)
		return DB_FAILED;
	for (size_t i = 0; i < d->nmatches; i++)
		for (size_t k = 0; k < d->matches[i].ids.n; k++)
			if (keep_rows(d, SQL_CHUNK, d->matches[i].ids.ids[k], &room) == DB_FAILED)
				return DB_FAILED;
	qsort(
	    d->entries, d->n, sizeof *d->entries, d->order == NEWEST_FIRST ? by_newest : by_oldest);
	return 0;
}

/* ---- in order -------------------------------------------------------------------------------- */

void
directory_init(struct directory *d, struct db *db, struct store *store, const struct filter *filter,
    const struct log_sources *sources, enum walk_order order)
{
	*d = (struct directory){
	    .db = db,
	    .store = store,
	    .filter = filter,
	    .sources = sources,
	    .order = order,
	    .mem = arena_new(0),
	    .statement = -1,
	};
	choose_sources(d);
}

void
directory_end(struct directory *d)
{
	if (d->statement != -1)
		db_done(d->db, d->statement);
	arena_free(d->mem);
}

static int
begin(struct directory *d)
{
	const struct filter *f = d->filter;
	bool few = false;

	d->statement = d->order == NEWEST_FIRST ? SQL_CHUNKS_NEWEST : SQL_CHUNKS_OLDEST;
	if (f->fts != NULL && few_match(d, &few) == DB_FAILED)
		return DB_FAILED;
	if (few)
		return look_up(d) == DB_FAILED ? DB_FAILED : DB_NONE;
	return db_query(d->db, d->statement,
	    DB_ARGS(DB_INT(f->since), DB_INT(f->until), DB_INT(f->levels), DB_INT(d->only_source)));
}

int
directory_next(struct directory *d, struct entry *e)
{
	int st = d->statement == -1   ? begin(d)
		 : d->entries == NULL ? db_next(d->db, d->statement)
				      : DB_NONE;

	for (; st == DB_ROW; st = db_next(d->db, d->statement)) {
		*e = read_entry(d->db, d->statement);
		if (may_hold(d, e))
			return DB_ROW;
	}
	if (st == DB_FAILED || d->entries == NULL || d->at == d->n)
		return st;
	*e = d->entries[d->at++];
	return DB_ROW;
}
