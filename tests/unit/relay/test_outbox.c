/* SPDX-License-Identifier: MIT */
/* The outbox: order, what is put off, what expires, what is counted, when it is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "outbox.h"
#include "relay_sql.h"
#include "text.h"

struct fixture {
	struct db *db;
	struct arena *mem;
	struct outbox_totals totals[DESTINATIONS];
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->db = db_open(":memory:", &relay_schema, DB_SYNC_NORMAL);
	f->mem = arena_new(4096);
	*state = f;
	return f->db == NULL;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	clock_set_offset_ns(0);
	db_close(f->db);
	arena_free(f->mem);
	free(f);
	return 0;
}

static void
add(struct fixture *f, enum destination to, const char *event)
{
	const char *body = arena_printf(f->mem, "{\"event\":\"%s\"}", event);

	assert_int_equal(
	    outbox_add(f->db, f->mem, to, event, body, strlen(body), 1 << 20), OUTBOX_ADDED);
}

/* The events that are due, in order, as one text. */
static const char *
due(struct fixture *f, enum destination from, int64_t now)
{
	const char *events = "";
	struct outbox_item item = {0};

	while (outbox_next(f->db, f->mem, from, item.id, now, &item) == DB_ROW) {
		assert_string_equal(
		    item.body, arena_printf(f->mem, "{\"event\":\"%s\"}", item.event));
		events = arena_printf(f->mem, "%s%s", events, item.event);
	}
	return events;
}

static int64_t
id_of(struct fixture *f, enum destination from, const char *event)
{
	struct outbox_item item = {0};

	while (outbox_next(f->db, f->mem, from, item.id, INT64_MAX, &item) == DB_ROW)
		if (strcmp(item.event, event) == 0)
			return item.id;
	fail_msg("no item %s", event);
	return 0;
}

static const struct outbox_totals *
totals(struct fixture *f, enum destination to)
{
	assert_int_equal(outbox_totals(f->db, f->totals), 0);
	return &f->totals[to];
}

static void
items_leave_in_the_order_in_which_they_came(void **state)
{
	struct fixture *f = *state;
	const struct outbox_totals *t;

	add(f, TO_ERRORS, "a");
	add(f, TO_METRICS, "x");
	add(f, TO_ERRORS, "b");
	add(f, TO_ERRORS, "c");
	assert_string_equal(due(f, TO_ERRORS, 0), "abc");
	assert_string_equal(due(f, TO_METRICS, 0), "x");
	t = totals(f, TO_ERRORS);
	assert_int_equal(t->waiting, 3);
	assert_int_equal(t->queued, 3);
	assert_true(t->bytes > 0 && t->oldest_at > 0);
}

static void
what_became_of_an_item_is_counted(void **state)
{
	struct fixture *f = *state;
	const struct outbox_totals *t;
	struct outbox_verdict v[2];

	add(f, TO_ERRORS, "a");
	add(f, TO_ERRORS, "b");
	add(f, TO_ERRORS, "c");
	v[0] = (struct outbox_verdict){id_of(f, TO_ERRORS, "a"), OUTBOX_DELIVERED, 0};
	v[1] = (struct outbox_verdict){id_of(f, TO_ERRORS, "b"), OUTBOX_REFUSED, 0};
	assert_int_equal(outbox_settle(f->db, v, 2), 0);
	/* A second process that delivered the same items changes nothing. */
	assert_int_equal(outbox_settle(f->db, v, 2), 0);
	assert_int_equal(outbox_settle(f->db, v, 0), 0);
	t = totals(f, TO_ERRORS);
	assert_int_equal(t->waiting, 1);
	assert_int_equal(t->delivered, 1);
	assert_int_equal(t->refused, 1);
	assert_string_equal(due(f, TO_ERRORS, 0), "c");
	v[0] = (struct outbox_verdict){id_of(f, TO_ERRORS, "c"), OUTBOX_DELIVERED, 0};
	assert_int_equal(outbox_settle(f->db, v, 1), 0);
	t = totals(f, TO_ERRORS);
	assert_int_equal(t->waiting, 0);
	assert_int_equal(t->bytes, 0);
	assert_int_equal(t->oldest_at, 0);
}

