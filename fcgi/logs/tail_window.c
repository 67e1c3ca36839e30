/* SPDX-License-Identifier: MIT */
#include "tail_window.h"

#include <stdlib.h>
#include <string.h>

#include "logs_sql.h"

/* A line may be a megabyte: so much text is loaded, and so much of it given to a stream. */
#define LOADED_MAX ((size_t)16 << 20)
#define LISTED_MAX ((size_t)1 << 20)

/* Grows an array in an arena by copying it; what it was is wasted until the next window. */
static void *
grow(struct arena *mem, const void *items, size_t n, size_t size)
{
	void *more = arena_alloc(mem, (n > 0 ? 2 * n : 16) * size);

	if (n > 0)
		memcpy(more, items, n * size);
	return more;
}

static int
load_chunks(struct window *w, struct db *db, struct store *store)
{
	size_t loaded = 0;
	int st;

	for (st = db_query(db, SQL_CHUNKS_AFTER, DB_ARGS(DB_INT(w->after))); st == DB_ROW;
	     st = db_next(db, SQL_CHUNKS_AFTER)) {
		int64_t first_id = db_int(db, SQL_CHUNKS_AFTER, 3);
		struct window_chunk *c;

		if (first_id > w->to)
			continue;
		/* What is left out may begin anywhere: the window ends before it does. */
		if (loaded > LOADED_MAX && first_id > w->after + 1) {
			w->to = first_id - 1;
			continue;
		}
		/* Full at each power of two, from 16 on. */
		if (w->nchunks == 0 || (w->nchunks >= 16 && (w->nchunks & (w->nchunks - 1)) == 0))
			w->chunks = grow(w->mem, w->chunks, w->nchunks, sizeof *w->chunks);
		c = &w->chunks[w->nchunks];
		if (store_load(store, w->mem, db_int(db, SQL_CHUNKS_AFTER, 1),
			db_int(db, SQL_CHUNKS_AFTER, 0), &c->chunk) != 0)
			continue;
		c->source = db_int(db, SQL_CHUNKS_AFTER, 2);
		c->levels = (unsigned)db_int(db, SQL_CHUNKS_AFTER, 7);
		c->first = w->nloaded;
		w->nloaded += c->chunk.n;
		loaded += c->chunk.text_len;
		w->nchunks++;
	}
	return st == DB_FAILED ? DB_FAILED : 0;
}

static int
by_id(const void *a, const void *b)
{
	const struct window_line *x = a, *y = b;

	return x->line->id < y->line->id ? -1 : x->line->id > y->line->id;
}

static void
list_lines(struct window *w)
{
	w->lines = arena_alloc(w->mem, (w->nloaded + 1) * sizeof *w->lines);
	for (size_t i = 0; i < w->nchunks; i++) {
		const struct window_chunk *c = &w->chunks[i];

		for (size_t k = 0; k < c->chunk.n; k++)
			if (c->chunk.lines[k].id > w->after && c->chunk.lines[k].id <= w->to)
				w->lines[w->nlines++] = (struct window_line){
				    .line = &c->chunk.lines[k],
				    .source = c->source,
				    .number = c->first + k,
				};
	}
	qsort(w->lines, w->nlines, sizeof *w->lines, by_id);
}

static void
draw_in(struct window *w)
{
	size_t listed = 0;

	for (size_t i = 0; i < w->nlines; i++)
		if ((listed += w->lines[i].line->len) > LISTED_MAX) {
			w->to = w->lines[i].line->id;
			w->nlines = i + 1;
		}
}

int
window_load(struct window *w, struct db *db, struct store *store, struct arena *mem, int64_t after,
    int64_t to)
{
	arena_reset(mem);
	*w = (struct window){.after = after, .to = to, .asked = to, .mem = mem};
	if (load_chunks(w, db, store) == DB_FAILED)
		return DB_FAILED;
	list_lines(w);
	draw_in(w);
	return 0;
}

int
window_filter(const struct window *w, const struct filter *f, const struct log_sources *sources,
    struct filter_scratch *scratch, bool *passes)
{
	memset(passes, 0, w->nloaded * sizeof *passes);
	for (size_t i = 0; i < w->nchunks; i++) {
		const struct window_chunk *c = &w->chunks[i];
		const struct log_source *source = log_sources_find(sources, c->source);
		uint32_t *places;
		int64_t n;

		if (source == NULL || !filter_wants_source(f, source) ||
		    (c->levels & f->levels) == 0)
			continue;
		places = arena_alloc(w->mem, (c->chunk.n + 1) * sizeof *places);
		if ((n = filter_chunk(f, scratch, &c->chunk, places)) == -1)
			return -1;
		for (int64_t k = 0; k < n; k++)
			passes[c->first + places[k]] = true;
	}
	return 0;
}
