/* SPDX-License-Identifier: MIT */
/* Which lines a request asks for: its parameters, and a chunk looked through with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "filter.h"
#include "text.h"

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

#define BIT(level) (1U << (level))
#define FROM(level) (ALL_LEVELS & ~(BIT(level) - 1))

static const struct {
	const char *why, *query;
	unsigned levels;
} level_rows[] = {
    {"none: all of them", "", ALL_LEVELS},
    {"one", "level=ERROR", BIT(LEVEL_ERROR)},
    {"in any case", "level=warning", BIT(LEVEL_WARNING)},
    {"a short form", "level=WARN", BIT(LEVEL_WARNING)},
    {"fatal is critical", "level=fatal", BIT(LEVEL_CRITICAL)},
    {"two", "level=ERROR&level=DEBUG", BIT(LEVEL_ERROR) | BIT(LEVEL_DEBUG)},
    {"one and those above, as the pages send it", "level=%3E%3DWARNING", FROM(LEVEL_WARNING)},
    {"one and those above, raw and in short", "level=>=warn", FROM(LEVEL_WARNING)},
    {"those above, and those that say nothing", "level=>=err&unknown=1",
	FROM(LEVEL_ERROR) | BIT(LEVEL_UNKNOWN)},
    {"all but one", "not_level=INFO", ALL_LEVELS & ~BIT(LEVEL_INFO)},
    {"some but one of them", "level=>=INFO&not_level=error", FROM(LEVEL_INFO) & ~BIT(LEVEL_ERROR)},
    {"trace is the lowest", "level=>=TRACE", FROM(LEVEL_TRACE)},
    {"those that say nothing", "level=UNKNOWN", BIT(LEVEL_UNKNOWN)},
    {"unknown alone is not a wish", "unknown=1", ALL_LEVELS},
    {"a word that is none finds nothing", "level=loud", 0},
    {"a bare sign finds nothing", "level=>=", 0},
    {"a long word finds nothing", "level=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0},
};

static void
levels_are_read_as_the_contract_has_it(void **state)
{
	struct filter f;

	(void)state;
	for (size_t i = 0; i < NELEM(level_rows); i++) {
		rq.query = level_rows[i].query;
		assert_int_equal(filter_read(&rq, &f), 0);
		if (f.levels != level_rows[i].levels)
			fail_msg("%s: %x", level_rows[i].why, f.levels);
	}
}

static void
nonsense_is_refused(void **state)
{
	static const char *const queries[] = {
	    "since=yesterday", "until=2026-13-01", "stream=both", "regex=(", "regex=%5C"};
	struct filter f;

	(void)state;
	for (size_t i = 0; i < NELEM(queries); i++) {
		rq.query = queries[i];
		if (filter_read(&rq, &f) != 400)
			fail_msg("%s", queries[i]);
	}
}

/* ---- lines --------------------------------------------------------------------------- */

/* The places of the lines that pass, as text. */
static const char *
passing(const char *query, struct chunk *chunk)
{
	struct filter_scratch scratch = {0};
	const char *text = "";
	uint32_t places[16];
	struct filter f;
	int64_t n;

	rq.query = query;
	assert_int_equal(filter_read(&rq, &f), 0);
	n = filter_chunk(&f, &scratch, chunk, places);
	for (int64_t i = 0; i < n; i++)
		text = arena_printf(rq.mem, "%s%u", text, places[i]);
	filter_free(&f);
	filter_scratch_free(&scratch);
	return n == -1 ? "limit" : text;
}

static struct log_line lines[] = {
    {.id = 1, .ns = 1000000000, .level = LEVEL_INFO},
    {.id = 2, .ns = 2000000000, .level = LEVEL_ERROR, .stream = STREAM_STDERR},
    {.id = 3, .ns = 2500000000, .level = LEVEL_UNKNOWN},
    {.id = 4, .ns = 3000000000, .level = LEVEL_WARNING, .stream = STREAM_STDERR},
};
static const char *const plain[] = {
    "GET / 200", "connection refused", "Connection reset", "GET /x 500"};
static const char *const coloured[] = {
    "GET / 200", "conn\033[31mection\033[0m refused", "Connection reset", "GET /x 500"};

/* The chunk of those lines with these texts. */
static struct chunk
chunk_of(const char *const *texts)
{
	struct chunk chunk = {.n = NELEM(lines), .lines = lines};
	char *all = arena_strdup(rq.mem, "");
	size_t at = 0;

	for (size_t i = 0; i < NELEM(lines); i++)
		all = arena_printf(rq.mem, "%s%s", all, texts[i]);
	for (size_t i = 0; i < NELEM(lines); i++) {
		lines[i].text = all + at;
		lines[i].len = strlen(texts[i]);
		at += lines[i].len;
	}
	chunk.text = all;
	chunk.text_len = at;
	return chunk;
}

static const struct {
	const char *query, *places;
} line_rows[] = {
    {"", "0123"},
    {"level=ERROR&level=WARNING", "13"},
    {"stream=stderr", "13"},
    {"stream=stdout&stream=stderr", "0123"},
    {"since=1970-01-01T00:00:02Z", "123"},
    {"until=2", "01"},
    {"since=2.1&until=2.9", "2"},
    {"search=connection", "12"},
    {"search=connection&case=1", "1"},
    {"q=connection", "12"},
    {"search=connection+NOT+reset", "1"},
    {"search=200GET", ""},
    {"search=refusedConnection", ""},
    {"regex=re%5Bfs%5D", "12"},
    {"regex=%5EGET", "03"},
    {"regex=%5Ec&case=1", "1"},
    {"search=GET&regex=00%24&level=INFO", "0"},
};

