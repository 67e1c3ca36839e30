/* SPDX-License-Identifier: MIT */
/*
 * rollup.h, series.h and read.h over days that pass in a moment: a point counts
 * once, wherever it lies, until it is too old.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "figures.h"
#include "metrics_sql.h"
#include "points.h"
#include "rollup.h"
#include "series.h"
#include "text.h"
#include "tier.h"

#define MINUTE SECONDS_PER_MINUTE
#define HOUR SECONDS_PER_HOUR
#define DAY SECONDS_PER_DAY

/* A Monday, 00:00 UTC. */
static const int64_t monday = 1795392000 - 1795392000 % DAY;

static const struct retention keep = {
    .raw = HOUR, .minute = DAY, .hour = 30 * DAY, .day = 365 * DAY};
static const struct series_caps caps = {3, 4, 5};

static struct arena *mem;
static struct db *db;

static int
open_database(void **state)
{
	(void)state;
	mem = arena_new(65536);
	db = db_open(":memory:", &metrics_schema, DB_SYNC_NORMAL);
	return db == NULL ? -1 : 0;
}

static int
close_database(void **state)
{
	(void)state;
	series_cache_clear();
	db_close(db);
	arena_free(mem);
	return 0;
}

/* A batch of one point that arrives at received. */
static void
arrive(const char *labels, double value, uint64_t id, int64_t time, int64_t received)
{
	const struct series_name name = {"", "m", METRIC_HISTOGRAM, labels};
	struct point point = {.time = time * 1000, .value = value, .id = id};
	struct buf bytes = {0};
	struct points_writer w = points_write(&bytes);
	bool overflowed;

	assert_int_equal(db_begin(db), 0);
	assert_int_equal(series_number(db, &caps, &name, received, &point.series, &overflowed), 0);
	points_put(&w, &point);
	assert_int_equal(db_run(db, SQL_BATCH_ADD,
			     DB_ARGS(DB_INT(received), DB_INT(1), DB_BLOB(bytes.data, bytes.len))),
	    0);
	assert_int_equal(db_commit(db), 0);
	buf_free(&bytes);
}

static void
pass(int64_t now)
{
	int64_t points;

	assert_int_equal(rollup_pass(db, &keep, now, &points), 0);
}

/* How many points the collector says there are from one time to another, and their sum. */
static struct summary
between(int64_t from, int64_t to)
{
	const struct question question = {.name = "m", .type = SELECTION_ANY_TYPE};
	const struct timespan span = timespan_whole(from, to);
	struct figures figures;

	assert_int_equal(db_begin_read(db), 0);
	assert_int_equal(figures_read(db, mem, &question, &span, NULL, &figures), 0);
	assert_int_equal(db_commit(db), 0);
	return figure_at(&figures, 0, 0)->summary;
}

static int64_t
rows(const char *table)
{
	int64_t n;

	assert_int_equal(
	    db_number(db, db_prepare(db, arena_printf(mem, "SELECT count(*) FROM %s", table)),
		DB_NO_ARGS, -1, &n),
	    0);
	return n;
}

static void
a_point_counts_at_every_age_until_it_is_too_old(void **state)
{
	static const struct {
		const char *what;
		int64_t age;
		uint64_t count;
	} table[] = {{"at once", 0, 1}, {"in a minute", MINUTE, 1}, {"in an hour", HOUR, 1},
	    {"in two", 2 * HOUR, 1}, {"tomorrow", DAY, 1}, {"in two days", 2 * DAY, 1},
	    {"in a month", 29 * DAY, 1}, {"in two months", 60 * DAY, 1},
	    {"in 364 days", 364 * DAY, 1}, {"in 367 days", 367 * DAY, 0}};

	(void)state;
	arrive("{}", 7, 0, monday + 90, monday + 100);
	for (size_t i = 0; i < NELEM(table); i++) {
		int64_t now = monday + 100 + table[i].age;

		print_message("%s\n", table[i].what);
		pass(now);
		assert_int_equal(rollup_retain(db, &keep, now), 0);
		assert_int_equal(between(monday, monday + DAY).count, table[i].count);
	}
	assert_int_equal(rows("minute") + rows("hour") + rows("day") + rows("batch"), 0);
}

