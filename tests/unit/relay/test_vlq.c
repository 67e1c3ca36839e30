/* SPDX-License-Identifier: MIT */
/* VLQ quantities: the wire contract's vectors, the bounds of 32 bits, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "vlq.h"

static const struct {
	const char *text;
	int32_t value;
	size_t used;
} good[] = {
    {"A", 0, 1}, {"C", 1, 1}, {"D", -1, 1}, {"E", 2, 1}, {"gB", 16, 2}, {"CA", 1, 1},
    {"+/////D", INT32_MAX, 7}, {"//////D", -INT32_MAX, 7}, {"B", 0, 1}, /* minus nothing */
};

static const char *const bad[] = {
    "", "!", "g", "gg", ",", ";", "ggggggggggggA", "///////", "gggggggA", "+/////H", "g!", "\x80"};

static void
quantities_are_read_and_the_place_moves_behind_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(good); i++) {
		const char *p = good[i].text;
		int32_t value = 99;

		assert_true(vlq_take(&p, p + strlen(p), &value));
		assert_int_equal(value, good[i].value);
		assert_int_equal(p - good[i].text, good[i].used);
	}
}

static void
what_is_no_quantity_of_32_bits_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++) {
		const char *p = bad[i];
		int32_t value;

		assert_false(vlq_take(&p, p + strlen(p), &value));
		assert_true(p <= bad[i] + strlen(bad[i]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quantities_are_read_and_the_place_moves_behind_them),
	    cmocka_unit_test(what_is_no_quantity_of_32_bits_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
