/* SPDX-License-Identifier: MIT */
/* Alerts as the tracker asks after them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alert.h"
#include "fixture.h"

static void
the_reason_told_is_that_of_the_channel_that_failed(void **state)
{
	const struct alert alert = {.kind = "test", .title = "t", .heading = "h"};
	const char *detail;
	char outcome;

	(void)state;
	assert_int_equal(alert_enqueue(rq.db, rq.mem, &alert, 1), 0);
	assert_int_equal(
	    db_exec(rq.db, "INSERT INTO alert_delivery (alert_id, channel, state, next_at, detail)"
			   " VALUES (1, 'a', 'sent', 0, 'taken'), (1, 'b', 'failed', 0, 'no'),"
			   " (1, 'c', 'waiting', 0, 'later')"),
	    0);
	assert_int_equal(alert_outcome(rq.db, rq.mem, 1, &outcome, &detail), 0);
	assert_int_equal(outcome, 'f');
	assert_string_equal(detail, "no");
}

static void
without_a_channel_there_is_no_test_alert(void **state)
{
	(void)state;
	assert_int_equal(call(errors_test_alert, NULL, "wait=1", ""), 503);
	assert_int_equal(ask("SELECT count(*) FROM alert"), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tracker_set_up, tracker_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_reason_told_is_that_of_the_channel_that_failed),
	    TEST(without_a_channel_there_is_no_test_alert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