static void
a_late_point_is_added_to_what_is_built(void **state)
{
	static const int64_t late[] = {0, MINUTE, 3 * HOUR, 2 * DAY, 29 * DAY};

	(void)state;
	for (size_t i = 0; i < NELEM(late); i++) {
		int64_t received = monday + 40 * DAY;

		arrive("{}", 1, 0, received - late[i], received);
		pass(received);
		arrive("{}", 2, 0, received - late[i], received);
	}
	pass(monday + 40 * DAY + 3 * HOUR);
	pass(monday + 41 * DAY + 3 * HOUR);
	assert_int_equal(between(monday, monday + 42 * DAY).count, 2 * NELEM(late));
	assert_true(between(monday, monday + 42 * DAY).sum == 3.0 * NELEM(late));
	/* And each on its own, by the minute where minutes are kept and by the hour elsewhere. */
	for (size_t i = 0; i < NELEM(late); i++) {
		int64_t time = time_floor(monday + 40 * DAY - late[i], HOUR);

		assert_true(between(time, time + HOUR).count >= 2);
	}
}

static void
what_the_clock_does_makes_no_difference(void **state)
{
	(void)state;
	arrive("{}", 1, 0, monday, monday);
	pass(monday + 10 * DAY); /* ten days ahead, */
	arrive("{}", 1, 0, monday + MINUTE, monday + MINUTE);
	pass(monday + MINUTE); /* and back */
	arrive("{}", 1, 0, monday + 2 * HOUR, monday + 2 * HOUR);
	pass(monday + 2 * HOUR);
	pass(monday + 2 * HOUR);
	assert_int_equal(between(monday, monday + DAY).count, 3);
	assert_int_equal(between(monday, monday + HOUR).count, 2);
	pass(monday + 10 * DAY);
	assert_int_equal(between(monday, monday + DAY).count, 3);
	assert_int_equal(between(monday + 2 * HOUR, monday + 3 * HOUR).count, 1);
}

static void
the_value_of_an_id_is_the_last_one_until_it_is_closed(void **state)
{
	struct summary s;

	(void)state;
	arrive("{}", 5, 42, monday, monday);
	pass(monday + 1);
	assert_int_equal(rows("open_point"), 1);
	arrive("{}", 9, 42, monday + MINUTE, monday + 30 * MINUTE);
	s = between(monday, monday + DAY);
	assert_int_equal(s.count, 1);
	assert_true(s.sum == 9 && s.min == 9);
	pass(monday + 30 * MINUTE);
	s = between(monday, monday + DAY);
	assert_int_equal(s.count, 1);
	assert_true(s.sum == 9 && s.max == 9);
	/* An hour after it was first seen it is a point like any other. */
	pass(monday + HOUR + 1);
	assert_int_equal(rows("open_point"), 0);
	s = between(monday, monday + DAY);
	assert_int_equal(s.count, 1);
	assert_true(s.sum == 9);
	assert_int_equal(between(monday, monday + MINUTE).count, 0);
}

static void
hours_are_complete_when_their_minutes_go(void **state)
{
	(void)state;
	/* Nothing ran for three days: minutes that are too old are not thrown away unread. */
	for (int hour = 0; hour < 72; hour++)
		arrive("{}", hour, 0, monday + hour * HOUR, monday + hour * HOUR);
	assert_int_equal(rollup_retain(db, &keep, monday + 3 * DAY), 0);
	pass(monday + 3 * DAY + 10 * MINUTE);
	assert_int_equal(rollup_retain(db, &keep, monday + 3 * DAY + 10 * MINUTE), 0);
	assert_int_equal(between(monday, monday + 4 * DAY).count, 72);
	for (int hour = 0; hour < 72; hour++)
		assert_true(between(monday + hour * HOUR, monday + (hour + 1) * HOUR).sum == hour);
	assert_true(rows("minute") < 2 * 26);
	assert_int_equal(rows("day"), 2 * 3);
}

static void
series_beyond_the_caps_overflow_and_come_back(void **state)
{
	static const struct {
		const char *what, *project, *name, *labels;
		bool overflowed;
	} table[] = {
	    {"the first", "p", "a", "{\"l\":\"1\"}", false},
	    {"the second", "p", "a", "{\"l\":\"2\"}", false},
	    {"the third", "p", "a", "{\"l\":\"3\"}", false},
	    {"one that is there", "p", "a", "{\"l\":\"1\"}", false},
	    {"the fourth of a metric that may have three", "p", "a", "{\"l\":\"4\"}", true},
	    {"another metric of a project that is full by now", "p", "b", "{}", true},
	    {"another project", "q", "a", "{}", true},
	};
	uint32_t series[NELEM(table)];
	int64_t after = 0;

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		const struct series_name name = {
		    table[i].project, table[i].name, METRIC_COUNTER, table[i].labels};
		bool overflowed;

		print_message("%s\n", table[i].what);
		assert_int_equal(db_begin(db), 0);
		assert_int_equal(
		    series_cached(db, &caps, &name, monday, &series[i], &overflowed), 0);
		assert_int_equal(db_commit(db), 0);
		assert_int_equal(overflowed, table[i].overflowed);
	}
	assert_int_equal(series[3], series[0]);
	assert_int_not_equal(series[4], series[0]);

	/* What is forgotten makes room; what waits to be compacted is not forgotten. */
	assert_int_equal(db_begin(db), 0);
	assert_int_equal(series_forget(db, monday + DAY, &series[0], 1, 100, &after), 0);
	assert_int_equal(db_commit(db), 0);
	assert_int_equal(rows("series"), 2);
	assert_int_equal(rows("metric"), 1);
	assert_int_equal(rows("project"), 1);
}

