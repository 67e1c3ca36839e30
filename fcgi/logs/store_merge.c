/* SPDX-License-Identifier: MIT */
/*
 * From small chunks to sealed ones.
 *
 * A merge is two transactions, because one over two WAL files is not atomic: first
 * the sealed chunks go to the segment file, then logs.db lists them and drops the
 * small ones.  Killed between the two, the segment keeps chunks that nobody lists;
 * their ids are reserved by a transaction of their own before, so the next try has
 * others.  Segments are synced at each commit and logs.db is not: what is listed is there.
 */
#include <stdlib.h>
#include <string.h>

#include "ansi.h"
#include "clock.h"
#include "log.h"
#include "segment.h"
#include "store.h"
#include "tally.h"
#include "words.h"

#define PACK_LEVEL 1
#define SEAL_AGE 3600         /* s: after it a small chunk is sealed however small it is */
#define SMALL_MAX 16          /* small chunks of a source before they are gathered into one */
#define LOOK_AT 4096          /* small chunks read from the directory at once */
#define BATCH_BYTES (4 << 20) /* of text sealed in one transaction */
#define SEGMENT_AGE 86400     /* s: a new file each day, so that old ones can go */

/* A row of the directory: a small chunk. */
struct small {
	int64_t id, source, bytes, written;
};

/* Consecutive small chunks of one source that become one. */
struct group {
	const struct small *first;
	size_t n;
	bool seal; /* into the segment; else it stays small */
};

/* What became of a group. */
struct merged {
	const struct group *group;
	int64_t id;
	int64_t first_id, last_id, min_ns, max_ns, written;
	int64_t lines, bytes; /* no lines: all were lost */
	unsigned levels;
	const void *blob; /* of one that stays small */
	size_t blob_len;
};

struct merge {
	struct store *st;
	struct arena *mem;
	int64_t now;
	struct small smalls[LOOK_AT];
	size_t nsmalls;
	struct group groups[LOOK_AT];
	size_t ngroups;
	struct merged *merged; /* as many as groups */
	struct tally tally;    /* of what is sealed */
	int64_t low_id;        /* lines below it are hidden, and counted no more */
	int64_t segment, first_chunk;
	bool more;
};

/* Whether it was so long ago; a time as far ahead is of a clock that was set back since. */
static bool
is_past(const struct merge *m, int64_t at, int64_t age)
{
	return at + age <= m->now || at > m->now + age;
}

/* ---- what is ripe ------------------------------------------------------------------ */

static int
read_smalls(struct merge *m)
{
	struct db *db = m->st->db;
	int result =
	    db_query(db, SQL_UNSEALED, DB_ARGS(DB_INT(m->st->merge_from), DB_INT(LOOK_AT)));

	for (; result == DB_ROW; result = db_next(db, SQL_UNSEALED))
		m->smalls[m->nsmalls++] = (struct small){
		    .id = db_int(db, SQL_UNSEALED, 0),
		    .source = db_int(db, SQL_UNSEALED, 1),
		    .bytes = db_int(db, SQL_UNSEALED, 2),
		    .written = db_int(db, SQL_UNSEALED, 3),
		};
	/* A full look may have cut its last source off: the next one begins there. */
	m->more = m->nsmalls == LOOK_AT;
	m->st->merge_from = m->more ? m->smalls[LOOK_AT - 1].source : 0;
	return result;
}

/* Takes the group of n small chunks from first on; false if the batch is full. */
static bool
take_group(struct merge *m, size_t first, size_t n, bool seal, int64_t *batch)
{
	for (size_t i = first; i < first + n; i++)
		*batch += m->smalls[i].bytes;
	m->groups[m->ngroups++] = (struct group){&m->smalls[first], n, seal};
	if (*batch < BATCH_BYTES)
		return true;
	m->more = true;
	m->st->merge_from = m->smalls[first].source;
	return false;
}

/* Divides the small chunks into groups, as far as they are ripe. */
static void
choose_groups(struct merge *m)
{
	int64_t batch = 0;
	size_t i = 0;

	while (i < m->nsmalls) {
		size_t first = i;
		int64_t bytes = 0;

		while (i < m->nsmalls && m->smalls[i].source == m->smalls[first].source &&
		       bytes < CHUNK_TEXT_TARGET)
			bytes += m->smalls[i++].bytes;
		if (bytes >= CHUNK_TEXT_TARGET || is_past(m, m->smalls[first].written, SEAL_AGE)) {
			if (!take_group(m, first, i - first, true, &batch))
				return;
		} else if (i - first >= SMALL_MAX) {
			if (!take_group(m, first, i - first, false, &batch))
				return;
		}
	}
}

/* ---- making ---------------------------------------------------------------------- */

