/* SPDX-License-Identifier: MIT */
/* What the tracker forgets, and that nothing of it stays behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors_retention.h"
#include "fixture.h"
#include "text.h"

/* Errors 1 to n, each with something in every table. */
static void
fill(int n)
{
	char body[512];

	for (int i = 1; i <= n; i++) {
		(void)snprintf(body, sizeof body,
		    "{\"project\":\"p%d\",\"exception_type\":\"T\",\"message\":\"word%d\","
		    "\"traceback\":\"t\","
		    "\"environment\":\"e%d\",\"release\":\"r\",\"user_id\":\"u\",\"session_id\":"
		    "\"s\","
		    "\"event_id\":\"e%d\",\"tags\":{\"a\":\"b\"}}",
		    i, i, i, i);
		assert_int_equal(call(errors_report, NULL, "", body), 201);
	}
}

static struct errors_forgotten
retain(int64_t days_from_now, int64_t max_bytes)
{
	struct errors_retention retention = {
	    .now = clock_now() + days_from_now * SECONDS_PER_DAY,
	    .days = 90,
	    .max_bytes = max_bytes,
	};
	struct errors_forgotten done;

	assert_int_equal(errors_retain(rq.db, &retention, &done), 0);
	return done;
}

static void
a_resolved_error_goes_with_all_that_hung_on_it(void **state)
{
	static const char *const tables[] = {
	    "error", "error_key", "occurrence", "day", "facet", "tag", "user_seen"};

	(void)state;
	fill(2);
	assert_int_equal(call(errors_resolve, "1", "", ""), 200);
	assert_int_equal(retain(89, 0).resolved, 0);
	assert_int_equal(retain(91, 0).resolved, 1);
	for (size_t i = 0; i < NELEM(tables); i++) {
		char sql[64];

		(void)snprintf(sql, sizeof sql, "SELECT count(*) > 0 FROM %s", tables[i]);
		/* The days of the other one are as old. */
		assert_int_equal(ask(sql), strcmp(tables[i], "day") != 0);
	}
	assert_int_equal(ask("SELECT id FROM error"), 2);
	assert_int_equal(ask("SELECT count(*) FROM error_key"), 1);
	assert_int_equal(ask("SELECT count(*) FROM error_fts WHERE error_fts MATCH 'word1'"), 0);
	assert_int_equal(ask("SELECT count(*) FROM error_fts WHERE error_fts MATCH 'word2'"), 1);
	assert_int_equal(ask("SELECT sum(errors) FROM tally"), 1);
	assert_int_equal(ask("SELECT count(*) FROM scope WHERE environment = 'e1'"), 0);
	assert_int_equal(ask("SELECT count(*) FROM scope WHERE environment = 'e2'"), 3);
}

static void
events_go_after_a_week_and_sessions_with_the_days(void **state)
{
	(void)state;
	fill(3);
	(void)retain(6, 0);
	assert_int_equal(ask("SELECT count(*) FROM event"), 3);
	(void)retain(8, 0);
	assert_int_equal(ask("SELECT count(*) FROM event"), 0);
	assert_int_equal(ask("SELECT count(*) FROM session_seen"), 3);
	(void)retain(91, 0);
	assert_int_equal(ask("SELECT count(*) FROM session_seen"), 0);
	assert_int_equal(ask("SELECT count(*) FROM error"), 3);
}

static void
in_want_of_space_the_resolved_go_first_and_the_space_is_given_back(void **state)
{
	int64_t full, before;

	(void)state;
	fill(600);
	assert_int_equal(call(errors_resolve, "600", "", ""), 200);
	full = db_used_bytes(rq.db);
	assert_int_equal(retain(0, full).crowded, 0);
	assert_true(retain(0, full - 1).crowded >= 1);
	assert_int_equal(ask("SELECT count(*) FROM error WHERE id = 600"), 0);
	before = ask("PRAGMA page_count");
	assert_true(retain(0, full / 2).crowded > 100);
	assert_true(db_used_bytes(rq.db) <= full / 2);
	assert_true(ask("PRAGMA page_count") < before);
	assert_int_equal(ask("PRAGMA freelist_count"), 0);
	assert_int_equal(ask("SELECT count(*) FROM error_fts WHERE error_fts MATCH 'word1'"), 0);
}

