/* SPDX-License-Identifier: MIT */
#include "bins.h"

#include <string.h>

enum { SMALL_COUNTS = 8, FIRST_ROOM = 8 };

/* The place of that page, or the one that it would have. */
static uint32_t
find(const struct bins *b, int32_t number)
{
	const struct page *from = b->pages;
	uint32_t left = b->n;

	if (left == 0)
		return 0;
	/* Halves without a branch: where a value falls cannot be foretold. */
	while (left > 1) {
		uint32_t half = left / 2;

		from += half * (from[half - 1].number < number);
		left -= half;
	}
	return (uint32_t)(from - b->pages) + (from->number < number);
}

static bool
is_at(const struct bins *b, uint32_t place, int32_t number)
{
	return place < b->n && b->pages[place].number == number;
}

/* Puts an empty page there, of those that were cleared if there are any. */
static void
insert(struct arena *mem, struct bins *b, uint32_t at, int32_t number)
{
	uint64_t *counts;

	if (b->n == b->room) {
		struct page *pages;

		b->room = b->room > 0 ? b->room * 2 : FIRST_ROOM;
		pages = arena_alloc(mem, (size_t)b->room * sizeof *pages);
		if (b->n > 0)
			memcpy(pages, b->pages, (size_t)b->n * sizeof *pages);
		b->pages = pages;
	}
	if ((counts = b->pages[b->n].counts) == NULL)
		counts = arena_alloc(mem, BINS_PAGE * sizeof *counts);
	memmove(&b->pages[at + 1], &b->pages[at], (size_t)(b->n - at) * sizeof *b->pages);
	b->pages[at] = (struct page){number, counts};
	b->n++;
}

void
bins_add(struct arena *mem, struct bins *b, int32_t bin, uint64_t n)
{
	const int32_t number = bins_page(bin);
	uint64_t *count;

	/* Those of another sketch come in their order. */
	if (!is_at(b, b->last, number) && !is_at(b, ++b->last, number)) {
		b->last = find(b, number);
		if (!is_at(b, b->last, number))
			insert(mem, b, b->last, number);
	}
	count = &b->pages[b->last].counts[bin - number * BINS_PAGE];
	b->used += *count == 0;
	*count += n;
}

void
bins_clear(struct bins *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		memset(b->pages[i].counts, 0, BINS_PAGE * sizeof *b->pages[i].counts);
	b->n = 0;
	b->used = 0;
}

uint64_t
bins_up_to(const struct bins *b, int32_t bin)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < b->n; i++)
		for (int32_t j = 0; j < BINS_PAGE; j++)
			if (b->pages[i].number * BINS_PAGE + j <= bin)
				n += b->pages[i].counts[j];
	return n;
}

uint64_t
bins_total(const struct bins *b)
{
	return bins_up_to(b, INT32_MAX);
}

int32_t
bins_rank(const struct bins *b, uint64_t rank)
{
	for (uint32_t i = 0; i < b->n; i++)
		for (int32_t j = 0; j < BINS_PAGE; j++) {
			if (rank <= b->pages[i].counts[j])
				return b->pages[i].number * BINS_PAGE + j;
			rank -= b->pages[i].counts[j];
		}
	return INT32_MAX;
}

/* ---- with others --------------------------------------------------------------- */

void
bins_merge(struct arena *mem, struct bins *a, const struct bins *b, int halvings)
{
	for (uint32_t i = 0; i < b->n; i++)
		for (int32_t j = 0; j < BINS_PAGE; j++)
			if (b->pages[i].counts[j] > 0)
				bins_add(mem, a,
				    bins_coarser(b->pages[i].number * BINS_PAGE + j, halvings),
				    b->pages[i].counts[j]);
}

void
bins_coarsen(struct arena *mem, struct bins *b, int halvings)
{
	struct bins fine = *b;

	*b = (struct bins){0};
	bins_merge(mem, b, &fine, halvings);
}

/* How many fell into that bin, to be read or changed; NULL if its page is not there. */
static uint64_t *
count_of(const struct bins *b, int32_t bin)
{
	const int32_t number = bins_page(bin);
	const uint32_t at = find(b, number);

	return is_at(b, at, number) ? &b->pages[at].counts[bin - number * BINS_PAGE] : NULL;
}

bool
bins_cover(struct arena *mem, const struct bins *a, const struct bins *b, int halvings)
{
	struct bins same = {0};

	bins_merge(mem, &same, b, halvings);
	for (uint32_t i = 0; i < same.n; i++)
		for (int32_t j = 0; j < BINS_PAGE; j++) {
			const uint64_t n = same.pages[i].counts[j];
			const uint64_t *count = count_of(a, same.pages[i].number * BINS_PAGE + j);

			if (n > 0 && (count == NULL || *count < n))
				return false;
		}
	return true;
}

void
bins_subtract(struct bins *a, const struct bins *b, int halvings)
{
	for (uint32_t i = 0; i < b->n; i++)
		for (int32_t j = 0; j < BINS_PAGE; j++) {
			const int32_t bin = b->pages[i].number * BINS_PAGE + j;
			uint64_t *count;

			if (b->pages[i].counts[j] == 0)
				continue;
			count = count_of(a, bins_coarser(bin, halvings));
			*count -= b->pages[i].counts[j];
			a->used -= *count == 0;
		}
}

/* ---- as bytes ------------------------------------------------------------------ */

static void
encode_count(uint64_t gap, uint64_t count, struct buf *out)
{
	varint_put(out, gap * SMALL_COUNTS + (count < SMALL_COUNTS ? count : SMALL_COUNTS) - 1);
	if (count >= SMALL_COUNTS)
		varint_put(out, count - SMALL_COUNTS);
}

void
bins_encode(const struct bins *b, struct buf *out)
{
	int32_t expected;

	varint_put(out, (uint64_t)b->used);
	if (b->used == 0)
		return;
	expected = bins_rank(b, 1);
	varint_put(out, varint_fold(expected));
	for (uint32_t i = 0; i < b->n; i++)
		for (int32_t j = 0; j < BINS_PAGE; j++) {
			const int32_t bin = b->pages[i].number * BINS_PAGE + j;

			if (b->pages[i].counts[j] == 0)
				continue;
			encode_count((uint64_t)(bin - expected), b->pages[i].counts[j], out);
			expected = bin + 1;
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