static void
index_line(struct words *words, struct buf *plain, const struct log_line *line)
{
	if (!ansi_present(line->text, line->len)) {
		words_add(words, line->text, line->len);
		return;
	}
	buf_clear(plain, CHUNK_TEXT_TARGET);
	words_add(
	    words, plain->data, ansi_strip(buf_room(plain, line->len), line->text, line->len));
}

/* What it takes to make one chunk after the other. */
struct workbench {
	struct chunk_draft draft;
	struct words words;
	struct buf plain;
	struct arena *mem;
};

/*
 * Gathers the group's lines in the draft and, if it is to be sealed, their words and counts.  A
 * chunk that is lost is left out, and goes with the others: it must not keep them small for ever.
 */
static int
gather(struct merge *m, struct merged *out, struct workbench *w)
{
	const struct group *g = out->group;
	const struct chunk_draft *d = &w->draft;

	chunk_clear(&w->draft);
	words_clear(&w->words);
	for (size_t i = 0; i < g->n; i++) {
		struct chunk c;
		int result;

		arena_reset(w->mem);
		if ((result = store_load(m->st, w->mem, 0, g->first[i].id, &c)) == -1)
			return -1;
		for (size_t j = 0; result != STORE_LOST && j < c.n; j++) {
			chunk_add(&w->draft, &c.lines[j]);
			if (g->seal) {
				index_line(&w->words, &w->plain, &c.lines[j]);
				if (c.lines[j].id >= m->low_id)
					tally_add(&m->tally, g->first->source, &c.lines[j]);
			}
		}
	}
	out->first_id = d->first_id;
	out->last_id = d->last_id;
	out->min_ns = d->min_ns;
	out->max_ns = d->max_ns;
	out->levels = d->levels;
	out->lines = (int64_t)d->n;
	out->bytes = (int64_t)d->texts.len;
	out->written = g->first->written;
	return 0;
}

static int
seal(struct db *segment, const struct merged *c, struct workbench *w)
{
	size_t len;
	const char *blob = chunk_pack(w->mem, &w->draft, PACK_LEVEL, &len);

	if (db_run(segment, SQL_SEALED_ADD, DB_ARGS(DB_INT(c->id), DB_BLOB(blob, len))) == -1)
		return -1;
	return db_run(
	    segment, SQL_SEALED_WORDS, DB_ARGS(DB_INT(c->id), DB_TEXT(buf_text(&w->words.texts))));
}

static int
make_chunks(struct merge *m, struct db *segment)
{
	struct workbench w = {.mem = arena_new(CHUNK_TEXT_TARGET)};
	int result = 0;

	for (size_t i = 0; i < m->ngroups && result == 0; i++) {
		struct merged *c = &m->merged[i];

		c->group = &m->groups[i];
		c->id = m->first_chunk + (int64_t)i;
		result = gather(m, c, &w);
		if (result == -1 || c->lines == 0)
			continue;
		if (c->group->seal)
			result = seal(segment, c, &w);
		else
			c->blob = chunk_pack(m->mem, &w.draft, PACK_LEVEL, &c->blob_len);
	}
	chunk_free(&w.draft);
	words_free(&w.words);
	buf_free(&w.plain);
	arena_free(w.mem);
	return result;
}

/* First transaction: into the segment file, if anything is sealed. */
static int
fill_segment(struct merge *m, struct db *segment)
{
	if (segment == NULL)
		return make_chunks(m, NULL);
	if (db_begin(segment) == -1)
		return -1;
	return db_finish(segment, make_chunks(m, segment));
}

/* ---- listing --------------------------------------------------------------------- */

static int
list_chunk(struct merge *m, const struct merged *c)
{
	struct db *db = m->st->db;
	const struct group *g = c->group;

	for (size_t i = 0; i < g->n; i++)
		if (db_run(db, SQL_MINI_DELETE, DB_ARGS(DB_INT(g->first[i].id))) == -1 ||
		    db_run(db, SQL_CHUNK_DELETE, DB_ARGS(DB_INT(g->first[i].id))) == -1)
			return -1;
	if (c->lines == 0)
		return 0;
	if (db_run(db, SQL_CHUNK_ADD,
		DB_ARGS(DB_INT(c->id), DB_INT(g->seal ? m->segment : 0), DB_INT(g->first->source),
		    DB_INT(c->first_id), DB_INT(c->last_id), DB_INT(c->min_ns), DB_INT(c->max_ns),
		    DB_INT(c->levels), DB_INT(c->lines), DB_INT(c->bytes), DB_INT(c->written))) ==
	    -1)
		return -1;
	return g->seal ? 0
		       : db_run(db, SQL_MINI_ADD,
			     DB_ARGS(DB_INT(c->id), DB_BLOB(c->blob, c->blob_len)));
}