/* As many rows as a weekend of a crash loop leaves, for so large a file. */
static void
event_ids_and_sessions_go_before_an_error_does(void **state)
{
	static const char many[] = "WITH RECURSIVE n (i) AS"
				   " (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 60000) ";
	const int64_t room = 1 << 20;

	(void)state;
	fill(10);
	assert_int_equal(
	    db_exec(rq.db, arena_printf(rq.mem,
			       "%sINSERT INTO event SELECT random(), unixepoch() - i * 10, 1, 1, 1"
			       " FROM n",
			       many)),
	    0);
	assert_int_equal(
	    db_exec(rq.db, arena_printf(rq.mem,
			       "%sINSERT INTO session_seen SELECT random(), 1, unixepoch() - i * 10"
			       " FROM n",
			       many)),
	    0);
	assert_true(db_used_bytes(rq.db) > 2 * room);
	assert_int_equal(retain(0, room).crowded, 0);
	assert_true(db_used_bytes(rq.db) <= room);
	assert_int_equal(ask("SELECT count(*) FROM error"), 10);
	/* The newest of both are known still. */
	assert_in_range(ask("SELECT count(*) FROM event"), 1500, 2200);
	assert_in_range(ask("SELECT count(*) FROM session_seen"), 1500, 2200);
	assert_in_range(
	    ask("SELECT count(*) FROM event WHERE at > unixepoch() - 15000"), 1400, 1509);
}

static int looks; /* how often it asked whether it is to end */

static bool
not_yet(void)
{
	looks++;
	return false;
}

/* Each look passes through the whole table: there were thousands, and other jobs waited. */
static void
a_few_rows_too_many_of_one_hour_take_a_few_looks(void **state)
{
	const int64_t room = 1 << 20;
	const struct errors_retention r = {
	    .now = clock_now(), .days = 90, .max_bytes = room, .stop = not_yet};
	struct errors_forgotten done;

	(void)state;
	assert_int_equal(
	    db_exec(rq.db, "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n"
			   " WHERE i < 2190) INSERT INTO event"
			   " SELECT random(), unixepoch() - 600 - i, 1, 1, 1 FROM n"),
	    0);
	looks = 0;
	assert_int_equal(errors_retain(rq.db, &r, &done), 0);
	assert_in_range(looks, 1, 100);
	assert_in_range(ask("SELECT count(*) FROM event"), 1000, 2184);
}

static bool
at_once(void)
{
	return true;
}

static void
it_ends_between_slices_when_it_is_told_to(void **state)
{
	struct errors_retention retention = {
	    .now = clock_now() + 91 * SECONDS_PER_DAY, .days = 90, .stop = at_once};
	struct errors_forgotten done;
	char id[8];

	(void)state;
	fill(150);
	for (int i = 1; i <= 150; i++) {
		(void)snprintf(id, sizeof id, "%d", i);
		(void)call(errors_resolve, id, "", "");
	}
	assert_int_equal(errors_retain(rq.db, &retention, &done), 0);
	/* A hundred at most, or as many as a slice has time for. */
	assert_in_range(done.resolved, 1, 100);
	assert_int_equal(ask("SELECT count(*) FROM error"), 150 - done.resolved);
}

/* Holds the database's lock file for longer than a slice lasts, then lets go of it. */
static pid_t
hold_lock(const char *database)
{
	char name[128];
	int ready[2];
	pid_t pid;
	char c;

	(void)snprintf(name, sizeof name, "%s-lock", database);
	assert_int_equal(pipe(ready), 0);
	if ((pid = fork()) == 0) {
		int fd = open(name, O_RDWR | O_CLOEXEC);

		if (fd == -1 || flock(fd, LOCK_EX) == -1 || write(ready[1], "", 1) != 1)
			_exit(1);
		(void)usleep(300000);
		_exit(0);
	}
	assert_true(pid != -1);
	assert_int_equal(read(ready[0], &c, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

static void
who_waited_long_for_the_lock_forgets_all_the_same(void **state)
{
	char directory[] = "/tmp/retention-XXXXXX", path[64];
	int status;
	pid_t holder;

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof path, "%s/errors.db", directory);
	db_close(rq.db);
	rq.db = db_open(path, &errors_schema, DB_SYNC_NORMAL);
	fill(3);
	for (int i = 1; i <= 3; i++)
		assert_int_equal(
		    call(errors_resolve, (char[]){(char)('0' + i), '\0'}, "", ""), 200);
	holder = hold_lock(path);
	assert_int_equal(retain(91, 0).resolved, 3);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_int_equal(status, 0);
	db_close(rq.db);
	rq.db = NULL;
	(void)unlink(path);
	(void)strcat(path, "-lock");
	(void)unlink(path);
	assert_int_equal(rmdir(directory), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tracker_set_up, tracker_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_resolved_error_goes_with_all_that_hung_on_it),
	    TEST(events_go_after_a_week_and_sessions_with_the_days),
	    TEST(in_want_of_space_the_resolved_go_first_and_the_space_is_given_back),
	    TEST(event_ids_and_sessions_go_before_an_error_does),
	    TEST(a_few_rows_too_many_of_one_hour_take_a_few_looks),
	    TEST(it_ends_between_slices_when_it_is_told_to),
	    TEST(who_waited_long_for_the_lock_forgets_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
