/* SPDX-License-Identifier: MIT */
/* What became of an alert, by what became of it in each channel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "alert.h"
#include "text.h"

static const char *const migrations[] = {
    "CREATE TABLE alert_delivery (id INTEGER PRIMARY KEY, alert_id INTEGER, state TEXT,"
    " detail TEXT)",
    NULL};
static const struct db_schema schema = {
    .name = "alerts", .application_id = 0x6d6c0002, .migrations = migrations};

static void
one_that_failed_says_more_than_one_that_waits(void **state)
{
	static const struct {
		const char *deliveries; /* rows of SQL: state and detail */
		char outcome;
		const char *detail;
	} table[] = {
	    {"", 'w', NULL},
	    {"('sent', NULL)", 's', NULL},
	    {"('waiting', NULL)", 'w', NULL},
	    {"('waiting', 'refused')", 'w', "refused"},
	    {"('sent', NULL), ('failed', 'no host')", 'f', "no host"},
	    {"('failed', 'no host'), ('sent', NULL)", 'f', "no host"},
	    {"('failed', 'no host'), ('waiting', 'refused')", 'f', "no host"},
	    {"('waiting', 'refused'), ('failed', 'no host')", 'f', "no host"},
	    {"('failed', 'no host'), ('failed', 'too late')", 'f', "too late"},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct db *db = db_open(":memory:", &schema, DB_SYNC_NORMAL);
		struct arena *mem = arena_new(1024);
		const char *detail;
		char sql[200], outcome;

		print_message("%s\n", table[i].deliveries);
		assert_non_null(db);
		if (*table[i].deliveries != '\0') {
			(void)snprintf(sql, sizeof sql,
			    "INSERT INTO alert_delivery (state, detail) VALUES %s",
			    table[i].deliveries);
			assert_int_equal(db_exec(db, sql), 0);
			assert_int_equal(db_exec(db, "UPDATE alert_delivery SET alert_id = 1"), 0);
		}
		assert_int_equal(alert_outcome(db, mem, 1, &outcome, &detail), 0);
		assert_int_equal(outcome, table[i].outcome);
		if (table[i].detail == NULL)
			assert_null(detail);
		else
			assert_string_equal(detail, table[i].detail);
		arena_free(mem);
		db_close(db);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_that_failed_says_more_than_one_that_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
