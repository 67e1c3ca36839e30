/* SPDX-License-Identifier: MIT */
/*
 * One transaction's lines on their way into the store.  Lines of one source come
 * together, so a single draft is enough: it is packed when it is full or when the
 * source changes, and what waits for the transaction is small.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "log.h"
#include "segment.h"
#include "store.h"
#include "tally.h"

#define PACK_LEVEL 1 /* zstd's: higher ones gain nothing on logs (reference: block measurements) */
#define ARENA_KEEP 65536

/* A chunk that waits to be written. */
struct waiting {
	int64_t source, first_id, last_id, min_ns, max_ns;
	unsigned levels;
	size_t lines, bytes;
	const char *blob;
	size_t blob_len;
};

struct store_pass {
	struct store *st;
	struct arena *mem;  /* of the blobs */
	struct buf waiting; /* struct waiting[] */
	struct chunk_draft draft;
	int64_t source;            /* of the draft */
	int64_t first_id, next_id; /* 0: not yet known */
	size_t bytes;
	struct tally tally;
};

struct store_pass *
store_pass_new(struct store *st)
{
	struct store_pass *p = heap_alloc(sizeof *p);

	p->st = st;
	p->mem = arena_new(ARENA_KEEP);
	return p;
}

void
store_pass_free(struct store_pass *p)
{
	if (p == NULL)
		return;
	arena_free(p->mem);
	buf_free(&p->waiting);
	chunk_free(&p->draft);
	tally_free(&p->tally);
	free(p);
}

void
store_pass_clear(struct store_pass *p)
{
	arena_reset(p->mem);
	buf_clear(&p->waiting, ARENA_KEEP);
	chunk_clear(&p->draft);
	tally_clear(&p->tally);
	p->first_id = p->next_id = 0;
	p->bytes = 0;
}

size_t
store_pass_bytes(const struct store_pass *p)
{
	return p->bytes;
}

/* Packs the draft, if there is anything in it. */
static void
finish_draft(struct store_pass *p)
{
	struct chunk_draft *d = &p->draft;
	struct waiting w = {
	    .source = p->source,
	    .first_id = d->first_id,
	    .last_id = d->last_id,
	    .min_ns = d->min_ns,
	    .max_ns = d->max_ns,
	    .levels = d->levels,
	    .lines = d->n,
	    .bytes = d->texts.len,
	};

	if (d->n == 0)
		return;
	w.blob = chunk_pack(p->mem, d, PACK_LEVEL, &w.blob_len);
	buf_add(&p->waiting, &w, sizeof w);
	chunk_clear(d);
}

void
store_pass_add(struct store_pass *p, int64_t source, const struct log_line *line)
{
	struct log_line numbered = *line;

	if (p->next_id == 0)
		p->first_id = p->next_id = store_number(p->st, "next_id");
	if (source != p->source || p->draft.texts.len >= CHUNK_TEXT_TARGET)
		finish_draft(p);
	p->source = source;
	numbered.id = p->next_id++;
	chunk_add(&p->draft, &numbered);
	tally_add(&p->tally, source, &numbered);
	p->bytes += line->len + 1; /* blank lines count, too */
}

static int
write_chunk(struct store *st, int64_t id, const struct waiting *w, int64_t now)
{
	if (db_run(st->db, SQL_CHUNK_ADD,
		DB_ARGS(DB_INT(id), DB_INT(0), DB_INT(w->source), DB_INT(w->first_id),
		    DB_INT(w->last_id), DB_INT(w->min_ns), DB_INT(w->max_ns), DB_INT(w->levels),
		    DB_INT((int64_t)w->lines), DB_INT((int64_t)w->bytes), DB_INT(now))) == -1)
		return -1;
	return db_run(st->db, SQL_MINI_ADD, DB_ARGS(DB_INT(id), DB_BLOB(w->blob, w->blob_len)));
}

static int
write_all(struct store_pass *p)
{
	const struct waiting *w = (const void *)p->waiting.data;
	size_t n = p->waiting.len / sizeof *w;
	int64_t chunk = store_number(p->st, "next_chunk"), now = clock_now();

	/* Ids were given out from a number read before the transaction began. */
	if (store_number(p->st, "next_id") != p->first_id || p->first_id == 0 || chunk == 0) {
		log_errorx("logs: someone else has given out line ids meanwhile");
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (write_chunk(p->st, chunk++, &w[i], now) == -1)
			return -1;
	if (store_set_number(p->st, "next_id", p->next_id) == -1 ||
	    store_set_number(p->st, "next_chunk", chunk) == -1)
		return -1;
	return tally_write(&p->tally, p->st->db, 0, 1);
}

int
store_pass_write(struct store_pass *p)
{
	int result = 0;

	finish_draft(p);
	if (p->waiting.len > 0)
		result = write_all(p);
	store_pass_clear(p);
	return result;
}

int
store_set_number(struct store *st, const char *name, int64_t value)
{
	return db_run(st->db, SQL_NUMBER_SET, DB_ARGS(DB_TEXT(name), DB_INT(value)));
}
