/* SPDX-License-Identifier: MIT */
/* The JSON reader; the writer (test_json_out.c) is the mirror in which it is looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "json_scan.h"
#include "tests/unit/with_arena.h"
#include "text.h"

#define FFFD "\xef\xbf\xbd"

/* The document as we write it, or NULL if it was refused; *why then says so. */
static const char *
rewritten(const char *text, size_t len, const char **why, size_t *at)
{
	const cJSON *doc = json_parse(mem, text, len, why, at);
	struct buf b = {0};
	struct json_out out = {.buf = &b};
	const char *copy;

	if (doc == NULL)
		return NULL;
	json_tree(&out, NULL, doc);
	copy = arena_strndup(mem, b.data, b.len);
	buf_free(&b);
	return copy;
}

static void
documents_are_read(void **state)
{
	static const struct {
		const char *what, *in, *out;
	} table[] = {
	    {"an object", "{\"a\":1,\"b\":[true,false,null]}", "{\"a\":1,\"b\":[true,false,null]}"},
	    {"blanks everywhere", " { \"a\" :\t1 ,\r\n\"b\" : [ ] } ", "{\"a\":1,\"b\":[]}"},
	    {"a text at the top", "\"x\"", "\"x\""},
	    {"a number at the top", "1", "1"},
	    {"a word at the top", "null", "null"},
	    {"a byte order mark", "\xef\xbb\xbf{}", "{}"},
	    {"an empty object and array", "[{},[]]", "[{},[]]"},
	    {"an empty name", "{\"\":1}", "{\"\":1}"},
	    {"every simple escape", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
		"\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
	    {"an escaped letter", "\"\\u0041\\u00e9\"", "\"A\xc3\xa9\""},
	    {"a surrogate pair", "\"\\ud83d\\uDE00\"", "\"\xf0\x9f\x98\x80\""},
	    {"a lone high surrogate", "\"\\ud83dx\"", "\"" FFFD "x\""},
	    {"a lone low surrogate", "\"\\ude00\"", "\"" FFFD "\""},
	    {"two high surrogates", "\"\\ud83d\\ud83d\\ude00\"", "\"" FFFD "\xf0\x9f\x98\x80\""},
	    {"a high surrogate, then a letter", "\"\\ud83d\\u0041\"", "\"" FFFD "A\""},
	    {"an escaped NUL", "\"a\\u0000b\"", "\"a" FFFD "b\""},
	    {"an escaped NUL in a name", "{\"a\\u0000b\":1}", "{\"a" FFFD "b\":1}"},
	    {"an escaped control character", "\"\\u001f\"", "\"\\u001f\""},
	    {"invalid UTF-8", "\"a\xff\xc3\"", "\"a" FFFD FFFD "\""},
	    {"a delete character", "\"\x7f\"", "\"\x7f\""},
	    {"numbers of every shape", "[0,-0,-1,1.5,1e3,1E+3,1e-3,-1.25e2]",
		"[0,-0,-1,1.5,1000,1000,0.001,-125]"},
	    {"a number that vanishes", "1e-400", "0"},
	    {"the largest number", "1.7976931348623157e308", "1.7976931348623157e+308"},
	    {"a number of more digits than cJSON reads",
		"[3.14159265358979323846264338327950288419716939937510582097494459230781640628]",
		"[3.141592653589793]"},
	    {"more zeros than cJSON reads",
		"[0.0000000000000000000000000000000000000000000000000000000000000000000001]",
		"[1e-70]"},
	    {"of equal names the last", "{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":2,\"a\":3}"},
	    {"of three equal names the last", "{\"a\":1,\"a\":2,\"a\":3}", "{\"a\":3}"},
	    {"equal names by different spellings", "{\"a\":1,\"\\u0061\":2}", "{\"a\":2}"},
	    {"names that differ in case stay", "{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"},
	    {"equal names deeper down", "[{\"x\":{\"a\":1,\"a\":{}}}]", "[{\"x\":{\"a\":{}}}]"},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		const char *why = NULL, *out;
		size_t at;

		print_message("%s\n", table[i].what);
		out = rewritten(table[i].in, strlen(table[i].in), &why, &at);
		assert_null(why);
		assert_string_equal(out, table[i].out);
	}
}

static void
what_is_no_document_is_refused_with_a_reason(void **state)
{
	static const struct {
		const char *in, *why;
		size_t at;
	} table[] = {
	    {"", "the document is empty", 0},
	    {" \n", "the document is empty", 2},
	    {"\xef\xbb\xbf", "the document is empty", 3},
	    {"{", "it ends too early", 1},
	    {"[1", "it ends too early", 2},
	    {"[1,", "it ends too early", 3},
	    {"{\"a", "it ends too early", 3},
	    {"{\"a\"", "it ends too early", 4},
	    {"{\"a\":", "it ends too early", 5},
	    {"\"a\\", "an escape in a string is none that JSON knows", 2},
	    {"\"\\x\"", "an escape in a string is none that JSON knows", 1},
	    {"\"\\u12g4\"", "an escape in a string is none that JSON knows", 1},
	    {"\"a\nb\"", "a control character in a string must be escaped", 2},
	    {"[1,]", "a value was expected", 3},
	    {"[,1]", "a value was expected", 1},
	    {"[1 2]", "a comma or a closing bracket was expected", 3},
	    {"[1}", "a comma or a closing bracket was expected", 2},
	    {"{\"a\":1]", "a comma or a closing brace was expected", 6},
	    {"{\"a\":1,}", "a member's name in double quotes was expected", 7},
	    {"{a:1}", "a member's name in double quotes was expected", 1},
	    {"{'a':1}", "a member's name in double quotes was expected", 1},
	    {"{\"a\" 1}", "a colon was expected after a member's name", 5},
	    {"{\"a\":}", "a value was expected", 5},
	    {"tru", "a value was expected", 0},
	    {"True", "a value was expected", 0},
	    {"NaN", "a value was expected", 0},
	    {"-Infinity", "a number is not spelled as JSON asks", 0},
	    {"-", "a number is not spelled as JSON asks", 0},
	    {"01", "a number is not spelled as JSON asks", 0},
	    {"1.", "a number is not spelled as JSON asks", 0},
	    {"1.e5", "a number is not spelled as JSON asks", 0},
	    {"1e", "a number is not spelled as JSON asks", 0},
	    {"1-2", "a number is not spelled as JSON asks", 0},
	    {"+1", "a value was expected", 0},
	    {".5", "a value was expected", 0},
	    {"[1e400]", "a number is too large", 1},
	    {"[-1e999999999999]", "a number is too large", 1},
	    {"1 2", "something follows the end of the document", 2},
	    {"{}x", "something follows the end of the document", 2},
	    {"/* */1", "a value was expected", 0},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		const char *why = NULL;
		size_t at = 99;

		print_message("'%s'\n", table[i].in);
		assert_null(json_parse(mem, table[i].in, strlen(table[i].in), &why, &at));
		assert_string_equal(why, table[i].why);
		assert_int_equal(at, table[i].at);
	}
}

static void
a_nul_byte_is_no_blank(void **state)
{
	const char *why;
	size_t at;

	(void)state;
	assert_null(json_parse(mem, "1\0", 2, &why, &at));
	assert_int_equal(at, 1);
	assert_null(json_parse(mem, "\0", 1, &why, &at));
	assert_null(json_parse(mem, "\"\0\"", 3, &why, &at));
	assert_null(json_parse(mem, "\"\\\0\"", 4, &why, &at));
	assert_string_equal(why, "an escape in a string is none that JSON knows");
}

static void
the_text_is_not_read_beyond_its_length(void **state)
{
	static const char *const whole[] = {
	    "{\"a\":[1.5e3,\"\\ud83d\\ude00\",true]}", "\"\xf0\x9f\x98\x80\"", "123456"};
	const char *why;
	size_t at;

	(void)state;
	for (size_t i = 0; i < NELEM(whole); i++) {
		for (size_t len = 0; len < strlen(whole[i]); len++) {
			/* Of its own size, so that the sanitizer sees a step too far. */
			char *part = malloc(len + 1);

			memcpy(part, whole[i], len);
			part = realloc(part, len > 0 ? len : 1);
			(void)json_parse(mem, part, len, &why, &at);
			free(part);
		}
	}
}

static void
sixty_four_levels_are_deep_enough(void **state)
{
	static const struct {
		const char *open, *close;
	} table[] = {{"[", "]"}, {"{\"a\":", "}"}};
	const char *why;
	size_t at;

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		for (int depth = 63; depth <= 66; depth++) {
			struct buf b = {0};

			for (int n = 0; n < depth; n++)
				buf_str(&b, table[i].open);
			buf_str(&b, "1");
			for (int n = 0; n < depth; n++)
				buf_str(&b, table[i].close);
			if (depth <= JSON_MAX_DEPTH) {
				assert_string_equal(
				    rewritten(b.data, b.len, &why, &at), buf_text(&b));
			} else {
				assert_null(json_parse(mem, b.data, b.len, &why, &at));
				assert_string_equal(why, "it is nested deeper than 64 levels");
			}
			buf_free(&b);
		}
	}
}

