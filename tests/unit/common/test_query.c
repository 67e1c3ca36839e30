/* SPDX-License-Identifier: MIT */
/* Query strings read by a table with a field of every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "clock.h"
#include "query.h"
#include "text.h"

struct wanted {
	const char *search;
	int64_t limit, page, since, until;
	bool all;
	int sort, level;
	struct query_list tags;
};

static const char *const sorts[] = {"last_seen", "first_seen", "count", NULL};
static const char *const levels[] = {"info", "error", NULL};

#define FIELD(member, text) .name = (text), .offset = offsetof(struct wanted, member)

static const struct query_field fields[] = {
    {FIELD(search, "search"), .type = QUERY_TEXT, .max = 10},
    {FIELD(limit, "limit"), .type = QUERY_INT, .fallback = 50, .min = 1, .max = 200},
    {FIELD(page, "page"), .type = QUERY_INT, .flags = QUERY_LENIENT, .fallback = 7, .min = 1,
	.max = 9},
    {FIELD(since, "since"), .type = QUERY_TIME},
    {FIELD(until, "until"), .type = QUERY_TIME, .flags = QUERY_LENIENT},
    {FIELD(all, "all"), .type = QUERY_FLAG},
    {FIELD(sort, "sort"), .type = QUERY_CHOICE, .choices = sorts},
    {FIELD(level, "level"), .type = QUERY_CHOICE, .flags = QUERY_LENIENT, .choices = levels},
    {FIELD(tags, "tag"), .type = QUERY_LIST},
};

static struct req rq;

static int
set_up(void **state)
{
	(void)state;
	rq = (struct req){.mem = arena_new(4096), .query = ""};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	buf_free(&rq.out);
	arena_free(rq.mem);
	return 0;
}

static struct wanted
read_query(const char *query)
{
	struct wanted w;

	memset(&w, 0x5a, sizeof w);
	rq.query = query;
	assert_int_equal(query_read(&rq, fields, NELEM(fields), &w), 0);
	return w;
}

static void
an_empty_query_leaves_every_default(void **state)
{
	static const char *const nothing[] = {"", "&", "&&", "search",
	    "search=&limit=&tag=&sort=", "=x", "other=1&Search=x", "limit&all"};

	(void)state;
	for (size_t i = 0; i < NELEM(nothing); i++) {
		struct wanted w = read_query(nothing[i]);

		print_message("'%s'\n", nothing[i]);
		assert_null(w.search);
		assert_int_equal(w.limit, 50);
		assert_int_equal(w.page, 7);
		assert_true(w.since == QUERY_ABSENT);
		assert_true(w.until == QUERY_ABSENT);
		assert_false(w.all);
		assert_int_equal(w.sort, -1);
		assert_int_equal(w.level, -1);
		assert_int_equal(w.tags.n, 0);
	}
}

static void
every_kind_of_value_is_read(void **state)
{
	struct wanted w = read_query("search=a+b%26c&limit=200&page=3&since=1795342830.5"
				     "&until=2026-11-22T10%3A20%3A30Z&all=1&sort=count"
				     "&level=ERROR&tag=x&tag=y");

	(void)state;
	assert_string_equal(w.search, "a b&c");
	assert_int_equal(w.limit, 200);
	assert_int_equal(w.page, 3);
	assert_int_equal(w.since, 1795342830 * NS_PER_SECOND + NS_PER_SECOND / 2);
	assert_int_equal(w.until, 1795342830 * NS_PER_SECOND);
	assert_true(w.all);
	assert_int_equal(w.sort, 2);
	assert_int_equal(w.level, 1);
	assert_int_equal(w.tags.n, 2);
	assert_string_equal(w.tags.items[0], "x");
	assert_string_equal(w.tags.items[1], "y");
}

static void
of_a_repeated_name_the_last_value_counts(void **state)
{
	(void)state;
	assert_int_equal(read_query("limit=5&limit=6").limit, 6);
	assert_int_equal(read_query("limit=5&limit=").limit, 5);
	assert_int_equal(read_query("limit=bad&limit=6").limit, 6);
}

static void
names_are_decoded_too(void **state)
{
	(void)state;
	assert_int_equal(read_query("l%69mit=5").limit, 5);
	assert_string_equal(read_query("search=a=b").search, "a=b");
}

static void
text_is_repaired(void **state)
{
	(void)state;
	assert_string_equal(read_query("search=a%ffb").search, "a\xef\xbf\xbd"
							       "b");
	assert_string_equal(read_query("search=a%00b").search, "a\xef\xbf\xbd"
							       "b");
	assert_string_equal(read_query("search=%c3%a9").search, "\xc3\xa9");
	assert_string_equal(read_query("search=%zz").search, "%zz");
}

static void
flags_are_one_or_zero(void **state)
{
	(void)state;
	assert_true(read_query("all=1").all);
	assert_true(read_query("all=true").all);
	assert_true(read_query("all=True").all);
	assert_false(read_query("all=0").all);
	assert_false(read_query("all=false").all);
	assert_false(read_query("all=").all);
}

static void
bad_values_are_refused_in_words(void **state)
{
	static const struct {
		const char *query, *detail;
	} table[] = {
	    {"limit=0", "limit must be a whole number from 1 to 200"},
	    {"limit=201", "limit must be a whole number from 1 to 200"},
	    {"limit=x", "limit must be a whole number from 1 to 200"},
	    {"limit=5+", "limit must be a whole number from 1 to 200"},
	    {"search=12345678901", "search must be at most 10 bytes long"},
	    {"all=yes", "all must be 1 or 0"},
	    {"since=yesterday",
		"since must be an RFC 3339 time or Unix seconds, from 1678 to 2262"},
	    {"since=3000-01-01T00:00:00Z",
		"since must be an RFC 3339 time or Unix seconds, from 1678 to 2262"},
	    {"sort=name", "sort must be one of last_seen, first_seen, count"},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct wanted w;
		const char *why;
		size_t at;
		const cJSON *reply;

		print_message("%s\n", table[i].query);
		rq.query = table[i].query;
		assert_int_equal(query_read(&rq, fields, NELEM(fields), &w), 400);
		reply = json_parse(rq.mem, rq.out.data, rq.out.len, &why, &at);
		assert_string_equal(json_get_text(reply, "detail"), table[i].detail);
	}
}

static void
lenient_fields_never_refuse(void **state)
{
	(void)state;
	assert_int_equal(read_query("page=10").page, 9);
	assert_int_equal(read_query("page=0").page, 7);
	assert_int_equal(read_query("page=-5").page, 7);
	assert_int_equal(read_query("page=x").page, 7);
	assert_int_equal(read_query("page=99999999999999999999").page, 7);
	assert_true(read_query("until=yesterday").until == QUERY_ABSENT);
	assert_int_equal(read_query("level=loud").level, -1);
}

static void
no_more_than_the_first_parameters_are_looked_at(void **state)
{
	struct buf b = {0};

	(void)state;
	for (int i = 0; i < QUERY_MAX_FIELDS; i++)
		buf_str(&b, "tag=x&");
	buf_str(&b, "limit=1&tag=y");
	assert_int_equal(read_query(buf_text(&b)).tags.n, QUERY_MAX_FIELDS);
	assert_int_equal(read_query(buf_text(&b)).limit, 50);
	buf_free(&b);
}

static void
one_parameter_can_be_asked_for_by_name(void **state)
{
	(void)state;
	rq.query = "a=1&b=x+y&b=z%21&c=";
	assert_string_equal(query_text(&rq, "a"), "1");
	assert_string_equal(query_text(&rq, "b"), "z!");
	assert_null(query_text(&rq, "c"));
	assert_null(query_text(&rq, "d"));
	assert_string_equal(rq.query, "a=1&b=x+y&b=z%21&c=");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_empty_query_leaves_every_default),
	    TEST(every_kind_of_value_is_read),
	    TEST(of_a_repeated_name_the_last_value_counts),
	    TEST(names_are_decoded_too),
	    TEST(text_is_repaired),
	    TEST(flags_are_one_or_zero),
	    TEST(bad_values_are_refused_in_words),
	    TEST(lenient_fields_never_refuse),
	    TEST(no_more_than_the_first_parameters_are_looked_at),
	    TEST(one_parameter_can_be_asked_for_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
