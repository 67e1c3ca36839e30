/* SPDX-License-Identifier: MIT */
/* The chunk codec; chunk.h describes the format. */
#include "chunk.h"

#include <string.h>

#include "pack.h"
#include "varint.h"

#define MAX_ID (INT64_C(1) << 53)

enum { MARK_LEVEL = 7, MARK_STREAM = 8, MARK_KIND_SHIFT = 4, MARK_KIND = 3, MARK_CUT = 64 };

/* What is left to read; bad stays set once something did not fit. */
struct reader {
	struct varint_input in;
	bool bad;
};

static uint64_t
get_varint(struct reader *r)
{
	uint64_t v = 0;

	if (!varint_take(&r->in, &v)) {
		r->bad = true;
		return 0;
	}
	return v;
}

static size_t
left_of(const struct reader *r)
{
	return (size_t)(r->in.end - r->in.p);
}

/* ---- making -------------------------------------------------------------------- */

/* Adds the run of consecutive ids that has just ended. */
static void
put_run(struct buf *b, const struct chunk_draft *d)
{
	varint_put(b, (uint64_t)(d->run_first - d->run_before));
	varint_put(b, (uint64_t)(d->run_end - d->run_first));
}

void
chunk_add(struct chunk_draft *d, const struct log_line *line)
{
	if (d->n == 0) {
		d->first_id = d->run_first = d->run_end = line->id;
		d->min_ns = d->max_ns = line->ns;
	}
	if (line->id != d->run_end) {
		put_run(&d->runs, d);
		d->nruns++;
		d->run_before = d->run_end;
		d->run_first = line->id;
	}
	d->run_end = line->id + 1;
	d->last_id = line->id;
	if (line->ns < d->min_ns)
		d->min_ns = line->ns;
	if (line->ns > d->max_ns)
		d->max_ns = line->ns;
	d->levels |= 1U << line->level;
	varint_put(&d->times, varint_fold((int64_t)((uint64_t)line->ns - (uint64_t)d->last_ns)));
	d->last_ns = line->ns;
	buf_char(&d->marks, (char)(line->level | (line->stream ? MARK_STREAM : 0) |
				   line->kind << MARK_KIND_SHIFT | (line->cut ? MARK_CUT : 0)));
	varint_put(&d->lengths, line->len);
	buf_add(&d->texts, line->text, line->len);
	d->n++;
}

char *
chunk_pack(struct arena *mem, struct chunk_draft *d, int level, size_t *packed)
{
	struct buf whole = {0};
	char *out;

	(void)buf_room(
	    &whole, d->runs.len + d->times.len + d->marks.len + d->lengths.len + d->texts.len + 64);
	buf_char(&whole, CHUNK_FORMAT);
	varint_put(&whole, d->n > 0 ? d->nruns + 1 : 0);
	buf_add(&whole, d->runs.data, d->runs.len);
	if (d->n > 0)
		put_run(&whole, d);
	varint_put(&whole, d->n);
	buf_add(&whole, d->times.data, d->times.len);
	buf_add(&whole, d->marks.data, d->marks.len);
	buf_add(&whole, d->lengths.data, d->lengths.len);
	buf_add(&whole, d->texts.data, d->texts.len);
	out = pack_zstd(mem, whole.data, whole.len, level, packed);
	buf_free(&whole);
	return out;
}

void
chunk_clear(struct chunk_draft *d)
{
	struct chunk_draft empty = {
	    .runs = d->runs,
	    .times = d->times,
	    .marks = d->marks,
	    .lengths = d->lengths,
	    .texts = d->texts,
	};

	buf_clear(&empty.runs, CHUNK_TEXT_TARGET);
	buf_clear(&empty.times, CHUNK_TEXT_TARGET);
	buf_clear(&empty.marks, CHUNK_TEXT_TARGET);
	buf_clear(&empty.lengths, CHUNK_TEXT_TARGET);
	buf_clear(&empty.texts, (size_t)2 * CHUNK_TEXT_TARGET);
	*d = empty;
}

void
chunk_free(struct chunk_draft *d)
{
	buf_free(&d->runs);
	buf_free(&d->times);
	buf_free(&d->marks);
	buf_free(&d->lengths);
	buf_free(&d->texts);
	*d = (struct chunk_draft){0};
}

/* ---- reading -------------------------------------------------------------------- */

/* Reads the runs into ids; the number of lines stands only behind them. */
static int
get_ids(struct arena *mem, struct reader *r, struct chunk *c)
{
	struct reader again;
	uint64_t nruns = get_varint(r), total = 0, id = 0;

	if (r->bad || nruns > left_of(r))
		return -1;
	again = *r;
	for (uint64_t i = 0; i < nruns && !r->bad; i++) {
		uint64_t step = get_varint(r), count = get_varint(r);

		if (step > MAX_ID || count > MAX_ID)
			return -1;
		id += step + count;
		total += count;
		/* A line takes at least three bytes of the columns behind. */
		if (id > MAX_ID || total > left_of(r))
			return -1;
	}
	if (get_varint(r) != total || r->bad)
		return -1;
	c->n = (size_t)total;
	c->lines = arena_alloc(mem, sizeof *c->lines * (c->n + 1));
	id = 0;
	for (size_t at = 0; at < c->n;) {
		id += get_varint(&again);
		for (uint64_t count = get_varint(&again); count > 0; count--)
			c->lines[at++].id = (int64_t)id++;
	}
	return 0;
}

int
chunk_unpack(struct arena *mem, const void *packed, size_t packed_len, struct chunk *c)
{
	struct reader r = {0};
	uint64_t ns = 0;
	size_t len, left;
	char *raw;

	if (unpack_zstd(mem, packed, packed_len, CHUNK_TEXT_MAX, &raw, &len) != PACK_OK ||
	    len < 1 || raw[0] != CHUNK_FORMAT)
		return -1;
	r.in.p = (const unsigned char *)raw + 1;
	r.in.end = (const unsigned char *)raw + len;
	if (get_ids(mem, &r, c) == -1)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		ns += (uint64_t)varint_unfold(get_varint(&r));
		c->lines[i].ns = (int64_t)ns;
	}
	if (r.bad || left_of(&r) < c->n)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		unsigned char mark = *r.in.p++;

		c->lines[i].level = mark & MARK_LEVEL;
		c->lines[i].stream = (mark & MARK_STREAM) != 0;
		c->lines[i].kind = (mark >> MARK_KIND_SHIFT) & MARK_KIND;
		c->lines[i].cut = (mark & MARK_CUT) != 0;
	}
	for (size_t i = 0; i < c->n; i++)
		c->lines[i].len = (size_t)get_varint(&r);
	if (r.bad)
		return -1;
	c->text = (const char *)r.in.p;
	c->text_len = left = left_of(&r);
	for (size_t i = 0; i < c->n; i++) {
		c->lines[i].text = (const char *)r.in.end - left;
		if (c->lines[i].len > left || c->lines[i].level == MARK_LEVEL)
			return -1;
		left -= c->lines[i].len;
	}
	return left == 0 ? 0 : -1;
}