static void
siblings_do_not_add_to_the_depth(void **state)
{
	struct buf b = {0};
	const char *why;
	size_t at;

	(void)state;
	buf_str(&b, "[[]");
	for (int n = 0; n < 200; n++)
		buf_str(&b, ",{\"a\":[]}");
	buf_char(&b, ']');
	assert_string_equal(rewritten(b.data, b.len, &why, &at), buf_text(&b));
	buf_free(&b);
}

static void
a_million_brackets_do_no_harm(void **state)
{
	size_t len = 1000000, at;
	char *text = malloc(len);
	const char *why;

	(void)state;
	memset(text, '[', len);
	assert_null(json_parse(mem, text, len, &why, &at));
	assert_int_equal(at, 64);
	free(text);
}

/* Each grows to three: the copy must have room for them. */
static void
bad_bytes_in_any_number_are_replaced(void **state)
{
	enum { BYTES = 100000 };
	char *text = malloc(BYTES);
	const cJSON *doc;
	const char *why;
	size_t at;

	(void)state;
	memset(text, 0xff, BYTES);
	text[0] = text[BYTES - 1] = '"';
	doc = json_parse(mem, text, BYTES, &why, &at);
	assert_non_null(doc);
	assert_int_equal(strlen(doc->valuestring), 3 * (BYTES - 2));
	free(text);
}

