/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "line_regex.h"

static char why[LINE_REGEX_WHY_SIZE];

static int
matches(const char *pattern, bool heed_case, const char *line)
{
	struct line_regex *re = line_regex_new(pattern, heed_case, why);
	int found;

	assert_non_null(re);
	found = line_regex_matches(re, line, strlen(line));
	line_regex_free(re);
	return found;
}

static void
an_expression_is_found_anywhere_in_the_line(void **state)
{
	(void)state;
	assert_int_equal(matches("ref.sed$", false, "connection refused"), 1);
	assert_int_equal(matches("^ref", false, "connection refused"), 0);
	assert_int_equal(matches("R\\w+D", false, "connection refused"), 1);
	assert_int_equal(matches("R\\w+D", true, "connection refused"), 0);
	assert_int_equal(matches("caf.$", false, "un café"), 1);
}

static void
a_faulty_expression_says_what_is_wrong_and_where(void **state)
{
	(void)state;
	assert_null(line_regex_new("a(b", false, why));
	assert_string_equal(why, "missing closing parenthesis, at byte 3");
	assert_null(line_regex_new("\\C", false, why));
	assert_null(line_regex_new("\xff", false, why));
}

static void
an_expression_that_backtracks_for_ever_meets_a_limit(void **state)
{
	int64_t start = clock_mono_us();

	(void)state;
	assert_int_equal(
	    matches("(a|a?)+(a|a?)+(a|a?)+$", false, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
	    -1);
	assert_true(clock_mono_us() - start < 2000000);
}

static void
all_lines_together_have_their_time(void **state)
{
	struct line_regex *re = line_regex_new("x", false, why);

	(void)state;
	line_regex_allow(re, -1);
	assert_int_equal(line_regex_matches(re, "abc", 3), -1);
	line_regex_allow(re, 1000000);
	assert_int_equal(line_regex_matches(re, "abc", 3), 0);
	line_regex_free(re);
	line_regex_free(NULL);
}

static void
bytes_that_are_no_text_do_not_hurt(void **state)
{
	struct line_regex *re = line_regex_new("b.d", false, why);

	(void)state;
	assert_int_equal(line_regex_matches(re, "\xff\xc3 bad\xe2\x82", 8), 1);
	line_regex_free(re);
}

/* At each of the places the group runs to the end of the line. */
static void
a_long_line_that_costs_much_at_each_place_meets_the_time(void **state)
{
	enum { LINE = 1 << 20 };
	struct line_regex *re = line_regex_new("a(?:ba)*+[-,]", false, why);
	char *line = malloc(LINE);

	(void)state;
	assert_non_null(line);
	for (size_t i = 0; i < LINE; i++)
		line[i] = "ab"[i % 2];
	line_regex_allow(re, 100000);
	assert_int_equal(line_regex_matches(re, line, LINE), -1);
	line_regex_free(re);
	free(line);
}

static void
a_long_line_is_searched_to_its_end(void **state)
{
	enum { LINE = 20000 };
	struct line_regex *re = line_regex_new("(?<=é)x", false, why);
	char line[LINE];

	(void)state;
	/* The pair is met before, behind and across each border of what is tried at once. */
	for (size_t at = 2; at < LINE - 2; at++) {
		for (size_t i = 0; i + 1 < LINE; i += 2)
			memcpy(line + i, "\xc3\xa8", 2);
		memcpy(line + at / 2 * 2, "\xc3\xa9x", 3);
		line[at / 2 * 2 + 3] = 'y';
		if (line_regex_matches(re, line, LINE) != 1)
			fail_msg("not found at %zu", at);
		at += at < 3000 ? 1 : 97;
	}
	line_regex_free(re);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_expression_is_found_anywhere_in_the_line),
	    cmocka_unit_test(a_faulty_expression_says_what_is_wrong_and_where),
	    cmocka_unit_test(an_expression_that_backtracks_for_ever_meets_a_limit),
	    cmocka_unit_test(all_lines_together_have_their_time),
	    cmocka_unit_test(bytes_that_are_no_text_do_not_hurt),
	    cmocka_unit_test(a_long_line_that_costs_much_at_each_place_meets_the_time),
	    cmocka_unit_test(a_long_line_is_searched_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