static void
an_item_that_is_put_off_lets_others_pass(void **state)
{
	struct fixture *f = *state;
	struct outbox_verdict v;
	struct outbox_item item;
	int64_t soonest;

	add(f, TO_ERRORS, "a");
	add(f, TO_ERRORS, "b");
	v = (struct outbox_verdict){id_of(f, TO_ERRORS, "a"), OUTBOX_PUT_OFF, 1000};
	assert_int_equal(outbox_settle(f->db, &v, 1), 0);
	assert_string_equal(due(f, TO_ERRORS, 999), "b");
	assert_string_equal(due(f, TO_ERRORS, 1000), "ab");
	assert_int_equal(outbox_next(f->db, f->mem, TO_ERRORS, 0, 1000, &item), DB_ROW);
	assert_int_equal(item.attempts, 1);
	v = (struct outbox_verdict){id_of(f, TO_ERRORS, "b"), OUTBOX_DELIVERED, 0};
	assert_int_equal(outbox_settle(f->db, &v, 1), 0);
	assert_int_equal(outbox_soonest(f->db, TO_ERRORS, &soonest), 0);
	assert_int_equal(soonest, 1000);
	assert_int_equal(outbox_soonest(f->db, TO_METRICS, &soonest), 0);
	assert_true(soonest == INT64_MAX);
}

static void
what_is_too_old_to_be_known_again_is_dropped_and_counted(void **state)
{
	struct fixture *f = *state;
	int64_t now = clock_now(), dropped = 0;

	for (int i = 0; i < 450; i++)
		add(f, TO_ERRORS, "o");
	clock_set_offset_ns(100 * NS_PER_SECOND);
	add(f, TO_ERRORS, "y");
	assert_int_equal(outbox_expire(f->db, TO_ERRORS, now + OUTBOX_MAX_AGE, &dropped), 0);
	assert_int_equal(dropped, 0);
	assert_int_equal(outbox_expire(f->db, TO_ERRORS, now + OUTBOX_MAX_AGE + 50, &dropped), 0);
	assert_int_equal(dropped, 450);
	assert_string_equal(due(f, TO_ERRORS, 0), "y");
	assert_int_equal(totals(f, TO_ERRORS)->expired, 450);
	assert_int_equal(totals(f, TO_ERRORS)->waiting, 1);
}

static void
what_does_not_fit_is_turned_away_and_counted(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(outbox_add(f->db, f->mem, TO_ERRORS, "a", "body", 4, 3), OUTBOX_FULL);
	add(f, TO_METRICS, "x");
	/* The cap is for both destinations together. */
	assert_int_equal(
	    outbox_add(f->db, f->mem, TO_ERRORS, "a", "body", 4, totals(f, TO_METRICS)->bytes + 3),
	    OUTBOX_FULL);
	assert_int_equal(totals(f, TO_ERRORS)->turned_away, 2);
	assert_int_equal(totals(f, TO_ERRORS)->waiting, 0);
}

static void
an_item_that_is_damaged_is_dropped_and_does_not_hold_up_the_rest(void **state)
{
	struct fixture *f = *state;

	add(f, TO_ERRORS, "a");
	add(f, TO_ERRORS, "b");
	assert_int_equal(db_exec(f->db, "UPDATE outbox SET body = x'00' WHERE event = 'a'"), 0);
	assert_string_equal(due(f, TO_ERRORS, 0), "b");
	assert_int_equal(totals(f, TO_ERRORS)->refused, 1);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(items_leave_in_the_order_in_which_they_came),
	    CASE(what_became_of_an_item_is_counted),
	    CASE(an_item_that_is_put_off_lets_others_pass),
	    CASE(what_is_too_old_to_be_known_again_is_dropped_and_counted),
	    CASE(what_does_not_fit_is_turned_away_and_counted),
	    CASE(an_item_that_is_damaged_is_dropped_and_does_not_hold_up_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
