/* SPDX-License-Identifier: MIT */
/*
 * The bins of a side lie in a dense window that grows: adding two windows beats
 * merging sorted lists two to one, and a side that was ever used is used again.
 *
 * As bytes: the scale; how many zeros; then the negative and the positive side,
 * each as its number of bins, the folded index of the first, and for each bin
 * gap * 8 + min(count, 8) - 1, where gap is the number of empty bins before it,
 * followed by count - 8 if that is not negative.  So a bin of a dense or of a
 * sparse sketch takes mostly one byte.
 */
#include "sketch.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "varint.h"

enum { STEPS = 1 << SKETCH_SCALE, SMALL_COUNTS = 8, FIRST_WINDOW = 64 };

/* Where the bins of finite doubles not below SKETCH_ZERO lie at SKETCH_SCALE. */
enum { MIN_BIN = -40 * STEPS, MAX_BIN = 1024 * STEPS };
/* No bin of a sketch that was written by us holds more; sums of many stay below 2^64. */
#define MAX_COUNT (UINT64_C(1) << 50)

/* counts[i] is of bin base + i; used ones lie in [low, high], none if low > high. */
struct side {
	uint64_t *counts;
	int32_t base, size;
	int32_t low, high;
	int32_t bins; /* counts that are not zero */
};

struct sketch {
	struct arena *mem;
	int scale;
	uint64_t zeros;
	struct side negative, positive;
};

static const struct side empty_side = {.low = INT32_MAX, .high = INT32_MIN};

/* ---- where a value lies -------------------------------------------------------- */

/* boundary[j] = 2^(j/64): the bins within one power of two. */
static const double *
boundaries(void)
{
	static double boundary[STEPS + 1];

	if (boundary[0] == 0)
		for (int j = 0; j <= STEPS; j++)
			boundary[j] = exp2((double)j / STEPS);
	return boundary;
}

/* The least i at SKETCH_SCALE with x <= base^i; x is positive, finite and normal. */
static int32_t
find_bin(double x)
{
	const double *boundary = boundaries();
	uint64_t bits;
	double mantissa;
	int exponent, j;

	/* IEEE 754: x = mantissa * 2^exponent with a mantissa in [1, 2). */
	memcpy(&bits, &x, sizeof bits);
	exponent = (int)(bits >> 52) - 1023;
	/*
	 * 2^f <= 1 + f between the powers of two, by less than 0.0861: bin f * 64 is at
	 * most six too low, found from the leading bits of the fraction; and comparing
	 * with the boundary itself leaves no rounding to go wrong.
	 */
	j = (int)(bits >> (52 - SKETCH_SCALE)) & (STEPS - 1);
	bits = (bits & ((UINT64_C(1) << 52) - 1)) | (UINT64_C(1023) << 52);
	memcpy(&mantissa, &bits, sizeof mantissa);
	while (boundary[j] < mantissa)
		j++;
	return exponent * STEPS + j;
}

/* The same bin at a scale that is coarser by so many halvings: upper bounds are inclusive. */
static int32_t
coarser(int32_t bin, int halvings)
{
	return -(-bin >> halvings);
}

/* The value of the bin whose relative distance to both of its ends is the same. */
static double
middle(int32_t bin, int scale)
{
	double base = exp2(ldexp(1, -scale)), upper = exp2(ldexp(bin, -scale));

	/* The topmost boundary is no double any more. */
	return isinf(upper) ? exp2(ldexp(bin - 1, -scale)) * (2 * base / (1 + base))
			    : upper * (2 / (1 + base));
}

double
sketch_error(int scale)
{
	double base = exp2(ldexp(1, -scale));

	return (base - 1) / (base + 1);
}

/* ---- a side -------------------------------------------------------------------- */

/* Makes the window hold bins low to high. */
static void
reach(struct arena *mem, struct side *side, int32_t low, int32_t high)
{
	int32_t from = side->base, to = side->base + side->size;
	uint64_t *counts;

	if (side->size > 0 && low >= from && high < to)
		return;
	if (side->size == 0)
		from = low, to = high + 1;
	/* Room to go on in the direction it grows, so that growing is seldom. */
	if (low < from || side->size == 0)
		from = low - (FIRST_WINDOW + to - low) / 2;
	if (high >= to || side->size == 0)
		to = high + 1 + (FIRST_WINDOW + high - from) / 2;
	counts = arena_alloc(mem, (size_t)(to - from) * sizeof *counts);
	if (side->low <= side->high)
		memcpy(counts + (side->low - from), side->counts + (side->low - side->base),
		    (size_t)(side->high - side->low + 1) * sizeof *counts);
	side->counts = counts;
	side->base = from;
	side->size = to - from;
}

static void
side_add(struct arena *mem, struct side *side, int32_t bin, uint64_t n)
{
	uint64_t *count;

	reach(mem, side, bin, bin);
	count = &side->counts[bin - side->base];
	side->bins += *count == 0;
	*count += n;
	if (bin < side->low)
		side->low = bin;
	if (bin > side->high)
		side->high = bin;
}

