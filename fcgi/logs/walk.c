/* SPDX-License-Identifier: MIT */
/* A merge of chunks by a binary heap of those that are open. */
#include "walk.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define ARENA_KEEP ((size_t)262144) /* a chunk unpacked, with its lines */

/* An unpacked chunk: what is left of the lines that passed. */
struct open_chunk {
	struct arena *mem;
	struct chunk chunk;
	uint32_t *places; /* of lines that passed, in the order of the walk */
	size_t n, at;
	int64_t source;
};

struct walk {
	struct walk_request asked;
	struct filter filter; /* narrowed to what lies beyond the position */
	struct directory directory;
	bool begun;
	bool more;         /* the directory has: */
	struct entry next; /* the chunk to be opened next */
	struct open_chunk *heap;
	size_t nheap, heap_room;
	struct arena **spare; /* arenas of chunks that are done, room for heap_room */
	size_t nspare;
	struct filter_scratch scratch;
};

/* ---- open chunks -------------------------------------------------------------------------- */

static const struct log_line *
head(const struct open_chunk *o)
{
	return &o->chunk.lines[o->places[o->at]];
}

/* Whether line a comes before line b in this walk. */
static bool
comes_before(const struct walk *w, const struct log_line *a, const struct log_line *b)
{
	if (w->asked.order == NEWEST_FIRST) {
		const struct log_line *swap = a;

		a = b;
		b = swap;
	}
	return a->ns != b->ns ? a->ns < b->ns : a->id < b->id;
}

static void
swap_open(struct walk *w, size_t a, size_t b)
{
	struct open_chunk keep = w->heap[a];

	w->heap[a] = w->heap[b];
	w->heap[b] = keep;
}

static void
sift_down(struct walk *w, size_t i)
{
	for (;;) {
		size_t best = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < w->nheap; child++)
			if (comes_before(w, head(&w->heap[child]), head(&w->heap[best])))
				best = child;
		if (best == i)
			return;
		swap_open(w, i, best);
		i = best;
	}
}

static void
push_open(struct walk *w, const struct open_chunk *o)
{
	size_t i = w->nheap++;

	if (w->nheap > w->heap_room) {
		w->heap_room *= 2;
		w->heap = heap_resize(w->heap, w->heap_room * sizeof *w->heap);
		w->spare = heap_resize(w->spare, w->heap_room * sizeof(struct arena *));
	}
	w->heap[i] = *o;
	for (; i > 0 && comes_before(w, head(&w->heap[i]), head(&w->heap[(i - 1) / 2]));
	     i = (i - 1) / 2)
		swap_open(w, i, (i - 1) / 2);
}

static struct arena *
take_arena(struct walk *w)
{
	return w->nspare > 0 ? w->spare[--w->nspare] : arena_new(ARENA_KEEP);
}

static void
give_arena(struct walk *w, struct arena *mem)
{
	arena_reset(mem);
	if (w->nspare < w->heap_room)
		w->spare[w->nspare++] = mem;
	else
		arena_free(mem);
}