static void
a_series_is_forgotten_with_its_last_row(void **state)
{
	(void)state;
	arrive("{\"a\":\"1\"}", 1, 0, monday, monday);
	pass(monday);
	assert_int_equal(rollup_retain(db, &keep, monday + 364 * DAY), 0);
	assert_int_equal(rows("series"), 2);
	pass(monday + 370 * DAY);
	assert_int_equal(rollup_retain(db, &keep, monday + 370 * DAY), 0);
	assert_int_equal(rows("series") + rows("metric") + rows("project"), 0);
	/* And is another one when it comes back. */
	arrive("{\"a\":\"1\"}", 1, 0, monday + 370 * DAY, monday + 370 * DAY);
	pass(monday + 370 * DAY);
	assert_int_equal(between(monday, monday + 371 * DAY).count, 1);
}

static void
two_compactors_do_not_count_twice(void **state)
{
	int64_t points;

	(void)state;
	for (int i = 0; i < 10; i++)
		arrive("{}", i, 0, monday, monday);
	assert_int_equal(rollup_compact(db, &keep, monday, &points), 0);
	assert_int_equal(points, 10);
	assert_int_equal(rollup_compact(db, &keep, monday, &points), 0);
	assert_int_equal(points, 0);
	assert_int_equal(between(monday, monday + HOUR).count, 10);
}

/* They would be for as long as the clock was ahead, and whatever came behind them with them. */
static void
batches_from_the_future_are_not_kept(void **state)
{
	(void)state;
	arrive("{}", 1, 0, monday, monday + 365 * DAY);
	for (int n = 0; n < 10; n++)
		arrive("{}", 1, 0, monday + n * MINUTE, monday + n * MINUTE);
	pass(monday + 10 * MINUTE);
	assert_int_equal(rollup_retain(db, &keep, monday + HOUR + 5 * MINUTE), 0);
	assert_int_equal(rows("batch"), 5);
	assert_int_equal(between(monday, monday + DAY).count, 11);
}

/* Of what was set twice in the same moment the second counts, whatever came between. */
static void
points_of_a_moment_keep_the_order_of_arrival(void **state)
{
	enum { MINUTES = 700, STRIDE = 37 };

	(void)state;
	for (int n = 0; n < 2 * MINUTES; n++)
		arrive("{}", n, 0, monday + n * STRIDE % MINUTES * MINUTE, monday);
	pass(monday);
	for (int n = MINUTES; n < 2 * MINUTES; n++) {
		int64_t time = monday + n * STRIDE % MINUTES * MINUTE;
		struct summary found = between(time, time + MINUTE);

		assert_int_equal(found.count, 2);
		assert_true(found.sum == 2 * n - MINUTES);
		assert_true(found.last == n);
	}
}

int
main(void)
{
#define IN_DATABASE(test) cmocka_unit_test_setup_teardown(test, open_database, close_database)
	const struct CMUnitTest tests[] = {
	    IN_DATABASE(a_point_counts_at_every_age_until_it_is_too_old),
	    IN_DATABASE(a_late_point_is_added_to_what_is_built),
	    IN_DATABASE(what_the_clock_does_makes_no_difference),
	    IN_DATABASE(the_value_of_an_id_is_the_last_one_until_it_is_closed),
	    IN_DATABASE(hours_are_complete_when_their_minutes_go),
	    IN_DATABASE(series_beyond_the_caps_overflow_and_come_back),
	    IN_DATABASE(a_series_is_forgotten_with_its_last_row),
	    IN_DATABASE(two_compactors_do_not_count_twice),
	    IN_DATABASE(batches_from_the_future_are_not_kept),
	    IN_DATABASE(points_of_a_moment_keep_the_order_of_arrival),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