static int
list_chunks(struct merge *m, struct db *segment)
{
	struct db *db = m->st->db;
	int64_t max_ns = INT64_MIN, last_id = 0;

	for (size_t i = 0; i < m->ngroups; i++) {
		const struct merged *c = &m->merged[i];

		if (list_chunk(m, c) == -1)
			return -1;
		if (!c->group->seal || c->lines == 0)
			continue;
		if (c->max_ns > max_ns)
			max_ns = c->max_ns;
		if (c->last_id > last_id)
			last_id = c->last_id;
	}
	if (tally_write(&m->tally, db, 0, -1) == -1 ||
	    tally_write(&m->tally, db, m->segment, 1) == -1)
		return -1;
	return last_id == 0 ? 0
			    : db_run(db, SQL_SEGMENT_GREW,
				  DB_ARGS(DB_INT(m->segment), DB_INT(db_used_bytes(segment)),
				      DB_INT(max_ns), DB_INT(last_id)));
}

/* Second transaction: the directory of logs.db. */
static int
list_all(struct merge *m, struct db *segment)
{
	struct db *db = m->st->db;

	if (db_begin(db) == -1)
		return -1;
	return db_finish(db, list_chunks(m, segment));
}

/* ---- the segment in use ---------------------------------------------------------- */

/*
 * The segment to be filled: the open one, or a new one after it if that is full or of yesterday.
 */
static int
choose_segment(struct merge *m, int64_t segment_bytes)
{
	struct db *db = m->st->db;
	int result = db_query(db, SQL_SEGMENT_OPEN, DB_NO_ARGS);
	int64_t bytes, made;

	if (result == DB_FAILED)
		return -1;
	if (result == DB_ROW) {
		m->segment = db_int(db, SQL_SEGMENT_OPEN, 0);
		made = db_int(db, SQL_SEGMENT_OPEN, 1);
		bytes = db_int(db, SQL_SEGMENT_OPEN, 2);
		db_done(db, SQL_SEGMENT_OPEN);
		if (bytes < segment_bytes && !is_past(m, made, SEGMENT_AGE))
			return 0;
		if (db_run(db, SQL_SEGMENT_STATE,
			DB_ARGS(DB_INT(m->segment), DB_INT(SEGMENT_FULL))) == -1)
			return -1;
	}
	m->segment = store_number(m->st, "next_segment");
	if (store_set_number(m->st, "next_segment", m->segment + 1) == -1)
		return -1;
	return db_run(db, SQL_SEGMENT_ADD, DB_ARGS(DB_INT(m->segment), DB_INT(m->now)));
}

/* Ids for the new chunks, and the segment, if one is wanted. */
static int
reserve(struct merge *m, int64_t segment_bytes, struct db **segment)
{
	int64_t last = 0;
	bool wanted = false;

	*segment = NULL;
	for (size_t i = 0; i < m->ngroups; i++)
		wanted |= m->groups[i].seal;
	if (wanted && (choose_segment(m, segment_bytes) == -1 ||
			  (*segment = segment_open(m->st, m->segment, true)) == NULL ||
			  db_number(*segment, SQL_SEALED_LAST, DB_NO_ARGS, 0, &last) == -1))
		return -1;
	m->first_chunk = store_number(m->st, "next_chunk");
	/* After a power cut the segment may know more ids than logs.db. */
	if (m->first_chunk <= last)
		m->first_chunk = last + 1;
	return store_set_number(m->st, "next_chunk", m->first_chunk + (int64_t)m->ngroups);
}

static int
prepare(struct merge *m, int64_t segment_bytes, struct db **segment)
{
	struct db *db = m->st->db;

	if (db_begin(db) == -1)
		return -1;
	return db_finish(db, reserve(m, segment_bytes, segment));
}

int
store_merge(struct store *st, int64_t segment_bytes, int64_t now)
{
	struct merge *m = heap_alloc(sizeof *m);
	struct db *segment;
	int result;

	m->st = st;
	m->mem = arena_new(4096);
	m->now = now;
	m->low_id = store_number(st, "low_id");
	result = read_smalls(m);
	if (result == 0) {
		choose_groups(m);
		m->merged = heap_alloc(sizeof *m->merged * (m->ngroups + 1));
		if (m->ngroups > 0 &&
		    (prepare(m, segment_bytes, &segment) == -1 || fill_segment(m, segment) == -1 ||
			list_all(m, segment) == -1))
			result = -1;
	}
	if (result == 0 && m->more)
		result = 1;
	free(m->merged);
	tally_free(&m->tally);
	arena_free(m->mem);
	free(m);
	return result;
}
