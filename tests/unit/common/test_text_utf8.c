/* SPDX-License-Identifier: MIT */
/* text.h on UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "text.h"

static void
utf8_sequences_are_told_from_other_bytes(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t length;
	} table[] = {
	    {"ASCII", "a", 1},
	    {"two bytes, the first of them", "\xc2\x80", 2},
	    {"two bytes, overlong", "\xc1\xbf", 0},
	    {"three bytes", "\xe2\x82\xac", 3},
	    {"three bytes, overlong", "\xe0\x9f\xbf", 0},
	    {"the last before the surrogates", "\xed\x9f\xbf", 3},
	    {"a surrogate", "\xed\xa0\x80", 0},
	    {"four bytes", "\xf0\x9f\x98\x80", 4},
	    {"four bytes, overlong", "\xf0\x8f\xbf\xbf", 0},
	    {"the last code point", "\xf4\x8f\xbf\xbf", 4},
	    {"one more", "\xf4\x90\x80\x80", 0},
	    {"five bytes", "\xf8\x88\x80\x80\x80", 0},
	    {"a continuation byte alone", "\x80", 0},
	    {"cut short", "\xe2\x82", 0},
	    {"a bad second byte", "\xe2(\xa1", 0},
	    {"a bad third byte", "\xe2\x82(", 0},
	    {"a bad fourth byte", "\xf0\x9f\x98(", 0},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		size_t len = strlen(table[i].bytes);

		print_message("%s\n", table[i].what);
		assert_int_equal(text_utf8_length(table[i].bytes, len), table[i].length);
		assert_int_equal(text_utf8_valid(table[i].bytes, len), table[i].length == len);
	}
	assert_int_equal(text_utf8_length("", 0), 0);
	assert_true(text_utf8_valid("", 0));
}

static void
one_bad_byte_is_found_wherever_it_lies(void **state)
{
	char text[64];

	(void)state;
	for (size_t len = 0; len < sizeof text; len++) {
		memset(text, 'a', sizeof text);
		assert_true(text_utf8_valid(text, len));
		for (size_t i = 0; i < len; i++) {
			memset(text, 'a', sizeof text);
			text[i] = '\x80';
			assert_false(text_utf8_valid(text, len));
			if (i == 0)
				continue;
			text[i - 1] = '\xc3';
			assert_true(text_utf8_valid(text, len));
		}
	}
}

static void
cutting_never_splits_a_character(void **state)
{
	static const struct {
		const char *what, *text;
		size_t max, length;
	} table[] = {
	    {"short enough", "abc", 5, 3},
	    {"exactly so long", "abc", 3, 3},
	    {"ASCII", "abc", 2, 2},
	    {"to nothing", "abc", 0, 0},
	    {"after the first byte of two", "a\xc3\xa9", 2, 1},
	    {"after the first byte of three", "a\xe2\x82\xac", 2, 1},
	    {"after the second byte of three", "a\xe2\x82\xac", 3, 1},
	    {"after the third byte of four", "\xf0\x9f\x98\x80!", 3, 0},
	    {"behind four bytes", "\xf0\x9f\x98\x80!", 4, 4},
	    {"within bytes that are no UTF-8", "\x80\x80\x80\x80\x80", 3, 3},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		print_message("%s\n", table[i].what);
		assert_int_equal(text_utf8_cut(table[i].text, strlen(table[i].text), table[i].max),
		    table[i].length);
	}
}

static void
what_is_no_text_becomes_the_replacement_character(void **state)
{
	static const struct {
		const char *what, *in;
		size_t len;
		const char *out;
	} table[] = {
	    {"good text stays", "h\xc3\xa9!", 4, "h\xc3\xa9!"},
	    {"NUL is replaced", "a\0b", 3,
		"a\xef\xbf\xbd"
		"b"},
	    {"each bad byte is", "\xff\xfe", 2, "\xef\xbf\xbd\xef\xbf\xbd"},
	    {"each byte of a surrogate is", "\xed\xa0\x80", 3,
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	    {"what follows a cut sequence survives",
		"\xe2\x82"
		"a",
		3,
		"\xef\xbf\xbd\xef\xbf\xbd"
		"a"},
	    {"nothing stays nothing", "", 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		char out[64];

		print_message("%s\n", table[i].what);
		assert_int_equal(
		    text_utf8_repair(out, table[i].in, table[i].len), strlen(table[i].out));
		assert_string_equal(out, table[i].out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(utf8_sequences_are_told_from_other_bytes),
	    cmocka_unit_test(one_bad_byte_is_found_wherever_it_lies),
	    cmocka_unit_test(cutting_never_splits_a_character),
	    cmocka_unit_test(what_is_no_text_becomes_the_replacement_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
