/* SPDX-License-Identifier: MIT */
#include "bins.h"

#include <string.h>

enum { SMALL_COUNTS = 8, FIRST_WINDOW = 64 };

/* Makes the window hold bins low to high. */
static void
reach(struct arena *mem, struct bins *b, int32_t low, int32_t high)
{
	int32_t from = b->base, to = b->base + b->size;
	uint64_t *counts;

	if (b->size > 0 && low >= from && high < to)
		return;
	if (b->size == 0)
		from = low, to = high + 1;
	/* Room to go on in the direction it grows, so that growing is seldom. */
	if (low < from || b->size == 0)
		from = low - (FIRST_WINDOW + to - low) / 2;
	if (high >= to || b->size == 0)
		to = high + 1 + (FIRST_WINDOW + high - from) / 2;
	counts = arena_alloc(mem, (size_t)(to - from) * sizeof *counts);
	if (b->low <= b->high)
		memcpy(counts + (b->low - from), b->counts + (b->low - b->base),
		    (size_t)(b->high - b->low + 1) * sizeof *counts);
	b->counts = counts;
	b->base = from;
	b->size = to - from;
}

void
bins_add(struct arena *mem, struct bins *b, int32_t bin, uint64_t n)
{
	uint64_t *count;

	reach(mem, b, bin, bin);
	count = &b->counts[bin - b->base];
	b->used += *count == 0;
	*count += n;
	if (bin < b->low)
		b->low = bin;
	if (bin > b->high)
		b->high = bin;
}

void
bins_clear(struct bins *b)
{
	if (b->low <= b->high)
		memset(b->counts + (b->low - b->base), 0,
		    (size_t)(b->high - b->low + 1) * sizeof *b->counts);
	b->low = INT32_MAX;
	b->high = INT32_MIN;
	b->used = 0;
}

uint64_t
bins_total(const struct bins *b)
{
	uint64_t n = 0;

	for (int32_t bin = b->low; bin <= b->high; bin++)
		n += bins_at(b, bin);
	return n;
}

/* ---- with others --------------------------------------------------------------- */

void
bins_coarsen(struct arena *mem, struct bins *b, int halvings)
{
	struct bins fine = *b;

	*b = BINS_NONE;
	for (int32_t bin = fine.low; bin <= fine.high; bin++)
		if (bins_at(&fine, bin) > 0)
			bins_add(mem, b, bins_coarser(bin, halvings), bins_at(&fine, bin));
}

void
bins_merge(struct arena *mem, struct bins *a, const struct bins *b, int halvings)
{
	if (b->low > b->high)
		return;
	reach(mem, a, bins_coarser(b->low, halvings), bins_coarser(b->high, halvings));
	for (int32_t bin = b->low; bin <= b->high; bin++)
		if (bins_at(b, bin) > 0)
			bins_add(mem, a, bins_coarser(bin, halvings), bins_at(b, bin));
}

bool
bins_cover(struct arena *mem, const struct bins *a, const struct bins *b, int halvings)
{
	struct bins same = *b;

	if (halvings > 0)
		bins_coarsen(mem, &same, halvings);
	for (int32_t bin = same.low; bin <= same.high; bin++)
		if (bins_at(&same, bin) > bins_at(a, bin))
			return false;
	return true;
}

void
bins_subtract(struct bins *a, const struct bins *b, int halvings)
{
	for (int32_t bin = b->low; bin <= b->high; bin++)
		if (bins_at(b, bin) > 0) {
			uint64_t *count = &a->counts[bins_coarser(bin, halvings) - a->base];

			*count -= bins_at(b, bin);
			a->used -= *count == 0;
		}
	if (a->used == 0) {
		bins_clear(a);
		return;
	}
	while (bins_at(a, a->low) == 0)
		a->low++;
	while (bins_at(a, a->high) == 0)
		a->high--;
}

/* ---- as bytes ------------------------------------------------------------------ */

void
bins_encode(const struct bins *b, struct buf *out)
{
	const uint64_t *count;
	uint64_t gap = 0;

	varint_put(out, (uint64_t)b->used);
	if (b->used == 0)
		return;
	varint_put(out, varint_fold(b->low));
	count = &b->counts[b->low - b->base];
	for (int32_t left = b->used; left > 0; count++) {
		if (*count == 0) {
			gap++;
			continue;
		}
		varint_put(
		    out, gap * SMALL_COUNTS + (*count < SMALL_COUNTS ? *count : SMALL_COUNTS) - 1);
		if (*count >= SMALL_COUNTS)
			varint_put(out, *count - SMALL_COUNTS);
		gap = 0;
		left--;
	}
}

static bool
is_within(const struct bins_bounds *bounds, int64_t bin)
{
	return bin >= bounds->min && bin <= bounds->max;
}

bool
bins_decode(struct arena *mem, struct bins *b, struct varint_input *in, struct bins_bounds *bounds,
    int halvings)
{
	uint64_t left, folded, code, gap, more;
	int64_t bin;

	if (!varint_take(in, &left) || left > bounds->room)
		return false;
	bounds->room -= left;
	if (left == 0)
		return true;
	if (!varint_take(in, &folded))
		return false;
	bin = varint_unfold(folded);
	for (bool first = true; left > 0; left--, bin++, first = false) {
		if (!varint_take(in, &code))
			return false;
		gap = code / SMALL_COUNTS;
		if (!is_within(bounds, bin) ||
		    gap > (uint64_t)((int64_t)bounds->max - bounds->min) || (first && gap > 0))
			return false;
		bin += (int64_t)gap;
		more = 0;
		if (!is_within(bounds, bin) ||
		    (code % SMALL_COUNTS == SMALL_COUNTS - 1 &&
			(!varint_take(in, &more) || more > bounds->max_count)))
			return false;
		bins_add(
		    mem, b, bins_coarser((int32_t)bin, halvings), code % SMALL_COUNTS + 1 + more);
	}
	return true;
}
