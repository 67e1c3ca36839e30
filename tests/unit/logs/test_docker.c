/* SPDX-License-Identifier: MIT */
/* Records of all formats, whole, broken and cut into fragments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "chunk.h"
#include "clock.h"
#include "docker.h"
#include "fragments.h"
#include "text.h"

#define NOON (INT64_C(1790000000) * NS_PER_SECOND) /* 2026-09-21T14:13:20Z */
#define AT "\"time\":\"2026-09-21T14:13:20Z\"}"

/* ---- json-file -------------------------------------------------------------------- */

static const struct {
	const char *why, *line;
	const char *text; /* NULL: no record */
	bool ended, stderr;
	int64_t ns; /* behind NOON */
} json_rows[] = {
    {"as Docker writes it", "{\"log\":\"hello\\n\",\"stream\":\"stderr\"," AT, "hello", true, true,
	0},
    {"nanoseconds", "{\"log\":\"x\\n\",\"time\":\"2026-09-21T14:13:20.123456789Z\"}", "x", true,
	false, 123456789},
    {"trailing zeros cut off", "{\"log\":\"x\\n\",\"time\":\"2026-09-21T14:13:20.5Z\"}", "x", true,
	false, 500000000},
    {"an offset", "{\"log\":\"x\\n\",\"time\":\"2026-09-21T16:13:20+02:00\"}", "x", true, false, 0},
    {"members in any order, blanks between",
	"{ "
	"\"time\" : \"2026-09-21T14:13:20Z\" , \"log\" : \"x\\n\" }",
	"x", true, false, 0},
    {"escapes are decoded", "{\"log\":\"{\\\"a\\\":\\\"\\\\\\\\\\\"}\\t\\u003cb\\u003e\\n\"," AT,
	"{\"a\":\"\\\\\"}\t<b>", true, false, 0},
    {"terminal codes stay", "{\"log\":\"\\u001b[31mred\\u001b[0m\\n\"," AT, "\x1b[31mred\x1b[0m",
	true, false, 0},
    {"letters beyond ASCII", "{\"log\":\"caf\\u00e9 \xc3\xa9 \\ud83d\\ude00\\n\"," AT,
	"caf\xc3\xa9 \xc3\xa9 \xf0\x9f\x98\x80", true, false, 0},
    {"lone surrogates", "{\"log\":\"\\ud83d x \\ude00\\n\"," AT, "\xef\xbf\xbd x \xef\xbf\xbd",
	true, false, 0},
    {"a blank line", "{\"log\":\"\\n\"," AT, "", true, false, 0},
    {"no log at all", "{\"stream\":\"stdout\"," AT, "", false, false, 0},
    {"no newline", "{\"log\":\"half\"," AT, "half", false, false, 0},
    {"a literal backslash n stays", "{\"log\":\"a\\\\n\"," AT, "a\\n", false, false, 0},
    {"attributes are passed over",
	"{\"log\":\"x\\n\",\"stream\":\"stdout\",\"attrs\":{\"time\":\"y\",\"log\":\"}\"}," AT, "x",
	true, false, 0},
    {"other values, too", "{\"a\":1,\"b\":[{\"c\":null}],\"log\":\"x\\n\"," AT, "x", true, false,
	0},
    {"half a record before a whole one",
	"{\"log\":\"lost{\"log\":\"kept\\n\",\"stream\":\"stdout\"," AT, "kept", true, false, 0},
    {"no time", "{\"log\":\"x\\n\"}", NULL, false, false, 0},
    {"no such time", "{\"log\":\"x\\n\",\"time\":\"2026-13-41T14:13:20Z\"}", NULL, false, false, 0},
    {"no such time", "{\"log\":\"x\\n\",\"time\":\"2026-00-21T14:13:20Z\"}", NULL, false, false, 0},
    {"no such time", "{\"log\":\"x\\n\",\"time\":\"2026-09-31T14:13:20.5Z\"}", NULL, false, false,
	0},
    {"no such time", "{\"log\":\"x\\n\",\"time\":\"2026-09-00T14:13:20Z\"}", NULL, false, false, 0},
    {"no such time", "{\"log\":\"x\\n\",\"time\":\"2026-02-29T14:13:20Z\"}", NULL, false, false, 0},
    {"no such time", "{\"log\":\"x\\n\",\"time\":\"2026-09-21T14:60:20Z\"}", NULL, false, false, 0},
    {"no such time", "{\"log\":\"x\\n\",\"time\":\"2026-09-21T14:13:61Z\"}", NULL, false, false, 0},
    {"no such time", "{\"log\":\"x\\n\",\"time\":\"9999-12-31T23:59:59.9Z\"}", NULL, false, false,
	0},
    {"a leap second", "{\"log\":\"x\\n\",\"time\":\"2026-09-21T14:13:60Z\"}", "x", true, false,
	39 * NS_PER_SECOND + 999999999},
    {"cut off", "{\"log\":\"x", NULL, false, false, 0},
    {"no object", "hello", NULL, false, false, 0},
    {"nothing", "", NULL, false, false, 0},
};

