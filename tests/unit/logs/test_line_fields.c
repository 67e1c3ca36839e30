/* SPDX-License-Identifier: MIT */
/* What a line of JSON or logfmt can be filtered by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/resource.h>

#include "buf.h"
#include "line_fields.h"
#include "text.h"

static const struct {
	const char *why, *line, *fields;
} rows[] = {
    {"an object's texts and numbers", "{\"level\":\"info\",\"ms\":12.5,\"n\":3}",
	"level=info ms=12.5 n=3 "},
    {"true and false", "{\"ok\":true,\"bad\":false,\"none\":null}", "ok=true bad=false "},
    {"an object in it", "{\"http\":{\"status\":500,\"deep\":{\"x\":1}}}", "http.status=500 "},
    {"lists are passed over", "{\"a\":[1,2],\"b\":1}", "b=1 "},
    {"escapes are decoded", "{\"a\":\"x\\\"y\\u00e9\"}", "a=x\"y\xc3\xa9 "},
    {"an object cut short", "{\"a\":1", ""},
    {"no object", "[1]", ""},
    {"logfmt", "level=info msg=\"all is well\" dur=3ms", "level=info msg=all is well dur=3ms "},
    {"logfmt behind words", "2026-01-01 GET a=1 b=2", "a=1 b=2 "},
    {"an escape in quotes", "a=\"x\\\"y\" b=2", "a=x\"y b=2 "},
    {"a quote that stays open ends it", "a=1 b=2 c=\"x", "a=1 b=2 "},
    {"one pair is prose", "set a=1 please", ""},
    {"an empty value says nothing", "a= b=2 c=3", "b=2 c=3 "},
    {"a pair without key", "=1 a=1 b=2", "a=1 b=2 "},
    {"an address is no key", "http://x/?a=1&b=2", ""},
    {"plain text", "hello world", ""},
    {"nothing", "", ""},
};

static void
fields_are_read_from_json_and_logfmt(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct line_field found[LINE_FIELDS_MAX];
		size_t n = line_fields(mem, rows[i].line, strlen(rows[i].line), found);
		char *text = arena_strdup(mem, "");

		for (size_t k = 0; k < n; k++)
			text = arena_printf(mem, "%s%s=%s ", text, found[k].name, found[k].value);
		if (strcmp(text, rows[i].fields) != 0)
			fail_msg("%s: %s", rows[i].why, text);
	}
	arena_free(mem);
}

static void
a_line_gives_so_many_fields_and_no_long_values(void **state)
{
	struct arena *mem = arena_new(4096);
	struct line_field found[LINE_FIELDS_MAX];
	char *line = arena_strdup(mem, "");

	(void)state;
	for (int i = 0; i < 200; i++)
		line = arena_printf(mem, "%sk%d=%d ", line, i, i);
	assert_int_equal(line_fields(mem, line, strlen(line), found), LINE_FIELDS_MAX);
	line = arena_printf(mem, "a=%0200d b=1 c=2", 1);
	assert_int_equal(line_fields(mem, line, strlen(line), found), 2);
	assert_string_equal(found[0].name, "b");
	arena_free(mem);
}

static long
peak_kib(void)
{
	struct rusage used;

	assert_int_equal(getrusage(RUSAGE_SELF, &used), 0);
	return used.ru_maxrss;
}

/* A line of a container may be a megabyte, and whoever wrote it may mean no good. */
static void
a_long_line_takes_memory_of_its_own_size(void **state)
{
	struct arena *mem = arena_new(4096);
	struct line_field found[LINE_FIELDS_MAX];
	struct buf pairs = {0}, empty = {0}, nested = {0};
	long before;

	(void)state;
	for (int i = 0; i < 12000; i++) {
		buf_str(&pairs, "a=b ");
		buf_str(&empty, "a= ");
		buf_printf(&nested, "%s\"%d\":1", i > 0 ? "," : "", i);
	}
	before = peak_kib();
	assert_int_equal(line_fields(mem, pairs.data, pairs.len, found), LINE_FIELDS_MAX);
	assert_int_equal(line_fields(mem, empty.data, empty.len, found), 0);
	buf_text(&nested);
	assert_int_equal(line_fields(mem, arena_printf(mem, "{\"%020000d\":{%s}}", 1, nested.data),
			     strlen("{\"\":{}}") + 20000 + nested.len, found),
	    0);
	assert_in_range(peak_kib() - before, 0, 65536);
	buf_free(&pairs);
	buf_free(&empty);
	buf_free(&nested);
	arena_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_are_read_from_json_and_logfmt),
	    cmocka_unit_test(a_line_gives_so_many_fields_and_no_long_values),
	    cmocka_unit_test(a_long_line_takes_memory_of_its_own_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
