/* SPDX-License-Identifier: MIT */
/* sketch.h: what adds up adds up exactly, and quantiles keep their word. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sketch.h"
#include "tests/unit/with_arena.h"
#include "text.h"

static struct sketch *
sketch_of(const double *values, size_t n)
{
	struct sketch *s = sketch_new(mem);

	for (size_t i = 0; i < n; i++)
		sketch_add(s, values[i], 1);
	return s;
}

static void
assert_same(const struct sketch *a, const struct sketch *b)
{
	struct buf x = {0}, y = {0};

	sketch_encode(a, &x);
	sketch_encode(b, &y);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	buf_free(&x);
	buf_free(&y);
}

/* Uniform in (0, 1), the same in every run. */
static double
chance(void)
{
	static uint64_t x = UINT64_C(88172645463325252);

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return ((double)(x >> 11) + 0.5) / 0x1p53;
}

static double
normal(void)
{
	return sqrt(-2 * log(chance())) * cos(6.283185307179586 * chance());
}

static double
log_normal(void)
{
	return exp(3 + normal());
}

static double
pareto(void)
{
	return pow(1 - chance(), -1 / 1.5);
}

static double
bursts(void)
{
	return chance() < 0.05 ? 1000 + 4000 * chance() : 5 + 10 * chance();
}

static double
mostly_zero(void)
{
	return chance() < 0.8 ? 0 : 0.5 * chance();
}

static double
both_signs(void)
{
	return 100 * normal();
}

static double
constant(void)
{
	return 42;
}

static double
every_magnitude(void)
{
	return pow(10, 600 * chance() - 300) * (chance() < 0.5 ? -1 : 1);
}

static const struct {
	const char *what;
	double (*draw)(void);
} shapes[] = {{"log-normal", log_normal}, {"Pareto", pareto}, {"slow bursts", bursts},
    {"mostly zero", mostly_zero}, {"both signs", both_signs}, {"constant", constant},
    {"every magnitude", every_magnitude}};

enum { DRAWS = 20000 };

static double *
draw(size_t shape)
{
	double *values = arena_alloc(mem, DRAWS * sizeof *values);

	for (size_t i = 0; i < DRAWS; i++)
		values[i] = shapes[shape].draw();
	return values;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
a_quantile_is_within_the_error_of_its_scale(void **state)
{
	static const double quantiles[] = {0, 0.01, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1};

	(void)state;
	for (size_t shape = 0; shape < NELEM(shapes); shape++) {
		double *values = draw(shape);
		struct sketch *s = sketch_of(values, DRAWS);

		print_message("%s, scale %d\n", shapes[shape].what, sketch_scale(s));
		qsort(values, DRAWS, sizeof *values, compare_doubles);
		for (size_t i = 0; i < NELEM(quantiles); i++) {
			double rank = ceil(quantiles[i] * DRAWS);
			double exact = values[rank < 1 ? 0 : (size_t)rank - 1];
			double error = fabs(sketch_quantile(s, quantiles[i]) - exact);

			if (fabs(exact) < SKETCH_ZERO)
				assert_true(error < SKETCH_ZERO);
			else
				assert_true(error <= fabs(exact) * sketch_error(sketch_scale(s)) *
							 (1 + 1e-12));
		}
	}
}

static void
the_error_at_scale_6_is_what_the_design_says(void **state)
{
	(void)state;
	assert_true(sketch_error(SKETCH_SCALE) < 0.0055);
	assert_true(sketch_error(3) > 0.0432 && sketch_error(3) < 0.0434);
}

static void
merged_parts_are_the_whole_bin_for_bin(void **state)
{
	(void)state;
	for (size_t shape = 0; shape < NELEM(shapes); shape++) {
		double *values = draw(shape);
		struct sketch *whole = sketch_of(values, DRAWS), *sum = sketch_new(mem),
			      *decoded = sketch_new(mem);

		print_message("%s\n", shapes[shape].what);
		for (size_t from = 0, n; from < DRAWS; from += n) {
			struct sketch *part;
			struct buf bytes = {0};

			n = 1 + (size_t)(chance() * 3000);
			if (n > DRAWS - from)
				n = DRAWS - from;
			part = sketch_of(values + from, n);
			sketch_merge(sum, part);
			sketch_encode(part, &bytes);
			assert_int_equal(sketch_decode(decoded, bytes.data, bytes.len), 0);
			buf_free(&bytes);
		}
		assert_same(sum, whole);
		assert_same(decoded, whole);
		assert_int_equal(sketch_count(whole), DRAWS);
	}
}

static void
what_is_taken_away_was_never_there(void **state)
{
	(void)state;
	for (size_t shape = 0; shape < NELEM(shapes); shape++) {
		double *values = draw(shape);
		struct sketch *all = sketch_of(values, 2000), *rest = sketch_of(values + 500, 1500),
			      *taken = sketch_of(values, 500);

		print_message("%s\n", shapes[shape].what);
		assert_int_equal(sketch_subtract(all, taken), 0);
		sketch_downscale(rest, sketch_scale(all));
		assert_same(all, rest);
	}
}

static void
what_is_not_there_cannot_be_taken_away(void **state)
{
	static const double some[] = {1, 2, 3, 0, -4};
	static const struct {
		const char *what;
		double value;
		uint64_t n;
	} table[] = {{"another value", 5, 1}, {"one more than there are", 2, 2},
	    {"two zeros", 0, 2}, {"the other sign", 4, 1}};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct sketch *s = sketch_of(some, NELEM(some)), *other = sketch_new(mem);

		print_message("%s\n", table[i].what);
		sketch_add(other, table[i].value, table[i].n);
		assert_int_equal(sketch_subtract(s, other), -1);
		assert_same(s, sketch_of(some, NELEM(some)));
	}
}

