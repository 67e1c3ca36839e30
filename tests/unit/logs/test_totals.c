/* SPDX-License-Identifier: MIT */
/* Totals from counts that are kept: the work does not grow with the lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs_sql.h"
#include "store.h"
#include "totals.h"

static char directory[64], path[80];
static struct db *db;
static struct store *store;
static struct arena *mem;

static int
set_up(void **state)
{
	(void)state;
	(void)strcpy(directory, "/tmp/monlight-totals-XXXXXX");
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof path, "%s/logs.db", directory);
	mem = arena_new(4096);
	db = db_open(path, &logs_schema, DB_SYNC_NORMAL);
	assert_non_null(db);
	store = store_new(db, path);
	return 0;
}

static int
tear_down(void **state)
{
	char *command = arena_printf(mem, "rm -r %s", directory);

	(void)state;
	store_free(store);
	db_close(db);
	assert_int_equal(system(command), 0);
	arena_free(mem);
	return 0;
}

/* n lines of the source, a level in turn, in passes of 100. */
static void
add(int64_t source, int n)
{
	struct store_pass *pass = store_pass_new(store);

	for (int i = 0; i < n; i++) {
		struct log_line line = {.ns = i, .text = "x", .len = 1, .level = i % LEVELS};

		store_pass_add(pass, source, &line);
		if (i % 100 < 99 && i < n - 1)
			continue;
		assert_int_equal(db_begin(db), 0);
		assert_int_equal(store_pass_write(pass), 0);
		assert_int_equal(db_commit(db), 0);
	}
	store_pass_free(pass);
}

static int64_t
add_source(const char *name)
{
	int64_t id;

	assert_int_equal(db_number(db, SQL_SOURCE_ADD,
			     DB_ARGS(DB_TEXT(name), DB_NULL, DB_NULL, DB_NULL, DB_NULL), 0, &id),
	    0);
	return id;
}

static void
lines_are_counted_by_source_and_level(void **state)
{
	struct logs_tallies tallies;
	int64_t a = add_source("a"), b = add_source("b");

	(void)state;
	add(a, 700);
	add(b, 10);
	assert_int_equal(logs_tallies_read(db, mem, &tallies), 0);
	assert_int_equal(tallies.n, 2);
	assert_int_equal(tallies.items[0].source, a);
	assert_int_equal(logs_tally_sum(&tallies.items[0]), 700);
	assert_int_equal(tallies.items[0].lines[LEVEL_ERROR], 100);
	assert_int_equal(logs_tally_sum(&tallies.items[1]), 10);
	assert_int_equal(tallies.items[1].lines[LEVEL_UNKNOWN], 2);
}

static void
counting_costs_the_same_for_any_number_of_lines(void **state)
{
	struct logs_tallies tallies;
	int64_t source = add_source("a"), rows, before, steps;

	(void)state;
	add(source, 100);
	db_work(db, &rows, &steps);
	assert_int_equal(logs_tallies_read(db, mem, &tallies), 0);
	db_work(db, &rows, &before);
	add(source, 20000);
	db_work(db, &rows, &steps);
	assert_int_equal(logs_tallies_read(db, mem, &tallies), 0);
	db_work(db, &rows, &steps);
	assert_int_equal(logs_tally_sum(&tallies.items[0]), 20100);
	assert_true(steps <= before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		lines_are_counted_by_source_and_level, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		counting_costs_the_same_for_any_number_of_lines, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
