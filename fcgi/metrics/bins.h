/* SPDX-License-Identifier: MIT */
/*
 * bins: how many values fell into each of a run of numbered bins: a side of a sketch.
 *
 * The counts lie in a dense window that grows, from an arena: adding two windows
 * beats merging sorted lists two to one, and a window that was ever used is used
 * again.  What a bin's number stands for is the sketch's affair; here a bin only has
 * one half as fine, which is what `halvings` counts.
 */
#ifndef BINS_H
#define BINS_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "varint.h"

/* counts[i] is of bin base + i; used ones lie in [low, high], none if low > high. */
struct bins {
	uint64_t *counts;
	int32_t base, size;
	int32_t low, high;
	int32_t used; /* counts that are not zero */
};

#define BINS_NONE ((struct bins){.low = INT32_MAX, .high = INT32_MIN})

/* The bin that holds this one after so many halvings: upper bounds are inclusive. */
static inline int32_t
bins_coarser(int32_t bin, int halvings)
{
	return -(-bin >> halvings);
}

static inline uint64_t
bins_at(const struct bins *b, int32_t bin)
{
	return bin >= b->low && bin <= b->high ? b->counts[bin - b->base] : 0;
}

/* Makes them none again and keeps their memory. */
void bins_clear(struct bins *);
void bins_add(struct arena *, struct bins *, int32_t bin, uint64_t n);
uint64_t bins_total(const struct bins *);
void bins_coarsen(struct arena *, struct bins *, int halvings);

/* In these three the bins of b are so many halvings finer than those of a. */
void bins_merge(struct arena *, struct bins *a, const struct bins *b, int halvings);
/* Whether a has all that b has; only then may b be subtracted. */
bool bins_cover(struct arena *, const struct bins *a, const struct bins *b, int halvings);
void bins_subtract(struct bins *a, const struct bins *b, int halvings);

/*
 * As bytes: the number of used bins, the folded number of the first, and for each
 * gap * 8 + min(count, 8) - 1, where gap is the number of empty bins before it,
 * followed by count - 8 if that is not negative.  So a bin of a dense or of a
 * sparse window takes mostly one byte.
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