static void
boundaries_belong_to_the_bin_below(void **state)
{
	(void)state;
	/* Upper bounds are inclusive: a power of two and what is next above it differ. */
	for (int exponent = -39; exponent < 1000; exponent++) {
		double edge = ldexp(1, exponent), above = nextafter(edge, INFINITY);
		double pair[] = {edge, above};
		struct sketch *s = sketch_of(pair, 2);

		assert_true(sketch_quantile(s, 0.5) < edge);
		assert_true(sketch_quantile(s, 1) > above);
	}
}

static void
a_coarser_scale_is_the_same_as_having_been_coarse_all_along(void **state)
{
	double *values = draw(0);
	struct sketch *fine = sketch_of(values, DRAWS), *coarse = sketch_new(mem);

	(void)state;
	sketch_downscale(coarse, 3);
	for (size_t i = 0; i < DRAWS; i++)
		sketch_add(coarse, values[i], 1);
	sketch_downscale(fine, 3);
	assert_int_equal(sketch_scale(fine), 3);
	assert_same(fine, coarse);
	sketch_downscale(fine, SKETCH_SCALE);
	assert_int_equal(sketch_scale(fine), 3);
}

static void
counts_up_to_a_limit_are_exact_away_from_it(void **state)
{
	static const double values[] = {-5, -1, 0, 0, 1, 2, 4, 8, 16};
	static const struct {
		const char *what;
		double limit;
		uint64_t count;
	} table[] = {{"below all", -10, 0}, {"among the negative", -2, 1},
	    {"between them and zero", -0.1, 2}, {"zero", 0, 4}, {"among the positive", 3, 6},
	    {"the limit itself", 4, 7}, {"above all", 99, 9}};
	const struct sketch *s = sketch_of(values, NELEM(values));

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		print_message("%s\n", table[i].what);
		assert_int_equal(sketch_count_up_to(s, table[i].limit), table[i].count);
	}
}

static void
what_equals_a_limit_is_within_it(void **state)
{
	static const double limits[] = {2500, 4000, 200, 500, 0.1, 0.25, 1800, 3000, 800, 1e-12};

	(void)state;
	for (size_t i = 0; i < NELEM(limits); i++)
		for (int scale = SKETCH_SCALE; scale > 2; scale--) {
			struct sketch *s = sketch_of((double[]){-limits[i], limits[i]}, 2);

			sketch_downscale(s, scale);
			assert_int_equal(sketch_count_up_to(s, limits[i]), 2);
			assert_int_equal(sketch_count_up_to(s, -limits[i]), 1);
			assert_int_equal(sketch_count_up_to(s, 0), 1);
			assert_int_equal(sketch_count_up_to(s, -2 * limits[i]), 0);
		}
}