static int
compare_places(const void *a, const void *b, void *arg)
{
	const struct log_line *lines = arg, *x = &lines[*(const uint32_t *)a],
			      *y = &lines[*(const uint32_t *)b];

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Ids ascend in a chunk and so, nearly always, do times. */
static void
order_places(const struct walk *w, struct open_chunk *o)
{
	struct log_line *lines = o->chunk.lines;
	uint32_t *places = o->places;
	bool ascending = true;

	for (size_t i = 1; i < o->n && ascending; i++)
		ascending = lines[places[i - 1]].ns <= lines[places[i]].ns;
	if (!ascending)
		qsort_r(places, o->n, sizeof *places, compare_places, lines);
	for (size_t i = 0; w->asked.order == NEWEST_FIRST && i < o->n / 2; i++) {
		uint32_t keep = places[i];

		places[i] = places[o->n - 1 - i];
		places[o->n - 1 - i] = keep;
	}
}

/* Leaves out the lines up to and with the position that the walk starts after. */
static void
skip_known(const struct walk *w, struct open_chunk *o)
{
	const struct position *after = w->asked.after;

	if (after == NULL)
		return;
	while (o->at < o->n) {
		const struct log_line start = {.ns = after->ns, .id = after->id};

		if (comes_before(w, &start, head(o)))
			return;
		o->at++;
	}
}

/* Unpacks the chunk and looks through it; keeps it open if lines pass. */
static enum walk_result
open_entry(struct walk *w, const struct entry *e)
{
	struct open_chunk o = {.mem = take_arena(w), .source = e->source};
	int64_t n;

	if (store_load(w->asked.store, o.mem, e->segment, e->id, &o.chunk) != 0) {
		/* What is lost is lost: the rest of the history is still worth showing. */
		give_arena(w, o.mem);
		return WALK_LINE;
	}
	o.places = arena_alloc(o.mem, (o.chunk.n + 1) * sizeof *o.places);
	n = filter_chunk(&w->filter, &w->scratch, &o.chunk, o.places);
	if (n > 0) {
		o.n = (size_t)n;
		order_places(w, &o);
		skip_known(w, &o);
	}
	if (o.at < o.n)
		push_open(w, &o);
	else
		give_arena(w, o.mem);
	return n == -1 ? WALK_REGEX : WALK_LINE;
}

/* ---- walking ---------------------------------------------------------------------------------- */

/* Whether the next chunk of the directory may hold something before the best line at hand. */
static bool
must_open_more(const struct walk *w)
{
	if (!w->more || w->nheap == 0)
		return w->more;
	if (w->asked.order == NEWEST_FIRST)
		return w->next.max_ns >= head(&w->heap[0])->ns;
	return w->next.min_ns <= head(&w->heap[0])->ns;
}

static int
find_next(struct walk *w)
{
	int st = directory_next(&w->directory, &w->next);

	w->more = st == DB_ROW;
	return st;
}

static enum walk_result
open_next(struct walk *w)
{
	struct entry e = w->next;

	if (find_next(w) == DB_FAILED)
		return WALK_FAILED;
	if (w->asked.deadline_us != 0 && clock_mono_us() > w->asked.deadline_us)
		return WALK_TIMEOUT;
	return open_entry(w, &e);
}

static void
start(struct walk *w, const struct walk_request *asked)
{
	w->asked = *asked;
	w->filter = *asked->filter;
	w->heap_room = 16;
	w->heap = heap_alloc(w->heap_room * sizeof *w->heap);
	w->spare = heap_alloc(w->heap_room * sizeof(struct arena *));
	if (asked->after != NULL && asked->order == NEWEST_FIRST &&
	    asked->after->ns < w->filter.until)
		w->filter.until = asked->after->ns;
	if (asked->after != NULL && asked->order == OLDEST_FIRST &&
	    asked->after->ns > w->filter.since)
		w->filter.since = asked->after->ns;
	directory_init(
	    &w->directory, asked->db, asked->store, &w->filter, asked->sources, asked->order);
}

struct walk *
walk_new(const struct walk_request *asked)
{
	struct walk *w = heap_alloc(sizeof *w);

	start(w, asked);
	return w;
}

void
walk_free(struct walk *w)
{
	if (w == NULL)
		return;
	directory_end(&w->directory);
	for (size_t i = 0; i < w->nheap; i++)
		arena_free(w->heap[i].mem);
	for (size_t i = 0; i < w->nspare; i++)
		arena_free(w->spare[i]);
	free(w->heap);
	free(w->spare);
	filter_scratch_free(&w->scratch);
	free(w);
}

/* Goes past the line that was given out last. */
static void
drop_best(struct walk *w)
{
	struct open_chunk *best = &w->heap[0];

	if (++best->at < best->n) {
		sift_down(w, 0);
		return;
	}
	give_arena(w, best->mem);
	*best = w->heap[--w->nheap];
	sift_down(w, 0);
}

enum walk_result
walk_next(struct walk *w, struct log_line *line, int64_t *source)
{
	enum walk_result st;

	if (!w->begun && find_next(w) == DB_FAILED)
		return WALK_FAILED;
	if (w->begun && w->nheap > 0)
		drop_best(w);
	w->begun = true;
	while (must_open_more(w))
		if ((st = open_next(w)) != WALK_LINE)
			return st;
	if (w->nheap == 0)
		return WALK_END;
	*line = *head(&w->heap[0]);
	*source = w->heap[0].source;
	return WALK_LINE;
}

/* ---- counting ------------------------------------------------------------------------------------ */

/* Whether every line of the chunk passes, so that none has to be looked at. */
static bool
passes_whole(const struct walk *w, const struct entry *e)
{
	const struct filter *f = &w->filter;

	return !filter_by_text(f) && (e->levels & ~f->levels) == 0 && f->streams == ALL_STREAMS &&
	       e->first_id >= f->low_id && (f->last_id == 0 || e->last_id <= f->last_id) &&
	       e->min_ns >= f->since && e->max_ns <= f->until;
}

static enum walk_result
count_entry(struct walk *w, const struct entry *e, int64_t *lines)
{
	struct arena *mem = w->spare[0];
	struct chunk chunk;
	int64_t n;

	arena_reset(mem);
	if (store_load(w->asked.store, mem, e->segment, e->id, &chunk) != 0)
		return WALK_LINE;
	n = filter_chunk(
	    &w->filter, &w->scratch, &chunk, arena_alloc(mem, (chunk.n + 1) * sizeof(uint32_t)));
	if (n == -1)
		return WALK_REGEX;
	*lines += n;
	return WALK_LINE;
}

static enum walk_result
count_all(struct walk *w, int64_t *lines, bool *all)
{
	struct entry e;
	int st;

	while ((st = directory_next(&w->directory, &e)) == DB_ROW) {
		enum walk_result result = WALK_LINE;

		if (passes_whole(w, &e))
			*lines += e.lines;
		else
			result = count_entry(w, &e, lines);
		if (result != WALK_LINE)
			return result;
		if (clock_mono_us() > w->asked.deadline_us)
			return WALK_END;
	}
	*all = true;
	return st == DB_FAILED ? WALK_FAILED : WALK_END;
}

enum walk_result
walk_count(const struct walk_request *asked, int64_t *lines, bool *all)
{
	struct walk *w = walk_new(asked);
	enum walk_result result;

	*lines = 0;
	*all = false;
	w->spare[w->nspare++] = arena_new(ARENA_KEEP);
	result = count_all(w, lines, all);
	walk_free(w);
	return result;
}
