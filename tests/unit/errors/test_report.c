/* SPDX-License-Identifier: MIT */
/* What a report leaves behind: counts, occurrences, and what limits leave out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "fixture.h"
#include "text.h"

/* A report; more are further members, each with a comma before it. */
static int
post(const char *more)
{
	char body[1024];

	(void)snprintf(body, sizeof body,
	    "{\"project\":\"p\",\"exception_type\":\"T\",\"message\":\"m\",\"traceback\":\"t\"%s}",
	    more);
	return call(errors_report, NULL, "", body);
}

static const cJSON *
json_body(void)
{
	const char *why = "";
	size_t at;
	const cJSON *doc = json_parse(rq.mem, buf_text(&rq.out), rq.out.len, &why, &at);

	if (doc == NULL)
		fail_msg("the reply is no JSON: %s: %s", why, buf_text(&rq.out));
	return doc;
}

/* A number of the reply. */
static int64_t
number(const char *name)
{
	int64_t value = -1;

	assert_true(json_is_int(json_get(json_body(), name), INT64_MIN, INT64_MAX, &value));
	return value;
}

static void
every_number_adds_up(void **state)
{
	(void)state;
	assert_int_equal(post(",\"count\":10,\"environment\":\"a\""), 201);
	assert_int_equal(post(",\"count\":5,\"environment\":\"b\",\"release\":\"1\""), 200);
	assert_int_equal(number("count"), 15);
	assert_int_equal(post(""), 200);
	assert_int_equal(ask("SELECT count FROM error_key"), 16);
	assert_int_equal(ask("SELECT sum(h0+h1+h2+h3+h4+h5+h6+h7+h8+h9+h10+h11+h12+h13+h14+h15+h16"
			     "+h17+h18+h19+h20+h21+h22+h23) FROM day"),
	    16);
	assert_int_equal(ask("SELECT sum(count) FROM facet JOIN scope ON scope.id = scope_id"
			     " WHERE project = '' AND release = ''"),
	    15);
	assert_int_equal(call(errors_detail, "1", "", ""), 200);
	assert_int_equal(number("count"), 16);
	assert_int_equal(cJSON_GetArraySize(json_get(json_body(), "environments")), 2);
	assert_int_equal(cJSON_GetArraySize(json_get(json_body(), "releases")), 1);
}

static void
the_first_and_the_last_occurrences_are_kept(void **state)
{
	char more[64];

	(void)state;
	for (int i = 1; i <= 23; i++) {
		(void)snprintf(more, sizeof more, ",\"user_id\":\"%d\"", i);
		(void)post(more);
	}
	assert_int_equal(call(errors_occurrences, "1", "", ""), 200);
	{
		static const char *const kept[] = {
		    "23", "22", "21", "20", "19", "5", "4", "3", "2", "1"};
		const cJSON *all = json_get(json_body(), "occurrences");

		assert_int_equal(cJSON_GetArraySize(all), NELEM(kept));
		for (size_t i = 0; i < NELEM(kept); i++)
			assert_string_equal(
			    json_get_text(cJSON_GetArrayItem(all, (int)i), "user_id"), kept[i]);
	}
	assert_int_equal(call(errors_detail, "1", "", ""), 200);
	assert_int_equal(cJSON_GetArraySize(json_get(json_body(), "occurrences")), 5);
	assert_string_equal(
	    json_get_text(json_get(json_body(), "first_occurrence"), "user_id"), "1");
}

static void
an_event_counts_once_for_a_week(void **state)
{
	(void)state;
	assert_int_equal(post(",\"event_id\":\"e\""), 201);
	assert_int_equal(post(",\"event_id\":\"e\""), 201);
	assert_int_equal(ask("SELECT count FROM error_key"), 1);
	clock_set_offset_ns((EVENT_DAYS * SECONDS_PER_DAY + 1) * NS_PER_SECOND);
	assert_int_equal(post(",\"event_id\":\"e\""), 200);
	assert_int_equal(ask("SELECT count FROM error_key"), 2);
}

static void
an_event_of_another_project_is_another(void **state)
{
	(void)state;
	assert_int_equal(post(",\"event_id\":\"e\""), 201);
	assert_int_equal(post(",\"project\":\"q\",\"event_id\":\"e\""), 201);
	assert_int_equal(ask("SELECT count(*) FROM error"), 2);
}

static void
a_fingerprint_of_its_own_groups_what_tracebacks_part(void **state)
{
	(void)state;
	assert_int_equal(post(",\"fingerprint\":[\"a\",\"b\"]"), 201);
	assert_int_equal(post(",\"fingerprint\":[\"a\",\"b\"],\"traceback\":\"other\""), 200);
	assert_int_equal(post(",\"fingerprint\":[\"ab\"]"), 201);
	assert_int_equal(post(",\"fingerprint\":[]"), 201);
	assert_int_equal(ask("SELECT count(*) FROM error_key WHERE mechanism = 'm0'"), 1);
	assert_int_equal(ask("SELECT count(*) FROM error_key WHERE mechanism = 'given'"), 2);
}

static void
a_late_report_does_not_reopen_but_counts_where_it_belongs(void **state)
{
	(void)state;
	(void)post("");
	assert_int_equal(call(errors_resolve, "1", "", ""), 200);
	assert_int_equal(post(",\"timestamp\":1000000000"), 200);
	assert_int_equal(ask("SELECT status FROM error"), STATUS_RESOLVED);
	assert_int_equal(ask("SELECT first_seen FROM error"), 1000000000);
	assert_int_equal(ask("SELECT count(*) FROM day"), 2);
	assert_int_equal(post(""), 201);
	assert_int_equal(ask("SELECT status FROM error"), STATUS_UNRESOLVED);
	assert_int_equal(ask("SELECT resolved_at IS NULL FROM error"), 1);
}