/* cJSON before 1.7.19 takes what lies beyond 63 characters of a number for garbage. */
static void
long_numbers_reach_cjson_short(void **state)
{
	struct buf b = {0};
	const char *why;
	size_t at, len;

	(void)state;
	buf_str(&b, "[1.");
	for (int n = 0; n < 1000; n++)
		buf_char(&b, '3');
	buf_str(&b, ",2]");
	assert_string_equal(
	    json_scan(mem, b.data, b.len, &len, &why, &at), "[1.3333333333333333,2]");
	assert_int_equal(len, 22);
	buf_free(&b);
}

/* Two hundred thousand members, each name given twice; a quadratic reader would take minutes. */
static void
many_members_keep_their_last_values(void **state)
{
	enum { NAMES = 100000 };
	struct buf b = {0};
	const cJSON *doc, *member;
	const char *why;
	size_t at;
	int n = 0;

	(void)state;
	buf_char(&b, '{');
	for (int i = 0; i < 2 * NAMES; i++)
		buf_printf(&b, "%s\"name%d\":%d", i > 0 ? "," : "", i % NAMES, i);
	buf_char(&b, '}');
	doc = json_parse(mem, b.data, b.len, &why, &at);
	assert_non_null(doc);
	cJSON_ArrayForEach(member, doc)
	{
		assert_int_equal(member->valuedouble, NAMES + n);
		n++;
	}
	assert_int_equal(n, NAMES);
	buf_free(&b);
}

static void
one_name_many_times_leaves_one_member(void **state)
{
	struct buf b = {0};
	const char *why;
	size_t at;

	(void)state;
	buf_str(&b, "{\"a\":0");
	for (int i = 1; i < 50000; i++)
		buf_printf(&b, ",\"a\":%d", i);
	buf_char(&b, '}');
	assert_string_equal(rewritten(b.data, b.len, &why, &at), "{\"a\":49999}");
	buf_free(&b);
}

/* Removal in bulk must leave cJSON's list whole, first and last member included. */
static void
more_than_a_few_members_lose_duplicates_anywhere(void **state)
{
	(void)state;
	for (int twin = 0; twin < 20; twin++) {
		struct buf in = {0}, out = {0};
		const char *why;
		size_t at;

		for (int i = 0; i < 20; i++) {
			buf_printf(&in, "%s\"%d\":0", i > 0 ? "," : "{", i);
			if (i != twin)
				buf_printf(&out, "%s\"%d\":0", out.len > 0 ? "," : "{", i);
		}
		buf_printf(&in, ",\"%d\":1}", twin);
		buf_printf(&out, ",\"%d\":1}", twin);
		assert_string_equal(rewritten(in.data, in.len, &why, &at), buf_text(&out));
		buf_free(&in);
		buf_free(&out);
	}
}