static void
side_clear(struct side *side)
{
	if (side->low <= side->high)
		memset(side->counts + (side->low - side->base), 0,
		    (size_t)(side->high - side->low + 1) * sizeof *side->counts);
	side->low = INT32_MAX;
	side->high = INT32_MIN;
	side->bins = 0;
}

static uint64_t
at(const struct side *side, int32_t bin)
{
	return bin >= side->low && bin <= side->high ? side->counts[bin - side->base] : 0;
}

static uint64_t
side_count(const struct side *side)
{
	uint64_t n = 0;

	for (int32_t bin = side->low; bin <= side->high; bin++)
		n += at(side, bin);
	return n;
}

static void
side_coarsen(struct arena *mem, struct side *side, int halvings)
{
	struct side fine = *side;

	*side = empty_side;
	for (int32_t bin = fine.low; bin <= fine.high; bin++)
		if (at(&fine, bin) > 0)
			side_add(mem, side, coarser(bin, halvings), at(&fine, bin));
}

/* Whether a has all that b has, bins of b being so many halvings finer. */
static bool
side_covers(struct arena *mem, const struct side *a, const struct side *b, int halvings)
{
	struct side same = *b;

	if (halvings > 0)
		side_coarsen(mem, &same, halvings);
	for (int32_t bin = same.low; bin <= same.high; bin++)
		if (at(&same, bin) > at(a, bin))
			return false;
	return true;
}

static void
side_subtract(struct side *a, const struct side *b, int halvings)
{
	for (int32_t bin = b->low; bin <= b->high; bin++)
		if (at(b, bin) > 0) {
			uint64_t *count = &a->counts[coarser(bin, halvings) - a->base];

			*count -= at(b, bin);
			a->bins -= *count == 0;
		}
	if (a->bins == 0) {
		side_clear(a);
		return;
	}
	while (at(a, a->low) == 0)
		a->low++;
	while (at(a, a->high) == 0)
		a->high--;
}

/* ---- the sketch ---------------------------------------------------------------- */

struct sketch *
sketch_new(struct arena *mem)
{
	struct sketch *s = arena_alloc(mem, sizeof *s);

	*s = (struct sketch){
	    .mem = mem, .scale = SKETCH_SCALE, .negative = empty_side, .positive = empty_side};
	return s;
}

void
sketch_clear(struct sketch *s)
{
	s->scale = SKETCH_SCALE;
	s->zeros = 0;
	side_clear(&s->negative);
	side_clear(&s->positive);
}

void
sketch_downscale(struct sketch *s, int scale)
{
	if (scale >= s->scale)
		return;
	side_coarsen(s->mem, &s->negative, s->scale - scale);
	side_coarsen(s->mem, &s->positive, s->scale - scale);
	s->scale = scale;
}

static void
keep_bound(struct sketch *s)
{
	while (s->negative.bins + s->positive.bins > SKETCH_MAX_BINS)
		sketch_downscale(s, s->scale - 1);
}

void
sketch_add(struct sketch *s, double value, uint64_t n)
{
	struct side *side = value < 0 ? &s->negative : &s->positive;

	if (n == 0)
		return;
	if (fabs(value) < SKETCH_ZERO) {
		s->zeros += n;
		return;
	}
	side_add(s->mem, side, coarser(find_bin(fabs(value)), SKETCH_SCALE - s->scale), n);
	keep_bound(s);
}

static void
side_merge(struct sketch *s, struct side *a, const struct side *b, int halvings)
{
	if (b->low > b->high)
		return;
	reach(s->mem, a, coarser(b->low, halvings), coarser(b->high, halvings));
	for (int32_t bin = b->low; bin <= b->high; bin++)
		if (at(b, bin) > 0)
			side_add(s->mem, a, coarser(bin, halvings), at(b, bin));
}

void
sketch_merge(struct sketch *s, const struct sketch *other)
{
	int halvings;

	sketch_downscale(s, other->scale);
	halvings = other->scale - s->scale;
	s->zeros += other->zeros;
	side_merge(s, &s->negative, &other->negative, halvings);
	side_merge(s, &s->positive, &other->positive, halvings);
	keep_bound(s);
}

int
sketch_subtract(struct sketch *s, const struct sketch *other)
{
	int halvings;

	sketch_downscale(s, other->scale);
	halvings = other->scale - s->scale;
	if (other->zeros > s->zeros ||
	    !side_covers(s->mem, &s->negative, &other->negative, halvings) ||
	    !side_covers(s->mem, &s->positive, &other->positive, halvings))
		return -1;
	s->zeros -= other->zeros;
	side_subtract(&s->negative, &other->negative, halvings);
	side_subtract(&s->positive, &other->positive, halvings);
	return 0;
}

/* ---- questions ----------------------------------------------------------------- */

int
sketch_scale(const struct sketch *s)
{
	return s->scale;
}

