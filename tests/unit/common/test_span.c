/* SPDX-License-Identifier: MIT */
/* Pieces of text: what is asked about their ends, their lines and their numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "span.h"
#include "text.h"

static void
ends_are_compared_and_taken_off(void **state)
{
	struct span s = span_of("at main.c:7");

	(void)state;
	assert_true(span_starts(s, "at ") && span_ends(s, ":7") && span_is(s, "at main.c:7"));
	assert_false(span_starts(s, "at main.c:70") || span_ends(s, "at at main.c:7"));
	assert_false(span_skip(&s, "in "));
	assert_true(span_skip(&s, "at ") && span_is(s, "main.c:7"));
	assert_true(span_is(span_from(s, 7), "7") && span_is(span_to(s, 4), "main"));
	assert_true(span_is(span_trim(span_of(" \ta b\r\n")), "a b"));
	assert_true(span_is(span_trim(span_of(" \t ")), ""));
}

static void
a_shape_is_digits_and_what_stands_between_them(void **state)
{
	(void)state;
	assert_true(span_has_shape(span_of("12:30:05 up"), "dd:dd:dd"));
	assert_true(span_has_shape(span_of(""), ""));
	assert_false(span_has_shape(span_of("12:3x:05"), "dd:dd:dd"));
	assert_false(span_has_shape(span_of("12-30-05"), "dd:dd:dd"));
	assert_false(span_has_shape(span_of("12:30:0"), "dd:dd:dd"));
}

static void
the_first_and_the_last_are_found(void **state)
{
	struct span s = span_of("a:b:c");

	(void)state;
	assert_int_equal(span_find(s, ":"), 1);
	assert_int_equal(span_find_last(s, ":"), 3);
	assert_int_equal(span_find_last(s, "a:b:c"), 0);
	assert_int_equal(span_find(s, "::"), SIZE_MAX);
	assert_int_equal(span_find_last(s, "c:"), SIZE_MAX);
	assert_int_equal(span_find_last(span_empty, ":"), SIZE_MAX);
	/* What lies behind a span is none of it. */
	assert_false(span_has(span_to(s, 3), "c"));
}

static void
numbers_are_whole_and_fit(void **state)
{
	static const struct {
		const char *text;
		bool is_number;
		uint32_t value;
	} rows[] = {
	    {"0", true, 0},
	    {"41", true, 41},
	    {"4294967295", true, UINT32_MAX},
	    {"4294967296", false, 0},
	    {"", false, 0},
	    {"-1", false, 0},
	    {"-0", false, 0},
	    {"4x", false, 0},
	    {" 4", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		uint32_t value = 0;

		if (span_number(span_of(rows[i].text), &value) != rows[i].is_number)
			fail_msg("\"%s\"", rows[i].text);
		assert_int_equal(value, rows[i].value);
	}
	assert_int_equal(span_digits(span_of("12:3")), 2);
	assert_int_equal(span_digits(span_of("x")), 0);
	assert_int_equal(span_indent(span_of("\t  x ")), 3);
	assert_int_equal(span_indent(span_of("  ")), 2);
}

static void
lines_come_without_their_ends(void **state)
{
	static const char *const lines[] = {"one", "", "two", "three"};
	struct span rest = span_of("one\r\n\ntwo\nthree"), line;
	size_t n = 0;

	(void)state;
	while (span_line(&rest, &line))
		assert_true(span_is(line, lines[n++]));
	assert_int_equal(n, NELEM(lines));
	rest = span_of("one\n");
	assert_true(span_line(&rest, &line));
	assert_false(span_line(&rest, &line));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ends_are_compared_and_taken_off),
	    cmocka_unit_test(a_shape_is_digits_and_what_stands_between_them),
	    cmocka_unit_test(the_first_and_the_last_are_found),
	    cmocka_unit_test(numbers_are_whole_and_fit),
	    cmocka_unit_test(lines_come_without_their_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