static void
the_extremes_of_doubles_have_bins(void **state)
{
	static const double values[] = {
	    DBL_MAX, -DBL_MAX, DBL_MIN, -DBL_MIN, 5e-324, 1e-12, -1e-12, 0, -0.0};
	const struct sketch *s = sketch_of(values, NELEM(values));

	(void)state;
	assert_int_equal(sketch_count(s), NELEM(values));
	assert_true(isfinite(sketch_quantile(s, 1)));
	assert_true(sketch_quantile(s, 1) >= DBL_MAX * 0.99);
	assert_true(sketch_quantile(s, 0) <= -DBL_MAX * 0.99);
	assert_true(sketch_quantile(s, 0.5) == 0);
}

static void
the_rank_is_the_nearest_of_the_contract(void **state)
{
	static const struct {
		double q;
		uint64_t n;
		int rank;
	} table[] = {{0.50, 10, 5}, {0.95, 10, 10}, {0.99, 10, 10}, {0.50, 100, 50},
	    {0.95, 100, 95}, {0.99, 100, 99}, {0.50, 1, 1}, {0.99, 1, 1}, {0.07, 100, 7},
	    {0.29, 100, 29}, {0.57, 100, 57}};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct sketch *s = sketch_new(mem);
		double expected = table[i].rank;

		for (uint64_t v = 1; v <= table[i].n; v++)
			sketch_add(s, (double)v, 1);
		print_message("%g of %d\n", table[i].q, (int)table[i].n);
		assert_true(fabs(sketch_quantile(s, table[i].q) - expected) <= expected * 0.0055);
	}
}

static void
damaged_bytes_are_refused(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t len;
	} table[] = {
	    {"nothing", "", 0},
	    {"a scale alone", "\x06", 1},
	    {"a scale too fine", "\x07\x00\x00\x00", 4},
	    {"a scale too coarse", "\x80\x00\x00\x00", 4},
	    {"one side", "\x06\x00\x00", 3},
	    {"bins that are not there", "\x06\x00\x00\x02\x00\x00", 6},
	    {"more bins than there can be", "\x06\x00\x00\xff\xff\x7f\x00\x00", 8},
	    {"a gap before the first bin", "\x06\x00\x00\x01\x00\x08", 6},
	    {"a bin beyond all numbers", "\x06\x00\x00\x01\xff\xff\xff\x0f\x00", 9},
	    {"a number in more bytes than it needs", "\x06\x80\x00\x00\x00", 5},
	    {"something behind", "\x06\x00\x00\x00\x00", 5},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		print_message("%s\n", table[i].what);
		assert_int_equal(sketch_decode(sketch_new(mem), table[i].bytes, table[i].len), -1);
	}
}

static void
a_cleared_sketch_is_a_new_one(void **state)
{
	struct sketch *s = sketch_of(draw(6), DRAWS);

	(void)state;
	sketch_clear(s);
	assert_same(s, sketch_new(mem));
	assert_true(isnan(sketch_quantile(s, 0.5)));
	sketch_add(s, 7, 3);
	assert_int_equal(sketch_count(s), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ARENA(a_quantile_is_within_the_error_of_its_scale),
	    cmocka_unit_test(the_error_at_scale_6_is_what_the_design_says),
	    WITH_ARENA(merged_parts_are_the_whole_bin_for_bin),
	    WITH_ARENA(what_is_taken_away_was_never_there),
	    WITH_ARENA(what_is_not_there_cannot_be_taken_away),
	    WITH_ARENA(boundaries_belong_to_the_bin_below),
	    WITH_ARENA(a_coarser_scale_is_the_same_as_having_been_coarse_all_along),
	    WITH_ARENA(counts_up_to_a_limit_are_exact_away_from_it),
	    WITH_ARENA(what_equals_a_limit_is_within_it),
	    WITH_ARENA(the_extremes_of_doubles_have_bins),
	    WITH_ARENA(the_rank_is_the_nearest_of_the_contract),
	    WITH_ARENA(damaged_bytes_are_refused),
	    WITH_ARENA(a_cleared_sketch_is_a_new_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
