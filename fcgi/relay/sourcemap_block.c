/* SPDX-License-Identifier: MIT */
/*
 * Mappings are deltas all the way down, so they can only be read from the start;
 * cutting them into blocks that each begin from zero is what makes a position
 * cheap to find.  A segment in a block:
 *
 *	varint  lines since the segment before << 2 | kind
 *	varint  column, or columns since the segment before on the same line
 *	varint  (mapped) source, original line, original column: folded differences
 *	varint  (named) name: folded difference
 */
#include "sourcemap_block.h"

#include "text.h"
#include "varint.h"

int64_t
sourcemap_key(uint32_t line, uint32_t column)
{
	return (int64_t)((uint64_t)line << 31 | (column & INT32_MAX));
}

static bool
hand_over(struct blocks *b)
{
	bool stopped =
	    b->n > 0 && b->sink->block(b->sink->arg, b->start, b->bytes.data, b->bytes.len) != 0;

	b->bytes.len = 0;
	b->n = 0;
	return !stopped;
}

bool
blocks_end(struct blocks *b)
{
	bool ok = hand_over(b);

	buf_free(&b->bytes);
	return ok;
}

/* A block never ends between two segments of the same position: a search sees both. */
bool
blocks_add(struct blocks *b, const struct segment *s)
{
	struct segment *last = &b->last;

	if (b->n >= SOURCEMAP_BLOCK && (s->line != last->line || s->column != last->column) &&
	    !hand_over(b))
		return false;
	if (b->n++ == 0) {
		b->start = sourcemap_key(s->line, s->column);
		*last = (struct segment){.line = s->line};
	}
	varint_put(&b->bytes, (uint64_t)(s->line - last->line) << 2 | (uint64_t)s->kind);
	varint_put(&b->bytes, s->line == last->line ? s->column - last->column : s->column);
	last->line = s->line;
	last->column = s->column;
	if (s->kind == UNMAPPED)
		return true;
	varint_put(&b->bytes, varint_fold((int64_t)s->source - last->source));
	varint_put(&b->bytes, varint_fold((int64_t)s->original_line - last->original_line));
	varint_put(&b->bytes, varint_fold((int64_t)s->original_column - last->original_column));
	last->source = s->source;
	last->original_line = s->original_line;
	last->original_column = s->original_column;
	if (s->kind == NAMED) {
		varint_put(&b->bytes, varint_fold((int64_t)s->name - last->name));
		last->name = s->name;
	}
	return true;
}

/* A difference added; a block that is broken may hold any, so it wraps. */
static int32_t
moved(int32_t from, uint64_t folded)
{
	return (int32_t)((uint32_t)from + (uint32_t)varint_unfold(folded));
}

/* Reads the next segment of a block; false at its end or where it is broken. */
static bool
take_segment(struct varint_input *in, struct segment *s)
{
	uint64_t head, column, v[3];

	if (!varint_take(in, &head) || !varint_take(in, &column))
		return false;
	s->column = (uint32_t)(head >> 2 == 0 ? s->column + column : column);
	s->line += (uint32_t)(head >> 2);
	s->kind = (enum kind)(head & 3);
	if (s->kind == UNMAPPED)
		return true;
	for (size_t i = 0; i < NELEM(v); i++)
		if (!varint_take(in, &v[i]))
			return false;
	s->source = moved(s->source, v[0]);
	s->original_line = moved(s->original_line, v[1]);
	s->original_column = moved(s->original_column, v[2]);
	if (s->kind != NAMED)
		return true;
	if (!varint_take(in, &head))
		return false;
	s->name = moved(s->name, head);
	return true;
}

bool
sourcemap_find(const void *block, size_t len, int64_t start, struct sourcemap_position at,
    struct sourcemap_origin *out)
{
	struct varint_input in = {block, (const unsigned char *)block + len};
	struct segment s = {.line = (uint32_t)(start >> 31)}, best = {0};
	bool found = false;

	while (take_segment(&in, &s) &&
	       (s.line < at.line || (s.line == at.line && s.column <= at.column))) {
		/*
		 * Of several segments at one place the first counts when the place is met
		 * exactly, else the last: what the established readers do.
		 */
		if (found && s.line == best.line && s.column == best.column &&
		    s.column == at.column)
			continue;
		best = s;
		found = s.line == at.line;
	}
	if (!found || best.kind == UNMAPPED || best.source < 0 || best.original_line < 0 ||
	    best.original_column < 0)
		return false;
	*out = (struct sourcemap_origin){
	    .source = best.source,
	    .name = best.kind == NAMED ? best.name : -1,
	    .line = (uint32_t)best.original_line,
	    .column = (uint32_t)best.original_column,
	};
	return true;
}
