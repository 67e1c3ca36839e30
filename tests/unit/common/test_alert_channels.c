/* SPDX-License-Identifier: MIT */
/* Where alerts go: what a list's items are read as, and what is written for each kind. */
#include <string.h>

#include "alert_channels.h"
#include "tests/unit/with_arena.h"
#include "text.h"

static const struct alert alert = {
    .kind = "new",
    .subject_id = 7,
    .title = "[shop] *boom* @here",
    .heading = "New error in shop",
    .facts = {{"Message", "<b> & _more_"}},
    .nfacts = 1,
    .text = "a ``` b",
    .path = "/errors/7",
};
static const struct alert_letter letter = {
    .service = "errors", .base_url = "https://monlight.example", .date = 0};

static struct alert_channels channels;
static char said[512];

/* Reads the lists into the two above; returns how many items are bad. */
static int
read_lists(const struct alert_lists *lists)
{
	FILE *errors = fmemopen(said, sizeof said, "w");
	int bad;

	channels = (struct alert_channels){0};
	bad = alert_channels_read(lists, mem, &channels, errors);
	(void)fclose(errors);
	return bad;
}

static void
the_variable_that_is_missing_is_named(void **state)
{
	static const struct {
		struct alert_lists lists;
		const char *missing;
	} cases[] = {
	    {{NULL, NULL, NULL}, "SMTP_HOST"},
	    {{"mail.example", NULL, NULL}, "ALERT_EMAILS"},
	    {{NULL, "ops@shop.example", NULL}, "SMTP_HOST"},
	    {{"mail.example", "ops@shop.example", NULL}, NULL},
	    {{NULL, NULL, "https://shop.example/hook"}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		const char *missing = alert_channels_missing(&cases[i].lists);

		if (cases[i].missing == NULL)
			assert_null(missing);
		else
			assert_string_equal(missing, cases[i].missing);
	}
}

static void
an_item_becomes_a_channel_whose_name_keeps_the_secret(void **state)
{
	static const struct {
		const char *name, *to;
		enum alert_way way;
	} wanted[] = {
	    {"mail ops@shop.example", "ops@shop.example", ALERT_BY_MAIL},
	    {"webhook 1 json shop.example:8080", "http://shop.example:8080/s3cret", ALERT_BY_POST},
	    {"webhook 2 slack hooks.slack.com", "https://hooks.slack.com/s3cret", ALERT_BY_POST},
	    {"webhook 3 discord discord.com", "https://discord.com/api/webhooks/s3cret",
		ALERT_BY_POST},
	    {"webhook 4 slack chat.example", "https://chat.example/s3cret", ALERT_BY_POST},
	};
	const struct alert_lists lists = {"mail.example", " ops@shop.example ,,",
	    "http://shop.example:8080/s3cret, https://hooks.slack.com/s3cret,"
	    "https://discord.com/api/webhooks/s3cret, slack  https://chat.example/s3cret"};

	(void)state;
	assert_int_equal(read_lists(&lists), 0);
	assert_int_equal(channels.n, NELEM(wanted));
	for (size_t i = 0; i < NELEM(wanted); i++) {
		assert_string_equal(channels.items[i].name, wanted[i].name);
		assert_string_equal(channels.items[i].to, wanted[i].to);
		assert_int_equal(channels.items[i].way, wanted[i].way);
		assert_ptr_equal(
		    alert_channels_find(&channels, wanted[i].name), &channels.items[i]);
	}
	assert_null(alert_channels_find(&channels, "mail else@shop.example"));
}

static void
every_bad_item_is_told_of_by_its_number_alone(void **state)
{
	const struct alert_lists lists = {
	    "mail.example", "ops, a b@shop.example", "https://ok.example/, ftp://s3cret.example"};

	(void)state;
	assert_int_equal(read_lists(&lists), 3);
	assert_int_equal(channels.n, 1);
	assert_string_equal(said,
	    "ALERT_EMAILS item 1 is not valid; accepted: a mail address\n"
	    "ALERT_EMAILS item 2 is not valid; accepted: a mail address\n"
	    "ALERT_WEBHOOKS item 2 is not valid; accepted: [json|slack|discord] URL\n");
}

static void
each_kind_is_written_so_that_nothing_of_an_event_works(void **state)
{
	static const char *const wanted[] = {
	    "{\"service\":\"errors\",\"kind\":\"new\",\"created_at\":\"1970-01-01T00:00:00Z\","
	    "\"subject_id\":7,\"title\":\"[shop] *boom* @here\",\"heading\":\"New error in shop\","
	    "\"facts\":{\"Message\":\"<b> & _more_\"},\"text\":\"a ``` b\","
	    "\"url\":\"https://monlight.example/errors/7\"}",
	    "{\"text\":\"*[shop] *\u200bboom*\u200b @here*\\nhttps://monlight.example/errors/7\\n"
	    "Message: &lt;b&gt; &amp; _\u200bmore_\u200b\\n```\\na ''' b\\n```\\n\"}",
	    "{\"content\":\"**\\\\[shop\\\\] \\\\*boom\\\\* \\\\@here**\\n"
	    "https://monlight.example/errors/7\\nMessage: \\\\<b\\\\> & \\\\_more\\\\_\\n"
	    "```\\na ''' b\\n```\\n\",\"allowed_mentions\":{\"parse\":[]}}",
	};
	const struct alert_lists lists = {
	    .webhooks = "json http://a.example, slack http://a.example, discord http://a.example"};

	(void)state;
	assert_int_equal(read_lists(&lists), 0);
	assert_int_equal(channels.n, NELEM(wanted));
	for (size_t i = 0; i < NELEM(wanted); i++) {
		struct buf body = {0};

		channels.items[i].write(&body, &letter, &alert);
		assert_string_equal(buf_text(&body), wanted[i]);
		buf_free(&body);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_variable_that_is_missing_is_named),
	    WITH_ARENA(an_item_becomes_a_channel_whose_name_keeps_the_secret),
	    WITH_ARENA(every_bad_item_is_told_of_by_its_number_alone),
	    WITH_ARENA(each_kind_is_written_so_that_nothing_of_an_event_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