static void
json_file_records_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(json_rows); i++) {
		struct docker_record r;
		char line[512];
		size_t len = strlen(json_rows[i].line);
		int result;

		memcpy(line, json_rows[i].line, len);
		result = docker_json(line, len, &r);
		if ((result == 0) != (json_rows[i].text != NULL))
			fail_msg("%s", json_rows[i].why);
		if (result != 0)
			continue;
		if (r.len != strlen(json_rows[i].text) ||
		    memcmp(r.text, json_rows[i].text, r.len) != 0)
			fail_msg("%s: %.*s", json_rows[i].why, (int)r.len, r.text);
		assert_int_equal(r.ended, json_rows[i].ended);
		assert_int_equal(r.stream == STREAM_STDERR, json_rows[i].stderr);
		assert_true(r.ns == NOON + json_rows[i].ns);
		assert_false(r.fragment);
	}
}

static void
nuls_before_a_record_are_the_hole_of_a_truncation(void **state)
{
	char line[] = "\0\0\0{\"log\":\"x\\n\"," AT;
	struct docker_record r;

	(void)state;
	assert_int_equal(docker_json(line, sizeof line - 1, &r), 0);
	assert_int_equal(r.len, 1);
}

/* ---- fragments ---------------------------------------------------------------------- */

static struct docker_record
record(const char *text, size_t len, bool ended, bool fragment, int64_t ns)
{
	return (struct docker_record){
	    .ns = ns, .text = text, .len = len, .ended = ended, .fragment = fragment};
}

static void
a_record_of_16384_bytes_without_newline_is_a_fragment(void **state)
{
	static char line[40000];
	const char *const head = "{\"log\":\"", *const tail = "\"," AT;

	(void)state;
	for (size_t n = DOCKER_FRAGMENT - 1; n <= DOCKER_FRAGMENT + 1; n++) {
		struct docker_record r;
		size_t len = strlen(head);

		memcpy(line, head, len);
		memset(line + len, 'x', n);
		memcpy(line + len + n, tail, strlen(tail));
		assert_int_equal(docker_json(line, len + n + strlen(tail), &r), 0);
		assert_int_equal(r.len, n);
		assert_int_equal(r.fragment, n == DOCKER_FRAGMENT);
	}
}

static void
fragments_are_joined_until_the_line_ends(void **state)
{
	struct fragments f = {0};
	struct docker_record one = record("one ", 4, false, true, 5),
			     two = record("two", 3, true, false, 5);

	(void)state;
	assert_false(fragments_continue(&f, &one));
	fragments_add(&f, &one, 100);
	assert_true(fragments_continue(&f, &two));
	fragments_add(&f, &two, 200);
	assert_int_equal(f.text.len, 7);
	assert_memory_equal(f.text.data, "one two", 7);
	assert_true(f.at == 100 && f.ns == 5);
	fragments_clear(&f);
	assert_false(f.open);
	buf_free(&f.text);
}

static void
what_ended_without_newline_is_not_joined_with_what_comes_after_a_restart(void **state)
{
	struct fragments f = {0};
	struct docker_record last = record("bye", 3, false, false, 5),
			     later = record("hello", 5, true, false, 9);

	(void)state;
	fragments_add(&f, &last, 0);
	assert_false(fragments_continue(&f, &later));
	later.ns = 5; /* since 18.09 all fragments of a line have its time */
	assert_true(fragments_continue(&f, &later));
	fragments_clear(&f);
	buf_free(&f.text);
}