static void
the_tally_follows_every_change(void **state)
{
	(void)state;
	(void)post("");
	(void)post(",\"project\":\"q\",\"level\":\"fatal\"");
	(void)post(",\"request_method\":\"BROWSER\"");
	(void)call(errors_resolve, "2", "", "");
	assert_int_equal(ask("SELECT sum(errors) FROM tally"), 2);
	assert_int_equal(ask("SELECT errors FROM tally WHERE project = 'p' AND browser = 1"), 1);
	assert_int_equal(ask("SELECT errors FROM tally WHERE status = 1 AND level = 4"), 1);
	assert_int_equal(ask("SELECT count(*) FROM tally WHERE errors < 0"), 0);
}

static void
facets_know_the_status_of_their_error(void **state)
{
	(void)state;
	(void)post(",\"environment\":\"a\"");
	(void)call(errors_resolve, "1", "", "");
	assert_int_equal(ask("SELECT min(status) FROM facet"), STATUS_RESOLVED);
	(void)post(",\"environment\":\"b\"");
	assert_int_equal(ask("SELECT max(status) FROM facet"), STATUS_UNRESOLVED);
}

static void
limits_leave_out_and_count_what_they_left(void **state)
{
	char more[160];

	(void)state;
	for (int i = 0; i < 150; i++) {
		(void)snprintf(more, sizeof more,
		    ",\"release\":\"%d\",\"tags\":{\"n%d\":\"x\",\"v\":\"%d\"},\"session_id\":"
		    "\"s\",\"timestamp\":%d",
		    i, i, i, i);
		(void)post(more);
	}
	assert_int_equal(ask("SELECT count(DISTINCT name) FROM tag"), 50);
	assert_int_equal(ask("SELECT count(*) FROM tag WHERE name = 'v'"), 101);
	assert_int_equal(ask("SELECT count FROM tag WHERE name = 'v' AND value = ''"), 50);
	assert_int_equal(ask("SELECT sum(count) FROM tag WHERE name = 'v'"), 150);
	for (int i = 150; i < 300; i++) {
		(void)snprintf(more, sizeof more, ",\"release\":\"%d\",\"timestamp\":%d", i, i);
		(void)post(more);
	}
	assert_int_equal(ask("SELECT count(*) FROM facet"), 200);
	/* What is left out is the oldest: it is the newest release that people ask for. */
	assert_int_equal(ask("SELECT min(CAST(release AS INTEGER)) FROM facet"
			     " JOIN scope ON scope.id = scope_id"),
	    100);
	assert_int_equal(ask("SELECT count FROM error_key"), 300);
}

static void
a_long_message_is_listed_in_part_and_shown_whole(void **state)
{
	static char body[20000], message[10000];

	(void)state;
	memset(message, 'x', sizeof message - 1);
	(void)snprintf(body, sizeof body,
	    "{\"project\":\"p\",\"exception_type\":\"T\",\"message\":\"%s\",\"traceback\":\"t\"}",
	    message);
	assert_int_equal(call(errors_report, NULL, "", body), 201);
	assert_int_equal(call(errors_detail, "1", "", ""), 200);
	assert_string_equal(json_get_text(json_body(), "message"), message);
	assert_int_equal(call(errors_list, NULL, "", ""), 200);
	assert_int_equal(strlen(json_get_text(
			     cJSON_GetArrayItem(json_get(json_body(), "errors"), 0), "message")),
	    MESSAGE_LISTED);
}

static void
the_alert_queue_takes_a_thousand_an_hour(void **state)
{
	uint64_t capped = tracker_shm.service[COUNTER_CAPPED];
	char more[64];

	(void)state;
	tracker_cfg.alert_lists.webhooks = "http://127.0.0.1:9/";
	tracker_cfg.alert_new_after = 1;
	for (int i = 0; i < 1003; i++) {
		(void)snprintf(more, sizeof more, ",\"fingerprint\":[\"%d\"]", i);
		assert_int_equal(post(more), 201);
	}
	assert_int_equal(ask("SELECT count(*) FROM alert"), 1000);
	assert_int_equal(ask("SELECT count(*) FROM error"), 1003);
	assert_int_equal(tracker_shm.service[COUNTER_CAPPED], capped + 3);
	clock_set_offset_ns(INT64_C(3601) * 1000000000);
	assert_int_equal(post(""), 201);
	assert_int_equal(ask("SELECT count(*) FROM alert"), 1001);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tracker_set_up, tracker_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_number_adds_up),
	    TEST(the_first_and_the_last_occurrences_are_kept),
	    TEST(an_event_counts_once_for_a_week),
	    TEST(an_event_of_another_project_is_another),
	    TEST(a_fingerprint_of_its_own_groups_what_tracebacks_part),
	    TEST(a_late_report_does_not_reopen_but_counts_where_it_belongs),
	    TEST(the_tally_follows_every_change),
	    TEST(facets_know_the_status_of_their_error),
	    TEST(limits_leave_out_and_count_what_they_left),
	    TEST(a_long_message_is_listed_in_part_and_shown_whole),
	    TEST(the_alert_queue_takes_a_thousand_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