static void
members_are_found_by_their_exact_name(void **state)
{
	const char *text = "{\"a\":\"x\",\"n\":1,\"null\":null}", *why;
	size_t at;
	const cJSON *doc = json_parse(mem, text, strlen(text), &why, &at);

	(void)state;
	assert_non_null(json_get(doc, "a"));
	assert_null(json_get(doc, "A"));
	assert_null(json_get(NULL, "a"));
	assert_null(json_get(json_get(doc, "a"), "a"));
	assert_string_equal(json_get_text(doc, "a"), "x");
	assert_null(json_get_text(doc, "n"));
	assert_null(json_get_text(doc, "null"));
	assert_null(json_get_text(doc, "b"));
}

static void
whole_numbers_are_told_from_others(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max;
		bool is;
		int64_t value;
	} table[] = {
	    {"5", 0, 10, true, 5},
	    {"5.0", 0, 10, true, 5},
	    {"5e0", 0, 10, true, 5},
	    {"-0", 0, 10, true, 0},
	    {"5.5", 0, 10, false, 0},
	    {"11", 0, 10, false, 0},
	    {"-1", 0, 10, false, 0},
	    {"\"5\"", 0, 10, false, 0},
	    {"true", 0, 10, false, 0},
	    {"9007199254740992", 0, INT64_MAX, true, 9007199254740992},
	    {"9223372036854775807", 0, INT64_MAX, false, 0},
	    {"-9223372036854775808", INT64_MIN, 0, true, INT64_MIN},
	    {"1e300", INT64_MIN, INT64_MAX, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		const char *why;
		size_t at;
		int64_t value = 0;
		const cJSON *doc = json_parse(mem, table[i].text, strlen(table[i].text), &why, &at);

		print_message("%s\n", table[i].text);
		assert_int_equal(json_is_int(doc, table[i].min, table[i].max, &value), table[i].is);
		assert_int_equal(value, table[i].value);
	}
	assert_false(json_is_int(NULL, 0, 1, &(int64_t){0}));
}

static void
cjson_keeps_its_own_memory_elsewhere(void **state)
{
	const char *why;
	size_t at;
	cJSON *own;

	(void)state;
	assert_non_null(json_parse(mem, "{}", 2, &why, &at));
	own = cJSON_Parse("{\"a\":[1]}");
	assert_non_null(own);
	cJSON_Delete(own);
}

static void
a_million_values_are_enough(void **state)
{
	const char *why;
	size_t at;

	(void)state;
	/* The array is a value itself. */
	for (int n = JSON_MAX_VALUES - 1; n <= JSON_MAX_VALUES; n++) {
		struct arena *own = arena_new(0);
		struct buf b = {0};

		buf_str(&b, "[0");
		for (int i = 1; i < n; i++)
			buf_str(&b, ",0");
		buf_char(&b, ']');
		if (n < JSON_MAX_VALUES)
			assert_non_null(json_parse(own, b.data, b.len, &why, &at));
		else {
			assert_null(json_parse(own, b.data, b.len, &why, &at));
			assert_string_equal(why, "it has more than a million values");
		}
		buf_free(&b);
		arena_free(own);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ARENA(documents_are_read),
	    WITH_ARENA(what_is_no_document_is_refused_with_a_reason),
	    WITH_ARENA(a_nul_byte_is_no_blank),
	    WITH_ARENA(the_text_is_not_read_beyond_its_length),
	    WITH_ARENA(sixty_four_levels_are_deep_enough),
	    WITH_ARENA(siblings_do_not_add_to_the_depth),
	    WITH_ARENA(a_million_brackets_do_no_harm),
	    WITH_ARENA(bad_bytes_in_any_number_are_replaced),
	    WITH_ARENA(long_numbers_reach_cjson_short),
	    WITH_ARENA(many_members_keep_their_last_values),
	    WITH_ARENA(one_name_many_times_leaves_one_member),
	    WITH_ARENA(more_than_a_few_members_lose_duplicates_anywhere),
	    WITH_ARENA(members_are_found_by_their_exact_name),
	    WITH_ARENA(whole_numbers_are_told_from_others),
	    WITH_ARENA(cjson_keeps_its_own_memory_elsewhere),
	    cmocka_unit_test(a_million_values_are_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
