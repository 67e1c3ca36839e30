/* SPDX-License-Identifier: MIT */
/* watch.h: what becomes of a rule from pass to pass. */
#include "metrics_sql.h"
#include "tests/unit/with_arena.h"
#include "watch.h"

/* A clock that was an hour ahead is set back while a rule waits: it waits no hour longer. */
static void
a_rule_fires_in_time_though_the_clock_was_ahead(void **state)
{
	const int64_t now = 1795392000;
	struct db *db = db_open(":memory:", &metrics_schema, DB_SYNC_NORMAL);
	struct rule rule;
	struct watch watch;
	const struct {
		int64_t at;
		enum watch_state becomes;
	} passes[] = {{now + 3600, WATCH_PENDING}, {now, WATCH_PENDING}, {now + 599, WATCH_PENDING},
	    {now + 600, WATCH_FIRING}};

	(void)state;
	assert_non_null(db);
	assert_null(rule_parse(mem, "heartbeat absent 5m for 10m", &rule));
	for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++) {
		assert_int_equal(watch_pass(db, mem, &rule, 1, passes[i].at), 0);
		assert_int_equal(watch_get(db, &rule, &watch), 0);
		assert_int_equal(watch.state, passes[i].becomes);
		assert_true(watch.since <= passes[i].at);
	}
	db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ARENA(a_rule_fires_in_time_though_the_clock_was_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
