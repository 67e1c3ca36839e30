/* SPDX-License-Identifier: MIT */
/*
 * bins: how many values fell into each of many numbered bins: a side of a sketch.
 *
 * The counts lie in short pages, from an arena, and only pages in use are there: values
 * may be as far apart as numbers can, and thousands of sketches at once hold what
 * strangers sent.  What a bin's number stands for is the sketch's affair; here a bin
 * only has one half as fine, which is what `halvings` counts.
 */
#ifndef BINS_H
#define BINS_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "varint.h"

#define BINS_PAGE_BITS 4
#define BINS_PAGE (1 << BINS_PAGE_BITS)

/* The counts of bin number * BINS_PAGE and those behind it. */
struct page {
	int32_t number;
	uint64_t *counts;
};

/* All zero: none. */
struct bins {
	struct page *pages; /* by their numbers, ascending; behind the n are cleared ones */
	uint32_t n, room;
	uint32_t last; /* place of the page that was added to last */
	int32_t used;  /* counts that are not zero */
};

/* The bin that holds this one after so many halvings: upper bounds are inclusive. */
static inline int32_t
bins_coarser(int32_t bin, int halvings)
{
	return -(-bin >> halvings);
}

/* The number of the page that a bin lies in. */
static inline int32_t
bins_page(int32_t bin)
{
	return bin >> BINS_PAGE_BITS;
}

/* Makes them none again and keeps their memory. */
void bins_clear(struct bins *);
void bins_add(struct arena *, struct bins *, int32_t bin, uint64_t n);
/* How many fell into that bin or one below; into any. */
uint64_t bins_up_to(const struct bins *, int32_t bin);
uint64_t bins_total(const struct bins *);
/* Which bin the one of that rank fell into, from 1 and the lowest; INT32_MAX if none did. */
int32_t bins_rank(const struct bins *, uint64_t rank);
void bins_coarsen(struct arena *, struct bins *, int halvings);
/* Adds those of b, which are so many halvings finer than those of a. */
void bins_merge(struct arena *, struct bins *a, const struct bins *b, int halvings);
/* Whether each bin of a counts at least what b does, which is so many halvings finer. */
bool bins_cover(struct arena *, const struct bins *a, const struct bins *b, int halvings);
/* Takes those of b from a, which covers them. */
void bins_subtract(struct bins *a, const struct bins *b, int halvings);

/*
 * As bytes: the number of used bins, the folded number of the first, and for each
 * gap * 8 + min(count, 8) - 1, where gap is the number of empty bins before it,
 * followed by count - 8 if that is not negative.  So a bin among others takes mostly
 * one byte.
 */
void bins_encode(const struct bins *, struct buf *);

/* What bytes may say: bins from min to max, at most `room` of them, none above max_count. */
struct bins_bounds {
	int32_t min, max;
	uint64_t max_count, room; /* room shrinks by what was read */
};

/* Adds what the bytes say, coarser by so many halvings.  False if they are damaged. */
bool bins_decode(
    struct arena *, struct bins *, struct varint_input *, struct bins_bounds *, int halvings);

#endif