uint64_t
sketch_count(const struct sketch *s)
{
	return s->zeros + side_count(&s->negative) + side_count(&s->positive);
}

/* ceil(q * n), not misled by a product that is a rounding error above a whole number. */
static uint64_t
nearest_rank(double q, uint64_t n)
{
	double rank = ceil(q * (double)n * (1 - 4 * 0x1p-52));

	return rank < 1 ? 1 : rank >= (double)n ? n : (uint64_t)rank;
}

double
sketch_quantile(const struct sketch *s, double q)
{
	uint64_t n = sketch_count(s), left = nearest_rank(q, n);

	if (n == 0)
		return NAN;
	for (int32_t bin = s->negative.high; bin >= s->negative.low; bin--) {
		if (left <= at(&s->negative, bin))
			return -middle(bin, s->scale);
		left -= at(&s->negative, bin);
	}
	if (left <= s->zeros)
		return 0;
	left -= s->zeros;
	for (int32_t bin = s->positive.low; bin <= s->positive.high; bin++) {
		if (left <= at(&s->positive, bin))
			return middle(bin, s->scale);
		left -= at(&s->positive, bin);
	}
	return NAN;
}

uint64_t
sketch_count_up_to(const struct sketch *s, double limit)
{
	uint64_t n = limit >= 0 ? s->zeros : 0;

	for (int32_t bin = s->negative.low; bin <= s->negative.high; bin++)
		if (at(&s->negative, bin) > 0 && -middle(bin, s->scale) <= limit)
			n += at(&s->negative, bin);
	for (int32_t bin = s->positive.low; bin <= s->positive.high; bin++)
		if (at(&s->positive, bin) > 0 && middle(bin, s->scale) <= limit)
			n += at(&s->positive, bin);
	return n;
}

/* ---- as bytes ------------------------------------------------------------------ */

static void
side_encode(const struct side *side, struct buf *out)
{
	int32_t next = side->low;

	varint_put(out, (uint64_t)side->bins);
	if (side->bins > 0)
		varint_put(out, varint_fold(side->low));
	for (int32_t bin = side->low; bin <= side->high; bin++) {
		uint64_t count = at(side, bin);

		if (count == 0)
			continue;
		varint_put(out, (uint64_t)(bin - next) * SMALL_COUNTS +
				    (count < SMALL_COUNTS ? count : SMALL_COUNTS) - 1);
		if (count >= SMALL_COUNTS)
			varint_put(out, count - SMALL_COUNTS);
		next = bin + 1;
	}
}

void
sketch_encode(const struct sketch *s, struct buf *out)
{
	buf_char(out, (char)s->scale);
	varint_put(out, s->zeros);
	side_encode(&s->negative, out);
	side_encode(&s->positive, out);
}

static bool
is_bin(int64_t bin, int scale)
{
	return bin >= coarser(MIN_BIN, SKETCH_SCALE - scale) &&
	       bin <= coarser(MAX_BIN, SKETCH_SCALE - scale);
}

/* Adds a side of a sketch of that scale, which has at most *room bins. */
static bool
side_decode(struct sketch *s, struct side *side, struct varint_input *in, int scale, uint64_t *room)
{
	uint64_t bins, folded, code, gap, more;
	int64_t bin;

	if (!varint_take(in, &bins) || bins > *room)
		return false;
	*room -= bins;
	if (bins == 0)
		return true;
	if (!varint_take(in, &folded))
		return false;
	bin = varint_unfold(folded);
	for (bool first = true; bins > 0; bins--, bin++, first = false) {
		if (!varint_take(in, &code))
			return false;
		gap = code / SMALL_COUNTS;
		if (!is_bin(bin, scale) || gap > MAX_BIN - MIN_BIN || (first && gap > 0))
			return false;
		bin += (int64_t)gap;
		more = 0;
		if (!is_bin(bin, scale) || (code % SMALL_COUNTS == SMALL_COUNTS - 1 &&
					       (!varint_take(in, &more) || more > MAX_COUNT)))
			return false;
		side_add(s->mem, side, coarser((int32_t)bin, scale - s->scale),
		    code % SMALL_COUNTS + 1 + more);
	}
	return true;
}

int
sketch_decode(struct sketch *s, const void *bytes, size_t len)
{
	struct varint_input in = {bytes, (const unsigned char *)bytes + len};
	uint64_t zeros, room = SKETCH_MAX_BINS;
	int scale;

	if (len == 0)
		return -1;
	scale = *in.p < 0x80 ? *in.p : *in.p - 0x100;
	in.p++;
	if (scale > SKETCH_SCALE || scale < SKETCH_MIN_SCALE || !varint_take(&in, &zeros) ||
	    zeros > MAX_COUNT)
		return -1;
	sketch_downscale(s, scale);
	s->zeros += zeros;
	if (!side_decode(s, &s->negative, &in, scale, &room) ||
	    !side_decode(s, &s->positive, &in, scale, &room) || in.p != in.end)
		return -1;
	keep_bound(s);
	return 0;
}
