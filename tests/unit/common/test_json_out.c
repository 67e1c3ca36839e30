/* SPDX-License-Identifier: MIT */
/* The JSON writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

#define FFFD "\xef\xbf\xbd"

static void
every_kind_of_value_is_written(void **state)
{
	struct buf b = {0};
	struct json_out out = {.buf = &b};

	(void)state;
	json_object(&out, NULL);
	json_text(&out, "text", "a\"b\\c\n\x01\x7f");
	json_text(&out, "none", NULL);
	json_text_len(&out, "len", "abc", 2);
	json_int(&out, "int", INT64_MIN);
	json_real(&out, "real", 0.5);
	json_real(&out, "nan", NAN);
	json_real(&out, "inf", -INFINITY);
	json_bool(&out, "yes", true);
	json_bool(&out, "no", false);
	json_null(&out, "null");
	json_raw(&out, "raw", "[1]", 3);
	json_time(&out, "time", 1795342830);
	json_array(&out, "list");
	json_object(&out, NULL);
	json_object_end(&out);
	json_int(&out, NULL, 1);
	json_array(&out, NULL);
	json_array_end(&out);
	json_array_end(&out);
	json_int(&out, "a\"key", 2);
	json_object_end(&out);
	assert_string_equal(buf_text(&b),
	    "{\"text\":\"a\\\"b\\\\c\\n\\u0001\x7f\",\"none\":null,\"len\":\"ab\","
	    "\"int\":-9223372036854775808,\"real\":0.5,\"nan\":null,\"inf\":null,"
	    "\"yes\":true,\"no\":false,\"null\":null,\"raw\":[1],"
	    "\"time\":\"2026-11-22T10:20:30Z\",\"list\":[{},1,[]],\"a\\\"key\":2}");
	buf_free(&b);
}

static void
bytes_that_are_no_text_never_leave(void **state)
{
	struct buf b = {0};
	struct json_out out = {.buf = &b};

	(void)state;
	json_text_len(&out, NULL, "\xff\0\xc3\xa9\xe2\x82", 6);
	assert_string_equal(buf_text(&b), "\"" FFFD "\\u0000\xc3\xa9" FFFD FFFD "\"");
	buf_free(&b);
}

static void
numbers_are_spelled_as_short_as_they_can_be(void **state)
{
	static const struct {
		double value;
		const char *text;
	} table[] = {
	    {0, "0"},
	    {-0.0, "-0"},
	    {1, "1"},
	    {-100000, "-100000"},
	    {999999999999999, "999999999999999"},
	    {1e15, "1e+15"},
	    {0.1, "0.1"},
	    {0.1 + 0.2, "0.30000000000000004"},
	    {1.0 / 3, "0.3333333333333333"},
	    {9007199254740992.0, "9007199254740992"},
	    {1e21, "1e+21"},
	    {DBL_MAX, "1.7976931348623157e+308"},
	    {DBL_MIN, "2.2250738585072014e-308"},
	    {5e-324, "4.94065645841247e-324"},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		char text[JSON_NUMBER_SIZE];

		print_message("%s\n", table[i].text);
		assert_int_equal(json_spell(text, table[i].value), strlen(table[i].text));
		assert_string_equal(text, table[i].text);
	}
}

static void
numbers_read_back_as_they_were(void **state)
{
	uint64_t bits = 88172645463325252;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[JSON_NUMBER_SIZE];
		double value;

		/* Marsaglia's xorshift64: doubles of every size. */
		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		memcpy(&value, &bits, sizeof value);
		if (!isfinite(value))
			continue;
		(void)json_spell(text, value);
		assert_true(strtod(text, NULL) == value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_of_value_is_written),
	    cmocka_unit_test(bytes_that_are_no_text_never_leave),
	    cmocka_unit_test(numbers_are_spelled_as_short_as_they_can_be),
	    cmocka_unit_test(numbers_read_back_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
