/* SPDX-License-Identifier: MIT */
/* What the deliverer does with the queue, when channels and disks are not well. */
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
#include "deliver.h"

#define DAY INT64_C(86400)

extern const struct db_schema errors_schema;

/* ---- a network of one channel that hangs and one that is well --------------------------- */

static int hung, taken;

enum send_result
send_json(
    const char *url, const char *ca_file, const struct buf *body, char detail[SEND_DETAIL_SIZE])
{
	bool hangs = strstr(url, "hangs") != NULL;

	(void)ca_file;
	assert_true(body->len > 0);
	*(hangs ? &hung : &taken) += 1;
	(void)snprintf(detail, SEND_DETAIL_SIZE, "%s", hangs ? "no answer" : "answered 200");
	return hangs ? SEND_TIMED_OUT : SEND_TAKEN;
}

enum send_result
send_mail(const struct smtp *smtp, const char *from, const char *to, const struct buf *message,
    char detail[SEND_DETAIL_SIZE])
{
	(void)smtp;
	(void)from;
	(void)to;
	(void)message;
	(void)detail;
	fail();
	return SEND_FAILED;
}

/* ---- a queue ------------------------------------------------------------------------------ */

static char directory[] = "/tmp/deliver-XXXXXX";
static struct arena *mem;
static int64_t now;
static struct deliver_cfg cfg;
static struct deliver_outcome outcome;
static struct deliver_queue queue = {
    .service = "errors", .base_url = "http://localhost:5010", .outcome = &outcome};

static int
set_up(void **state)
{
	char path[64];

	(void)state;
	(void)snprintf(path, sizeof path, "%s/errors.db", directory);
	(void)unlink(path);
	mem = arena_new(4096);
	now = clock_now();
	queue.db = db_open(path, &errors_schema, DB_SYNC_NORMAL);
	assert_non_null(queue.db);
	cfg = (struct deliver_cfg){.smtp_from = "tracker@shop.example", .cap_seconds = 3600};
	cfg.lists.webhooks = "http://a.example/hangs, http://b.example/";
	assert_int_equal(alert_channels_read(&cfg.lists, mem, &cfg.channels, stderr), 0);
	hung = taken = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	db_close(queue.db);
	arena_free(mem);
	outcome = (struct deliver_outcome){0};
	return 0;
}

static void
enqueue(int64_t at)
{
	const struct alert alert = {.kind = "new", .title = "t", .heading = "h"};

	assert_int_equal(alert_enqueue(queue.db, mem, &alert, at), 0);
}

static int
pass(int64_t at)
{
	int64_t next;

	return deliver_pass(&cfg, &queue, mem, at, &next);
}

static int64_t
ask(const char *question)
{
	int64_t answer;

	assert_int_equal(
	    db_number(queue.db, db_prepare(queue.db, question), DB_NO_ARGS, 0, &answer), 0);
	return answer;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void
a_channel_that_hangs_costs_a_pass_one_time_out(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		enqueue(now);
	assert_int_equal(pass(now), 0);
	assert_int_equal(taken, 5);
	assert_int_equal(hung, 1);
	assert_int_equal(ask("SELECT sum(state = 'waiting') FROM alert_delivery /*scan*/"), 5);
}

static void
what_was_sent_and_could_not_be_noted_is_not_sent_again(void **state)
{
	(void)state;
	cfg.lists.webhooks = "http://b.example/";
	cfg.channels.n = 0;
	assert_int_equal(alert_channels_read(&cfg.lists, mem, &cfg.channels, stderr), 0);
	enqueue(now);
	enqueue(now);
	assert_int_equal(db_exec(queue.db, "CREATE TRIGGER full BEFORE UPDATE ON alert_delivery"
					   " BEGIN SELECT RAISE(FAIL, 'no space'); END"),
	    0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pass(now + (int64_t)60 * i), -1);
	assert_int_equal(taken, 1);
	assert_int_equal(db_exec(queue.db, "DROP TRIGGER full"), 0);
	assert_int_equal(pass(now + 180), 0);
	assert_int_equal(taken, 2);
	assert_int_equal(ask("SELECT count(*) FROM alert WHERE state = 'done' /*scan*/"), 2);
	assert_int_equal(ask("SELECT max(attempts) FROM alert_delivery /*scan*/"), 1);
}

static void
the_cap_counts_no_alerts_of_a_clock_that_was_ahead(void **state)
{
	(void)state;
	cfg.hourly_cap = 1;
	enqueue(now + DAY);
	assert_int_equal(pass(now + DAY), 0);
	enqueue(now);
	enqueue(now);
	assert_int_equal(pass(now), 0);
	assert_int_equal(ask("SELECT count(*) FROM alert WHERE state = 'held' /*scan*/"), 1);
}

static void
an_alert_takes_room_for_as_long_as_it_may_be_sent(void **state)
{
	(void)state;
	cfg.hourly_cap = 2;
	for (int i = 0; i < 3; i++)
		enqueue(now);
	assert_int_equal(pass(now), 0);
	assert_int_equal(
	    ask("SELECT sum(state = 'sending' AND content <> '') FROM alert /*scan*/"), 2);
	assert_int_equal(ask("SELECT sum(state = 'held' AND content = '') FROM alert /*scan*/"), 1);
	/* Too old to be tried a second time. */
	cfg.hourly_cap = 0;
	enqueue(now - 2 * DAY);
	assert_int_equal(pass(now), 0);
	assert_int_equal(ask("SELECT state = 'done' AND content = '' FROM alert WHERE id = 4"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_channel_that_hangs_costs_a_pass_one_time_out),
	    TEST(what_was_sent_and_could_not_be_noted_is_not_sent_again),
	    TEST(the_cap_counts_no_alerts_of_a_clock_that_was_ahead),
	    TEST(an_alert_takes_room_for_as_long_as_it_may_be_sent),
	};
	int failed;

	if (mkdtemp(directory) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)execl("/bin/rm", "rm", "-r", directory, (char *)NULL);
	return failed;
}
