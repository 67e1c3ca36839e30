/* SPDX-License-Identifier: MIT */
/*
 * Walks over a store of random lines against a plain sort of the same lines: equal
 * results in both orders, from any place, before and after lines are sealed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "logs_sql.h"
#include "text.h"
#include "walk.h"

#define LINES 6000
#define SOURCES 5

static struct {
	char directory[64], path[80];
	struct db *db;
	struct store *store;
	struct arena *mem;
	struct log_sources sources;
	struct log_line lines[LINES]; /* by id, from 1 */
	int64_t source_of[LINES];
	size_t n;
} t;

static int
pick(int n)
{
	return rand() % n;
}

static int
set_up(void **state)
{
	(void)state;
	(void)strcpy(t.directory, "/tmp/monlight-walk-XXXXXX");
	assert_non_null(mkdtemp(t.directory));
	(void)snprintf(t.path, sizeof t.path, "%s/logs.db", t.directory);
	t.mem = arena_new(4096);
	t.db = db_open(t.path, &logs_schema, DB_SYNC_NORMAL);
	assert_non_null(t.db);
	t.store = store_new(t.db, t.path);
	for (int i = 0; i < SOURCES; i++) {
		char *name = arena_printf(t.mem, "source-%d", i);

		assert_int_equal(
		    db_run(t.db, SQL_SOURCE_ADD,
			DB_ARGS(DB_TEXT(name), DB_TEXT("p"), DB_TEXT("s"), DB_NULL, DB_NULL)),
		    0);
	}
	assert_int_equal(log_sources_read(t.db, t.mem, &t.sources), 0);
	srand(7);
	return 0;
}

static int
tear_down(void **state)
{
	char *command = arena_printf(t.mem, "rm -r %s", t.directory);

	(void)state;
	store_free(t.store);
	db_close(t.db);
	assert_int_equal(system(command), 0);
	arena_free(t.mem);
	memset(&t, 0, sizeof t);
	return 0;
}

/* A line of a few common words, seldom a rare one, at about its time. */
static void
add_line(struct store_pass *pass)
{
	static const char *const words[] = {
	    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "GET /api", "[error]"};
	struct log_line *line = &t.lines[t.n];
	char *text = arena_strdup(t.mem, pick(200) == 0 ? "needle" : "hay");

	for (int i = pick(8); i >= 0; i--)
		text = arena_printf(t.mem, "%s %s", text, words[pick(NELEM(words))]);
	line->text = text;
	line->len = strlen(text);
	line->id = (int64_t)t.n + 1;
	/* Many of the same instant, some out of order. */
	line->ns = ((int64_t)t.n / 3 + (pick(20) == 0 ? pick(300) - 150 : 0)) * 1000;
	line->level = (uint8_t)pick(LEVELS);
	line->stream = (uint8_t)pick(2);
	t.source_of[t.n] = t.sources.items[pick(pick(SOURCES) + 1)].id;
	store_pass_add(pass, t.source_of[t.n], line);
	t.n++;
}

static void
add_lines(size_t n)
{
	struct store_pass *pass = store_pass_new(t.store);

	while (n > 0) {
		for (size_t i = (size_t)pick(300); n > 0 && i > 0; i--, n--)
			add_line(pass);
		assert_int_equal(db_begin(t.db), 0);
		assert_int_equal(store_pass_write(pass), 0);
		assert_int_equal(db_commit(t.db), 0);
	}
	store_pass_free(pass);
}

static void
seal(void)
{
	/* Two hours on, so that small chunks are ripe; small segments, so that there are some. */
	while (store_merge(t.store, 65536, clock_now() + 7200) == 1)
		continue;
}

/* ---- the plain way ----------------------------------------------------------------------- */

static enum walk_order order;

static int
compare(const void *a, const void *b)
{
	const struct log_line *x = &t.lines[*(const int *)a], *y = &t.lines[*(const int *)b];
	int less = x->ns != y->ns ? (x->ns < y->ns ? -1 : 1) : (x->id < y->id ? -1 : 1);

	return order == OLDEST_FIRST ? less : -less;
}

static bool
passes(const struct filter *f, int i)
{
	const struct log_line *line = &t.lines[i];
	char *folded = arena_strdup(t.mem, line->text);

	search_fold(folded, folded, line->len);
	return (f->levels & 1U << line->level) && (f->streams & 1U << line->stream) &&
	       line->ns >= f->since && line->ns <= f->until && line->id >= f->low_id &&
	       filter_wants_source(f, log_sources_find(&t.sources, t.source_of[i])) &&
	       (f->search == NULL || search_query_matches(f->search, folded, line->len));
}

static int
plainly(const struct filter *f, int *found)
{
	int n = 0;

	for (int i = 0; i < (int)t.n; i++)
		if (passes(f, i))
			found[n++] = i;
	qsort(found, (size_t)n, sizeof *found, compare);
	return n;
}

/* ---- both, compared -------------------------------------------------------------------------- */

