/* SPDX-License-Identifier: MIT */
/* The ranks of counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rank.h"

static void
a_greater_count_never_has_a_lesser_rank(void **state)
{
	int64_t last = -1;

	(void)state;
	for (int64_t count = 0; count < 1000000; count++) {
		int64_t rank = count_rank(count);

		assert_true(rank == last || rank == last + 1);
		last = rank;
	}
	assert_true(count_rank(INT64_MAX) > count_rank(INT64_MAX / 2));
}

static void
small_counts_are_their_own_rank(void **state)
{
	(void)state;
	for (int64_t count = 0; count < 32; count++)
		assert_int_equal(count_rank(count), count);
}

static void
counts_of_one_rank_differ_by_less_than_seven_percent(void **state)
{
	(void)state;
	for (int64_t count = 32; count < 1000000; count++) {
		int64_t above = count + count * 7 / 100;

		assert_true(count_rank(above) > count_rank(count));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_greater_count_never_has_a_lesser_rank),
	    cmocka_unit_test(small_counts_are_their_own_rank),
	    cmocka_unit_test(counts_of_one_rank_differ_by_less_than_seven_percent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