static void
lines_pass_by_all_that_is_asked(void **state)
{
	struct chunk chunk = chunk_of(plain);

	(void)state;
	for (size_t i = 0; i < NELEM(line_rows); i++)
		if (strcmp(passing(line_rows[i].query, &chunk), line_rows[i].places) != 0)
			fail_msg("%s: %s", line_rows[i].query, passing(line_rows[i].query, &chunk));
}

static void
terminal_codes_are_not_looked_at(void **state)
{
	struct chunk chunk = chunk_of(coloured);

	(void)state;
	for (size_t i = 0; i < NELEM(line_rows); i++)
		if (strcmp(passing(line_rows[i].query, &chunk), line_rows[i].places) != 0)
			fail_msg("%s: %s", line_rows[i].query, passing(line_rows[i].query, &chunk));
	assert_string_equal(passing("search=31mection", &chunk), "");
	assert_string_equal(passing("regex=%5Cx1b", &chunk), "");
}

static void
an_empty_line_is_a_line(void **state)
{
	static const char *const texts[] = {"", "a", "", "b"};
	struct chunk chunk = chunk_of(texts);

	(void)state;
	assert_string_equal(passing("", &chunk), "0123");
	assert_string_equal(passing("search=NOT+a", &chunk), "023");
	assert_string_equal(passing("search=NOT+a+NOT+b", &chunk), "02");
	assert_string_equal(passing("search=b", &chunk), "3");
	assert_string_equal(passing("regex=%5E%24", &chunk), "02");
}

static void
lines_pass_by_their_fields(void **state)
{
	static const char *const texts[] = {
	    "{\"user\":\"u1\",\"a=b\\\\\":\"c=d\",\"n\":10,\"http\":{\"code\":500},\"said\":"
	    "\"user\"}",
	    "level=info user=u2 n=10 said=\"a b\"",
	    "user=u1",
	    "\x1b[1m{\"user\":\"u1\",\"n\":1e1}\x1b[0m",
	};
	static const struct {
		const char *query, *places;
	} rows[] = {
	    {"field=user%3Du1", "03"},
	    {"field=user%3Du1&field=user%3Du2", "013"},
	    {"field=user%3Du1&field=n%3D10&field=said%3Duser", "0"},
	    {"field=n%3D10", "013"},
	    {"field=http.code%3D500", "0"},
	    {"field=code%3D500", ""},
	    {"field=said%3Da+b", "1"},
	    {"field=said%3Da+b&not_field=user%3Du1", "1"},
	    {"not_field=user%3Du1", "12"},
	    {"not_field=user%3Du1&not_field=user%3Du2", "2"},
	    {"field=user%3Du1&search=code", "0"},
	    {"field=a%5C%3Db%5C%5C%3Dc%3Dd", "0"},
	    {"field=absent%3Dx", ""},
	    {"field=user%3D", ""},
	};
	struct chunk chunk = chunk_of(texts);

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		if (strcmp(passing(rows[i].query, &chunk), rows[i].places) != 0)
			fail_msg("%s: %s", rows[i].query, passing(rows[i].query, &chunk));
}

static void
fields_name_the_words_that_their_chunks_hold(void **state)
{
	static const struct {
		const char *query, *fts;
	} rows[] = {
	    {"field=user%3Du1", "\"user\" AND \"u1\""},
	    {"field=http.code%3Dnone", "\"code\" AND \"none\""},
	    {"field=n%3D10", "\"n\""}, /* might be written 1e1 */
	    {"field=a%3Db&field=a%3Dc", "\"a\" AND \"a\""},
	    {"field=a-b%3Dc", NULL},
	    {"not_field=a%3Db", NULL},
	};
	struct filter f;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		rq.query = rows[i].query;
		assert_int_equal(filter_read(&rq, &f), 0);
		if (rows[i].fts == NULL)
			assert_null(f.fts);
		else
			assert_string_equal(f.fts, rows[i].fts);
	}
}

static void
lines_below_the_low_id_are_hidden(void **state)
{
	struct chunk chunk = chunk_of(plain);
	struct filter_scratch scratch = {0};
	struct filter f = filter_all();
	uint32_t places[4];

	(void)state;
	f.low_id = 3;
	assert_int_equal(filter_chunk(&f, &scratch, &chunk, places), 2);
	assert_int_equal(places[0], 2);
	filter_scratch_free(&scratch);
}

static void
sources_are_chosen_by_name_service_and_project(void **state)
{
	static const struct log_source web = {1, "web-1", "shop", "web"},
				       db = {2, "db", NULL, NULL};
	static const struct {
		const char *query;
		bool web, db;
	} rows[] = {
	    {"", true, true},
	    {"container=web-1", true, false},
	    {"container=web-1&container=db", true, true},
	    {"container=web", false, false},
	    {"service=web", true, false},
	    {"project=shop&container=db", false, false},
	    {"project=shop&container=web-1&service=web", true, false},
	    {"service=%22", false, false},
	    {"not_container=web-1", false, true},
	    {"not_container=web-1&not_container=db", false, false},
	    {"container=web-1&not_container=web-1", false, false},
	    {"not_service=web", false, true},
	    {"not_project=other", true, true},
	};
	struct filter f;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		rq.query = rows[i].query;
		assert_int_equal(filter_read(&rq, &f), 0);
		if (filter_wants_source(&f, &web) != rows[i].web ||
		    filter_wants_source(&f, &db) != rows[i].db)
			fail_msg("%s", rows[i].query);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		levels_are_read_as_the_contract_has_it, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nonsense_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(lines_pass_by_all_that_is_asked, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(terminal_codes_are_not_looked_at, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_empty_line_is_a_line, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(lines_pass_by_their_fields, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		fields_name_the_words_that_their_chunks_hold, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(lines_below_the_low_id_are_hidden, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		sources_are_chosen_by_name_service_and_project, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