static struct filter
random_filter(void)
{
	static const char *const searches[] = {"needle", "alpha", "alpha beta", "needle OR zeta",
	    "\"alpha beta\"", "NOT hay", "ga*", "/api NOT delta", "[error]", "absent", "=>"};
	static const char *const names[] = {"source-0", "source-3", "source-9"};
	struct filter f = filter_all();

	if (pick(2) == 0) {
		f.search = search_query_parse(t.mem, searches[pick(NELEM(searches))], false);
		f.fts = search_query_fts(f.search, t.mem);
	}
	if (pick(3) == 0)
		f.levels = (unsigned)pick(1 << LEVELS);
	if (pick(4) == 0)
		f.streams = 1U << pick(2);
	if (pick(3) == 0)
		f.since = pick(LINES / 3) * 1000;
	if (pick(3) == 0)
		f.until = pick(LINES / 3) * 1000;
	if (pick(4) == 0)
		f.low_id = pick(LINES);
	if (pick(3) == 0) {
		const char **items = arena_alloc(t.mem, 2 * sizeof *items);

		items[0] = names[pick(3)];
		items[1] = names[pick(3)];
		f.containers = (struct query_list){items, (size_t)pick(2) + 1};
	}
	return f;
}

static struct walk_request
request_for(const struct filter *f)
{
	return (struct walk_request){.db = t.db,
	    .store = t.store,
	    .filter = f,
	    .sources = &t.sources,
	    .order = order,
	    .deadline_us = clock_mono_us() + 60000000};
}

/* Walks from line number from on of those expected, and a stretch of them. */
static void
check_stretch(const struct filter *f, const int *expected, int n, int from)
{
	struct walk_request asked = request_for(f);
	struct position after;
	struct log_line line;
	struct walk *walk;
	int64_t source;

	if (from > 0) {
		after = (struct position){
		    t.lines[expected[from - 1]].ns, t.lines[expected[from - 1]].id};
		asked.after = &after;
	}
	assert_int_equal(db_begin_read(t.db), 0);
	walk = walk_new(&asked);
	for (int i = from, end = from + 1 + pick(n + 1); i < end; i++) {
		const struct log_line *want = &t.lines[expected[i < n ? i : 0]];

		if (i >= n) {
			assert_int_equal(walk_next(walk, &line, &source), WALK_END);
			break;
		}
		assert_int_equal(walk_next(walk, &line, &source), WALK_LINE);
		assert_int_equal(line.id, want->id);
		assert_int_equal(line.ns, want->ns);
		assert_int_equal(line.level, want->level);
		assert_int_equal(source, t.source_of[expected[i]]);
		assert_int_equal(line.len, want->len);
		assert_memory_equal(line.text, want->text, line.len);
	}
	walk_free(walk);
	db_rollback(t.db);
}

static void
check_count(const struct filter *f, int n)
{
	struct walk_request asked = request_for(f);
	int64_t lines;
	bool all;

	assert_int_equal(db_begin_read(t.db), 0);
	assert_int_equal(walk_count(&asked, &lines, &all), WALK_END);
	assert_true(all);
	assert_int_equal(lines, n);
	db_rollback(t.db);
}

static void
check_random_filters(int rounds)
{
	static int expected[LINES];

	while (rounds-- > 0) {
		struct filter f = random_filter();
		int n;

		order = pick(2) == 0 ? NEWEST_FIRST : OLDEST_FIRST;
		n = plainly(&f, expected);
		check_stretch(&f, expected, n, 0);
		if (n > 0)
			check_stretch(&f, expected, n, pick(n));
		check_count(&f, n);
	}
}

static void
a_walk_gives_what_a_plain_sort_gives(void **state)
{
	(void)state;
	check_random_filters(5);
	add_lines(LINES / 2);
	check_random_filters(100);
	seal();
	check_random_filters(100);
	add_lines(LINES / 2);
	check_random_filters(100);
}

static void
a_count_that_takes_too_long_says_so(void **state)
{
	struct filter f = filter_all();
	struct walk_request asked = request_for(&f);
	int64_t lines;
	bool all = true;

	(void)state;
	add_lines(LINES);
	asked.deadline_us = clock_mono_us() - 1;
	assert_int_equal(walk_count(&asked, &lines, &all), WALK_END);
	assert_false(all);
	assert_in_range(lines, 1, LINES - 1);
}

static void
a_segment_that_is_gone_takes_nothing_else_with_it(void **state)
{
	struct filter f = filter_all();
	struct walk_request asked;
	struct log_line line;
	struct walk *walk;
	int64_t source;
	int n = 0;

	(void)state;
	add_lines(LINES / 2);
	seal();
	add_lines(LINES / 2);
	store_free(t.store);
	t.store = store_new(t.db, t.path);
	assert_int_equal(system(arena_printf(t.mem, "rm %s/logs-000001.db*", t.directory)), 0);
	asked = request_for(&f);
	walk = walk_new(&asked);
	while (walk_next(walk, &line, &source) == WALK_LINE)
		n++;
	walk_free(walk);
	assert_in_range(n, LINES / 2, LINES - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_walk_gives_what_a_plain_sort_gives, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_count_that_takes_too_long_says_so, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_segment_that_is_gone_takes_nothing_else_with_it, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
