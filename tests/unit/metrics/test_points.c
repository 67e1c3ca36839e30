/* SPDX-License-Identifier: MIT */
/* points.h: what was packed is unpacked, and damage is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "points.h"
#include "text.h"

static const struct {
	const char *what;
	struct point point;
} table[] = {
    {"a small count", {1, 1795348800000, 1, 0}},
    {"the same time", {2, 1795348800000, 2, 0}},
    {"a time before", {3, 1795348700000, -2, 0}},
    {"zero", {3, 1795348800001, 0, 0}},
    {"minus zero", {3, 1795348800002, -0.0, 0}},
    {"a fraction", {3, 1795348800003, 0.1, 0}},
    {"an id", {3, 1795348800004, 0.1, 0x0123456789abcdef}},
    {"an id of all bits", {3, 1795348800004, 3, UINT64_MAX}},
    {"the greatest number", {3, 1795348800005, DBL_MAX, 0}},
    {"the smallest number", {3, 1795348800005, 5e-324, 0}},
    {"a whole number too large for the short form", {3, 1795348800005, 0x1p48, 0}},
    {"the largest in the short form", {3, 1795348800005, -(0x1p48 - 1), 0}},
    {"the last series", {UINT32_MAX, 1795348800005, 1, 0}},
    {"1970", {4, 0, 1, 0}},
    {"before 1970", {4, -1, 1, 0}},
};

static void
pack_all(struct buf *bytes)
{
	struct points_writer w = points_write(bytes);

	for (size_t i = 0; i < NELEM(table); i++)
		points_put(&w, &table[i].point);
}

static void
points_come_back_as_they_were(void **state)
{
	struct buf bytes = {0};
	struct points_reader r;
	struct point p;

	(void)state;
	pack_all(&bytes);
	r = points_read(bytes.data, bytes.len);
	for (size_t i = 0; i < NELEM(table); i++) {
		const struct point *expected = &table[i].point;

		print_message("%s\n", table[i].what);
		assert_int_equal(points_next(&r, &p), 1);
		assert_int_equal(p.series, expected->series);
		assert_int_equal(p.time, expected->time);
		assert_memory_equal(&p.value, &expected->value, sizeof p.value);
		assert_int_equal(p.id, expected->id);
	}
	assert_int_equal(points_next(&r, &p), 0);
	assert_int_equal(points_next(&r, &p), 0);
	buf_free(&bytes);
}

static void
every_cut_is_an_end_or_noticed(void **state)
{
	struct buf bytes = {0};

	(void)state;
	pack_all(&bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		struct points_reader r = points_read(bytes.data, len);
		struct point p;
		int found;

		while ((found = points_next(&r, &p)) == 1)
			;
		assert_true(found == 0 || found == -1);
	}
	buf_free(&bytes);
}

static void
damage_is_noticed(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t len;
	} damaged[] = {
	    {"another format", "\x02\x05\x00\x02", 4},
	    {"no value", "\x01\x05\x00", 3},
	    {"half a double", "\x01\x04\x00\x00\x00\x00\x00", 7},
	    {"an infinity", "\x01\x04\x00\x00\x00\x00\x00\x00\x00\xf0\x7f", 11},
	    {"no number", "\x01\x04\x00\x01\x00\x00\x00\x00\x00\xf8\x7f", 11},
	    {"an id of zero", "\x01\x07\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00", 12},
	    {"a time without end", "\x01\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02", 13},
	    {"a series without end", "\x01\xff\xff\xff\xff\xff\xff\x01\x00\x02", 10},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(damaged); i++) {
		struct points_reader r = points_read(damaged[i].bytes, damaged[i].len);
		struct point p;

		print_message("%s\n", damaged[i].what);
		assert_int_equal(points_next(&r, &p), -1);
		assert_int_equal(points_next(&r, &p), -1);
	}
}

static void
a_usual_point_takes_less_than_fifteen_bytes(void **state)
{
	struct buf bytes = {0};
	struct points_writer w = points_write(&bytes);

	(void)state;
	for (int i = 0; i < 1000; i++)
		points_put(&w, &(struct point){(uint32_t)(i * 7 % 1000) + 1,
				   1795348800000 + i * 13 % 5000, 0.001 * i + 1e-7, 0});
	assert_true(bytes.len < 15 * 1000);
	buf_free(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(points_come_back_as_they_were),
	    cmocka_unit_test(every_cut_is_an_end_or_noticed),
	    cmocka_unit_test(damage_is_noticed),
	    cmocka_unit_test(a_usual_point_takes_less_than_fifteen_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
