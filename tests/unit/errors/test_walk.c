/* SPDX-License-Identifier: MIT */
/* What is pure of lists: ranks of counts, and words as people type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "text.h"
#include "walk.h"

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
	for (int64_t count = 0; count < 256; count++)
		assert_int_equal(count_rank(count), count);
}

static void
counts_of_one_rank_differ_by_less_than_a_percent(void **state)
{
	(void)state;
	for (int64_t count = 256; count < 1000000; count += count / 64) {
		int64_t above = count + count / 100;

		assert_true(count_rank(above) > count_rank(count));
	}
}

static const struct {
	const char *typed, *expression; /* NULL: nothing to search */
} words[] = {
    {"", NULL},
    {"  \t ", NULL},
    {"\"", NULL},
    {"\"\"", NULL},
    {"time", "\"time\"*"},
    {"time out", "\"time\"* \"out\"*"},
    {"\"time out\"", "\"time out\""},
    {"a \"b c\" d", "\"a\"* \"b c\" \"d\"*"},
    {"\"unclosed phrase", "\"unclosed phrase\""},
    {"a\"b", "\"a\"* \"b\""},
    {"NOT a:b AND (c*", "\"NOT\"* \"a:b\"* \"AND\"* \"(c*\"*"},
    {"10.0.0.1", "\"10.0.0.1\"*"},
};

static void
whatever_is_typed_is_words_and_never_syntax(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(words); i++) {
		const char *expression = walk_words(mem, words[i].typed);

		if (words[i].expression == NULL)
			assert_null(expression);
		else
			assert_string_equal(expression, words[i].expression);
	}
	arena_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_greater_count_never_has_a_lesser_rank),
	    cmocka_unit_test(small_counts_are_their_own_rank),
	    cmocka_unit_test(counts_of_one_rank_differ_by_less_than_a_percent),
	    cmocka_unit_test(whatever_is_typed_is_words_and_never_syntax),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
