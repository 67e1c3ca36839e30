/* SPDX-License-Identifier: MIT */
#include "points.h"

#include <endian.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "varint.h"

enum { FORMAT = 1, IS_WHOLE = 1, HAS_ID = 2, FLAG_BITS = 2 };

/* Whole numbers up to here take less room as such than as a double. */
#define WHOLE_LIMIT 0x1p48

struct points_writer
points_write(struct buf *out)
{
	buf_char(out, FORMAT);
	return (struct points_writer){.out = out};
}

static void
put_word(struct buf *out, uint64_t word)
{
	word = htole64(word);
	buf_add(out, &word, sizeof word);
}

void
points_put(struct points_writer *w, const struct point *point)
{
	/* Minus zero is a whole number that would come back as another. */
	bool whole = fabs(point->value) < WHOLE_LIMIT &&
		     point->value == (double)(int64_t)point->value &&
		     !(point->value == 0 && signbit(point->value));
	uint64_t bits;

	varint_put(w->out, (uint64_t)point->series << FLAG_BITS | (whole ? IS_WHOLE : 0) |
			       (point->id != 0 ? HAS_ID : 0));
	varint_put(w->out, varint_fold(point->time - w->time));
	w->time = point->time;
	if (whole) {
		varint_put(w->out, varint_fold((int64_t)point->value));
	} else {
		memcpy(&bits, &point->value, sizeof bits);
		put_word(w->out, bits);
	}
	if (point->id != 0)
		put_word(w->out, point->id);
}

struct points_reader
points_read(const void *bytes, size_t len)
{
	struct points_reader r = {bytes, (const unsigned char *)bytes + len, 0};

	/* What has another format reads as damaged at its first point. */
	if (len > 0 && *r.p++ != FORMAT)
		r.p = NULL;
	return r;
}

static bool
take_word(struct varint_input *in, uint64_t *word)
{
	if ((size_t)(in->end - in->p) < sizeof *word)
		return false;
	memcpy(word, in->p, sizeof *word);
	*word = le64toh(*word);
	in->p += sizeof *word;
	return true;
}

static bool
take_value(struct varint_input *in, bool whole, double *value)
{
	uint64_t bits;

	if (whole) {
		if (!varint_take(in, &bits))
			return false;
		*value = (double)varint_unfold(bits);
		return fabs(*value) < WHOLE_LIMIT;
	}
	if (!take_word(in, &bits))
		return false;
	memcpy(value, &bits, sizeof bits);
	return isfinite(*value);
}

int
points_next(struct points_reader *r, struct point *point)
{
	struct varint_input in = {r->p, r->end};
	uint64_t head, folded;
	int64_t step;

	if (r->p == NULL)
		return -1;
	if (r->p == r->end)
		return 0;
	if (!varint_take(&in, &head) || head >> FLAG_BITS > POINTS_MAX_SERIES ||
	    !varint_take(&in, &folded))
		return -1;
	step = varint_unfold(folded);
	if (step <= -2 * POINTS_MAX_TIME || step >= 2 * POINTS_MAX_TIME)
		return -1;
	*point = (struct point){.series = (uint32_t)(head >> FLAG_BITS), .time = r->time + step};
	if (point->time <= -POINTS_MAX_TIME || point->time >= POINTS_MAX_TIME ||
	    !take_value(&in, (head & IS_WHOLE) != 0, &point->value))
		return -1;
	if ((head & HAS_ID) != 0 && (!take_word(&in, &point->id) || point->id == 0))
		return -1;
	r->time = point->time;
	r->p = in.p;
	return 1;
}