static void
a_character_cut_in_two_leaves_one_mark_and_not_four(void **state)
{
	struct fragments f = {0};
	struct docker_record one = record("caf\xef\xbf\xbd", 6, false, true, 5),
			     two = record("\xef\xbf\xbd\xef\xbf\xbd!", 7, true, false, 5);

	(void)state;
	fragments_add(&f, &one, 0);
	fragments_add(&f, &two, 9);
	assert_int_equal(f.text.len, 7);
	assert_memory_equal(f.text.data, "caf\xef\xbf\xbd!", 7);
	fragments_clear(&f);
	buf_free(&f.text);
}

static void
a_line_is_kept_up_to_a_mebibyte(void **state)
{
	static char text[DOCKER_FRAGMENT];
	struct fragments f = {0};
	struct docker_record r = record(text, sizeof text, false, true, 5);

	(void)state;
	memset(text, 'x', sizeof text);
	for (int i = 0; i < 100; i++)
		fragments_add(&f, &r, i);
	assert_int_equal(f.text.len, DOCKER_LINE_MAX);
	assert_true(f.cut);
	fragments_clear(&f);
	buf_free(&f.text);
}

/* ---- CRI ----------------------------------------------------------------------------------- */

static const struct {
	const char *line, *text;
	bool ended, stderr;
} cri_rows[] = {
    {"2026-09-21T14:13:20.000000000Z stdout F hello world", "hello world", true, false},
    {"2026-09-21T16:13:20+02:00 stderr P part", "part", false, true},
    {"2026-09-21T14:13:20Z stdout F ", "", true, false},
    {"2026-09-21T14:13:20Z stdout F", "", true, false},
    {"2026-09-21T14:13:20Z stdout F:x tagged", "tagged", true, false},
    {"2026-09-21T14:13:20Z stdin F x", NULL, false, false},
    {"2026-09-21T14:13:20Z stdout X x", NULL, false, false},
    {"hello stdout F x", NULL, false, false},
    {"", NULL, false, false},
};

/* The record points into what is here until the next call. */
static int
read_line(enum docker_format format, const char *line, struct docker_record *r)
{
	static char copy[128];

	(void)snprintf(copy, sizeof copy, "%s", line);
	return docker_line(format, copy, strlen(copy), r);
}

static void
cri_lines_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cri_rows); i++) {
		struct docker_record r;
		int result = read_line(DOCKER_CRI, cri_rows[i].line, &r);

		assert_int_equal(result == 0, cri_rows[i].text != NULL);
		if (result != 0)
			continue;
		assert_int_equal(r.len, strlen(cri_rows[i].text));
		assert_memory_equal(r.text, cri_rows[i].text, r.len);
		assert_int_equal(r.ended, cri_rows[i].ended);
		assert_int_equal(r.fragment, !cri_rows[i].ended);
		assert_int_equal(r.stream == STREAM_STDERR, cri_rows[i].stderr);
		assert_true(r.ns == NOON);
	}
}

/* ---- plain files ------------------------------------------------------------------ */

static const struct {
	const char *line;
	bool timed;
	int64_t ns; /* behind NOON */
} plain_rows[] = {
    {"2026-09-21T14:13:20Z hello", true, 0},
    {"2026-09-21 14:13:20,5 - app - ERROR - no", true, 500000000},
    {"[2026-09-21 14:13:21] ready", true, NS_PER_SECOND},
    {"2026/09/21 14:13:20 [error] 7#7: no", true, 0},
    {"2026-09-21 14:13:20.250 +0200 x", true, 250000000},
    {"2026-09-21T16:13:20+02:00 x", true, 0},
    {"10.0.0.1 - - [21/Sep/2026:14:13:20 +0000] \"GET / HTTP/1.1\" 200 5", true, 0},
    {"::1 - bob [21/Sep/2026:16:13:21 +0200] \"GET /[x] HTTP/1.1\" 200 5", true, NS_PER_SECOND},
    {"[21/Sep/2026:14:13:20 +0000] 10.0.0.1", true, 0},
    {"10.0.0.1 - - [21/Sep/2026:14:13:20 +0000", false, 0},
    {"10.0.0.1 - - [31/Feb/2026:14:13:20 +0000] \"GET / HTTP/1.1\" 200 5", false, 0},
    {"10.0.0.1 - - [21/Foo/2026:14:13:20 +0000] \"GET / HTTP/1.1\" 200 5", false, 0},
    {"[", false, 0},
    {"2026-09-21 hello", false, 0},
    {"14:13:20 hello", false, 0},
    {"  because", false, 0},
    {"2026-99-21 14:13:20 x", false, 0},
    {"", false, 0},
};

