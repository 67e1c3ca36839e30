/* SPDX-License-Identifier: MIT */
/* text.h, question by question; UTF-8 in test_text_utf8.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "text.h"

static void
integers_are_read_strictly(void **state)
{
	static const struct {
		const char *what, *text;
		int64_t min, max;
		int result;
		int64_t value;
	} table[] = {
	    {"a number", "42", 0, 100, 0, 42},
	    {"a negative number", "-7", -10, 0, 0, -7},
	    {"leading zeros", "007", 0, 10, 0, 7},
	    {"the largest", "9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX},
	    {"the smallest", "-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN},
	    {"one more than the largest", "9223372036854775808", INT64_MIN, INT64_MAX, -1, 0},
	    {"one less than the smallest", "-9223372036854775809", INT64_MIN, INT64_MAX, -1, 0},
	    {"far too many digits", "99999999999999999999999", INT64_MIN, INT64_MAX, -1, 0},
	    {"the upper bound", "10", 0, 10, 0, 10},
	    {"over the upper bound", "11", 0, 10, -1, 0},
	    {"under the lower bound", "-1", 0, 10, -1, 0},
	    {"nothing", "", 0, 10, -1, 0},
	    {"a lone minus", "-", -10, 10, -1, 0},
	    {"a plus sign", "+1", 0, 10, -1, 0},
	    {"a blank before", " 1", 0, 10, -1, 0},
	    {"a blank behind", "1 ", 0, 10, -1, 0},
	    {"a fraction", "1.0", 0, 10, -1, 0},
	    {"digit separators", "1_000", 0, 10000, -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		int64_t value = 0;

		print_message("%s\n", table[i].what);
		assert_int_equal(text_int64(table[i].text, strlen(table[i].text), table[i].min,
				     table[i].max, &value),
		    table[i].result);
		assert_int_equal(value, table[i].value);
	}
}

static void
an_integer_ends_where_its_length_says(void **state)
{
	int64_t value;

	(void)state;
	assert_int_equal(text_int64("12345", 3, 0, 1000, &value), 0);
	assert_int_equal(value, 123);
}

static void
numbers_are_read_as_json_spells_them(void **state)
{
	static const struct {
		const char *text;
		int result;
		double value;
	} table[] = {
	    {"0", 0, 0},
	    {"-1.5", 0, -1.5},
	    {"1e3", 0, 1000},
	    {"1E-3", 0, 0.001},
	    {"0.1", 0, 0.1},
	    {"1e-400", 0, 0},
	    {"1e400", -1, 0},
	    {"-1e400", -1, 0},
	    {"", -1, 0},
	    {"-", -1, 0},
	    {"01", -1, 0},
	    {".5", -1, 0},
	    {"5.", -1, 0},
	    {"1e", -1, 0},
	    {"1e+", -1, 0},
	    {"+1", -1, 0},
	    {"0x10", -1, 0},
	    {"nan", -1, 0},
	    {"inf", -1, 0},
	    {"1 ", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		double value = 0;

		print_message("'%s'\n", table[i].text);
		assert_int_equal(
		    text_double(table[i].text, strlen(table[i].text), &value), table[i].result);
		assert_true(value == table[i].value);
	}
}

static void
a_number_of_unreasonable_length_is_none(void **state)
{
	char digits[TEXT_NUMBER_MAX + 1];
	double value;

	(void)state;
	memset(digits, '0', sizeof digits);
	digits[1] = '.';
	assert_int_equal(text_double(digits, TEXT_NUMBER_MAX, &value), 0);
	assert_int_equal(text_double(digits, TEXT_NUMBER_MAX + 1, &value), -1);
}

static void
query_strings_are_decoded(void **state)
{
	static const struct {
		const char *what, *in, *out;
	} table[] = {
	    {"nothing", "", ""},
	    {"plain text", "abc", "abc"},
	    {"a plus is a blank", "a+b", "a b"},
	    {"an escaped plus is a plus", "a%2Bb", "a+b"},
	    {"hex digits in both cases", "%c3%A9", "\xc3\xa9"},
	    {"a stray percent sign stays", "100%", "100%"},
	    {"so does one before one digit", "%4", "%4"},
	    {"and one before other letters", "%zz%4g", "%zz%4g"},
	    {"what was decoded is not decoded again", "%2541", "%41"},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		char out[64];

		print_message("%s\n", table[i].what);
		assert_int_equal(
		    text_url_decode(out, table[i].in, strlen(table[i].in)), strlen(table[i].out));
		assert_string_equal(out, table[i].out);
	}
}

static void
decoding_works_in_place_and_keeps_nul(void **state)
{
	char s[] = "a%00b+c";

	(void)state;
	assert_int_equal(text_url_decode(s, s, strlen(s)), 5);
	assert_memory_equal(s, "a\0b c", 6);
}

static void
plain_bytes_are_counted_up_to_the_first_that_json_escapes(void **state)
{
	(void)state;
	assert_int_equal(text_plain_length("abc", 3), 3);
	assert_int_equal(text_plain_length("abc", 2), 2);
	assert_int_equal(text_plain_length("a\"", 2), 1);
	assert_int_equal(text_plain_length("a\\", 2), 1);
	assert_int_equal(text_plain_length("a\n", 2), 1);
	assert_int_equal(text_plain_length("a\xc3\xa9", 3), 1);
	assert_int_equal(text_plain_length("\x7f", 1), 1);
}

static void
any_byte_is_found_wherever_it_stands(void **state)
{
	char text[24];

	(void)state;
	for (int byte = 0; byte < 256; byte++)
		for (size_t at = 0; at < sizeof text; at++) {
			bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';

			memset(text, at % 2 ? ' ' : '\x7f', sizeof text);
			text[at] = (char)byte;
			assert_int_equal(
			    text_plain_length(text, sizeof text), plain ? sizeof text : at);
		}
}

static void
a_star_stands_for_any_bytes(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} table[] = {
	    {"", "", true},
	    {"", "a", false},
	    {"*", "", true},
	    {"*", "anything", true},
	    {"web", "web", true},
	    {"web", "webs", false},
	    {"web*", "web", true},
	    {"web*", "web-1", true},
	    {"*-1", "web-1", true},
	    {"*-1", "web-12", false},
	    {"w*b*1", "web-1", true},
	    {"w**1", "web-1", true},
	    {"*ab*ab*", "aabab", true},
	    {"*ab*abb", "aabab", false},
	    {"a?c", "abc", false},
	    {"[a]", "a", false},
	    {"*.example.org", "a.b.example.org", true},
	    {"*.example.org", "example.org", false},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		print_message("'%s' and '%s'\n", table[i].pattern, table[i].text);
		assert_int_equal(text_glob(table[i].pattern, table[i].text), table[i].match);
	}
}

static void
many_stars_do_not_take_for_ever(void **state)
{
	char pattern[201], text[10001];

	(void)state;
	for (size_t i = 0; i < 200; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[199] = 'b';
	pattern[200] = '\0';
	memset(text, 'a', 10000);
	text[10000] = '\0';
	assert_false(text_glob(pattern, text));
}

static void
bytes_are_written_in_hex(void **state)
{
	char out[9];

	(void)state;
	text_hex(out, (const unsigned char *)"\x00\x0f\xa5\xff", 4);
	assert_string_equal(out, "000fa5ff");
	assert_int_equal(text_hex4("00e9"), 0xe9);
	assert_int_equal(text_hex4("FFff"), 0xffff);
	assert_int_equal(text_hex4("00g0"), -1);
}

static void
prefixes_are_recognised(void **state)
{
	(void)state;
	assert_true(text_starts_with("Bearer x", "Bearer "));
	assert_true(text_starts_with("x", ""));
	assert_false(text_starts_with("Bear", "Bearer "));
	assert_false(text_starts_with("", "x"));
}

static void
case_is_ignored_in_ascii_alone(void **state)
{
	(void)state;
	assert_int_equal(text_compare_nocase("ERROR", "error"), 0);
	assert_int_equal(text_compare_nocase("", ""), 0);
	assert_true(text_compare_nocase("a", "B") < 0);
	assert_true(text_compare_nocase("B", "a") > 0);
	assert_true(text_compare_nocase("ab", "a") > 0);
	assert_true(text_compare_nocase("a", "ab") < 0);
	assert_true(text_compare_nocase("[", "{") != 0);
	assert_true(text_compare_nocase("\xc3\x89", "\xc3\xa9") != 0);
}

static void
blanks_at_both_ends_go(void **state)
{
	const char *s = " \t\r\n a b \n";
	size_t len = strlen(s);

	(void)state;
	text_trim(&s, &len);
	assert_int_equal(len, 3);
	assert_memory_equal(s, "a b", 3);
	s = " \n ";
	len = 3;
	text_trim(&s, &len);
	assert_int_equal(len, 0);
}

static void
hashes_are_stable_spread_and_never_zero(void **state)
{
	uint64_t low[256] = {0};

	(void)state;
	assert_true(text_hash("", 0) != 0);
	assert_true(text_hash("a", 1) == text_hash("a", 1));
	assert_true(text_hash("a", 1) != text_hash("b", 1));
	/* Neighbours must not share their low bits: tables are indexed by them. */
	for (uint32_t i = 0; i < 4096; i++)
		low[text_hash(&i, sizeof i) % 256]++;
	for (size_t i = 0; i < 256; i++)
		assert_in_range(low[i], 1, 48);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(integers_are_read_strictly),
	    cmocka_unit_test(an_integer_ends_where_its_length_says),
	    cmocka_unit_test(numbers_are_read_as_json_spells_them),
	    cmocka_unit_test(a_number_of_unreasonable_length_is_none),
	    cmocka_unit_test(query_strings_are_decoded),
	    cmocka_unit_test(decoding_works_in_place_and_keeps_nul),
	    cmocka_unit_test(plain_bytes_are_counted_up_to_the_first_that_json_escapes),
	    cmocka_unit_test(any_byte_is_found_wherever_it_stands),
	    cmocka_unit_test(a_star_stands_for_any_bytes),
	    cmocka_unit_test(many_stars_do_not_take_for_ever),
	    cmocka_unit_test(bytes_are_written_in_hex),
	    cmocka_unit_test(prefixes_are_recognised),
	    cmocka_unit_test(case_is_ignored_in_ascii_alone),
	    cmocka_unit_test(blanks_at_both_ends_go),
	    cmocka_unit_test(hashes_are_stable_spread_and_never_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
