/* SPDX-License-Identifier: MIT */
/*
 * As bytes: the scale; how many zeros; then the negative and the positive side, as
 * bins.h has them.
 */
#include "sketch.h"

#include <math.h>
#include <string.h>

#include "bins.h"
#include "varint.h"

enum { STEPS = 1 << SKETCH_SCALE };

/* Where the bins of finite doubles not below SKETCH_ZERO lie at SKETCH_SCALE. */
enum { MIN_BIN = -40 * STEPS, MAX_BIN = 1024 * STEPS };
/* No bin of a sketch that was written by us holds more; sums of many stay below 2^64. */
#define MAX_COUNT (UINT64_C(1) << 50)

struct sketch {
	struct arena *mem;
	int scale;
	uint64_t zeros;
	struct bins negative, positive;
};

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

/* ---- the sketch ---------------------------------------------------------------- */

struct sketch *
sketch_new(struct arena *mem)
{
	struct sketch *s = arena_alloc(mem, sizeof *s);

	*s = (struct sketch){.mem = mem, .scale = SKETCH_SCALE};
	return s;
}

void
sketch_clear(struct sketch *s)
{
	s->scale = SKETCH_SCALE;
	s->zeros = 0;
	bins_clear(&s->negative);
	bins_clear(&s->positive);
}

void
sketch_downscale(struct sketch *s, int scale)
{
	if (scale >= s->scale)
		return;
	bins_coarsen(s->mem, &s->negative, s->scale - scale);
	bins_coarsen(s->mem, &s->positive, s->scale - scale);
	s->scale = scale;
}

static void
keep_bound(struct sketch *s)
{
	while (s->negative.used + s->positive.used > SKETCH_MAX_BINS)
		sketch_downscale(s, s->scale - 1);
}

void
sketch_add(struct sketch *s, double value, uint64_t n)
{
	struct bins *side = value < 0 ? &s->negative : &s->positive;

	if (n == 0)
		return;
	if (fabs(value) < SKETCH_ZERO) {
		s->zeros += n;
		return;
	}
	bins_add(s->mem, side, bins_coarser(find_bin(fabs(value)), SKETCH_SCALE - s->scale), n);
	keep_bound(s);
}

void
sketch_merge(struct sketch *s, const struct sketch *other)
{
	int halvings;

	sketch_downscale(s, other->scale);
	halvings = other->scale - s->scale;
	s->zeros += other->zeros;
	bins_merge(s->mem, &s->negative, &other->negative, halvings);
	bins_merge(s->mem, &s->positive, &other->positive, halvings);
	keep_bound(s);
}

int
sketch_subtract(struct sketch *s, const struct sketch *other)
{
	int halvings;

	sketch_downscale(s, other->scale);
	halvings = other->scale - s->scale;
	if (other->zeros > s->zeros ||
	    !bins_cover(s->mem, &s->negative, &other->negative, halvings) ||
	    !bins_cover(s->mem, &s->positive, &other->positive, halvings))
		return -1;
	s->zeros -= other->zeros;
	bins_subtract(&s->negative, &other->negative, halvings);
	bins_subtract(&s->positive, &other->positive, halvings);
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
	return bins_total(&s->negative) + s->zeros + bins_total(&s->positive);
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
	const uint64_t n = sketch_count(s), below = bins_total(&s->negative);
	const uint64_t rank = nearest_rank(q, n);

	if (n == 0)
		return NAN;
	if (rank <= below)
		return -middle(bins_rank(&s->negative, below - rank + 1), s->scale);
	if (rank <= below + s->zeros)
		return 0;
	return middle(bins_rank(&s->positive, rank - below - s->zeros), s->scale);
}

uint64_t
sketch_count_up_to(const struct sketch *s, double limit)
{
	const uint64_t below = bins_total(&s->negative);
	int32_t bin;

	if (fabs(limit) < SKETCH_ZERO)
		return below + (limit >= 0 ? s->zeros : 0);
	bin = bins_coarser(find_bin(fabs(limit)), SKETCH_SCALE - s->scale);
	return limit < 0 ? below - bins_up_to(&s->negative, bin - 1)
			 : below + s->zeros + bins_up_to(&s->positive, bin);
}

/* ---- as bytes ------------------------------------------------------------------ */

void
sketch_encode(const struct sketch *s, struct buf *out)
{
	buf_char(out, (char)s->scale);
	varint_put(out, s->zeros);
	bins_encode(&s->negative, out);
	bins_encode(&s->positive, out);
}

int
sketch_decode(struct sketch *s, const void *bytes, size_t len)
{
	struct varint_input in = {bytes, (const unsigned char *)bytes + len};
	struct bins_bounds bounds = {.max_count = MAX_COUNT, .room = SKETCH_MAX_BINS};
	uint64_t zeros;
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
	bounds.min = bins_coarser(MIN_BIN, SKETCH_SCALE - scale);
	bounds.max = bins_coarser(MAX_BIN, SKETCH_SCALE - scale);
	if (!bins_decode(s->mem, &s->negative, &in, &bounds, scale - s->scale) ||
	    !bins_decode(s->mem, &s->positive, &in, &bounds, scale - s->scale) || in.p != in.end)
		return -1;
	keep_bound(s);
	return 0;
}