static void
plain_lines_may_have_their_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(plain_rows); i++) {
		struct docker_record r;
		size_t len = strlen(plain_rows[i].line);

		if ((read_line(DOCKER_PLAIN, plain_rows[i].line, &r) == 0) != plain_rows[i].timed)
			fail_msg("%s", plain_rows[i].line);
		if (plain_rows[i].timed && r.ns != NOON + plain_rows[i].ns)
			fail_msg("%s: %lld", plain_rows[i].line, (long long)(r.ns - NOON));
		assert_true(r.ended && r.len == len);
	}
}

/* ---- local ------------------------------------------------------------------------------------- */

/* source "stderr", time_nano 1790000000000000000, line "hello" */
#define ENTRY "\x0a\x06stderr\x10\x80\x80\xcc\x9f\xc2\xf0\xd6\xeb\x18\x1a\x05hello"

static void
local_records_are_walked(void **state)
{
	static const char bytes[] = "\0\0\0\x19" ENTRY "\0\0\0\x19"
				    "\0\0\0";
	struct docker_record r;

	(void)state;
	assert_int_equal(sizeof ENTRY - 1, 0x19);
	assert_int_equal(docker_local(bytes, sizeof bytes - 1, &r), 0x19 + 8);
	assert_int_equal(r.len, 5);
	assert_memory_equal(r.text, "hello", 5);
	assert_int_equal(r.stream, STREAM_STDERR);
	assert_true(r.ended && !r.fragment && r.ns == NOON);
	for (size_t n = 0; n < 0x19 + 8; n++)
		assert_int_equal(docker_local(bytes, n, &r), 0);
}

static void
local_records_whose_lengths_disagree_are_none(void **state)
{
	static const char bytes[] = "\0\0\0\x19" ENTRY "\0\0\0\x1a";
	static const char huge[] = "\x7f\xff\xff\xff....";
	struct docker_record r;

	(void)state;
	assert_int_equal(docker_local(bytes, sizeof bytes - 1, &r), -1);
	assert_int_equal(docker_local(huge, sizeof huge - 1, &r), -1);
}

static void
local_fragments_say_so(void **state)
{
	/* time 1, line "x", partial, {last, ordinal 1} */
	static const char first[] =
	    "\0\0\0\x0d\x10\x01\x1a\x01x\x20\x01\x2a\x04\x08\x00\x18\x01\0\0\0\x0d";
	static const char last[] =
	    "\0\0\0\x0d\x10\x01\x1a\x01x\x20\x01\x2a\x04\x08\x01\x18\x02\0\0\0\x0d";
	struct docker_record r;

	(void)state;
	assert_int_equal(docker_local(first, sizeof first - 1, &r), 21);
	assert_true(r.fragment && !r.ended);
	assert_int_equal(docker_local(last, sizeof last - 1, &r), 21);
	assert_true(r.ended && !r.fragment);
}

static void
an_archive_says_when_it_ended(void **state)
{
	static const char extra[] = "{\"lastTime\":\"2026-09-21T14:13:20Z\"}";
	unsigned char header[64] = {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, sizeof extra - 1, 0};

	(void)state;
	memcpy(header + 12, extra, sizeof extra - 1);
	assert_true(docker_archive_last(header, sizeof header) == NOON);
	assert_true(docker_archive_last(header, 20) == INT64_MIN);
	header[3] = 0;
	assert_true(docker_archive_last(header, sizeof header) == INT64_MIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(json_file_records_are_read),
	    cmocka_unit_test(nuls_before_a_record_are_the_hole_of_a_truncation),
	    cmocka_unit_test(a_record_of_16384_bytes_without_newline_is_a_fragment),
	    cmocka_unit_test(fragments_are_joined_until_the_line_ends),
	    cmocka_unit_test(
		what_ended_without_newline_is_not_joined_with_what_comes_after_a_restart),
	    cmocka_unit_test(a_character_cut_in_two_leaves_one_mark_and_not_four),
	    cmocka_unit_test(a_line_is_kept_up_to_a_mebibyte),
	    cmocka_unit_test(cri_lines_are_read),
	    cmocka_unit_test(plain_lines_may_have_their_time),
	    cmocka_unit_test(local_records_are_walked),
	    cmocka_unit_test(local_records_whose_lengths_disagree_are_none),
	    cmocka_unit_test(local_fragments_say_so),
	    cmocka_unit_test(an_archive_says_when_it_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
