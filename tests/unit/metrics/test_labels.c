/* SPDX-License-Identifier: MIT */
/* labels.h: one text for a set, however it is spelt, and conditions on it. */
#include <stdio.h>
#include <string.h>

#include "labels.h"
#include "tests/unit/with_arena.h"
#include "text.h"

static const cJSON *
parse(const char *text)
{
	const char *why;
	size_t at;

	return json_parse(mem, text, strlen(text), &why, &at);
}

static void
equal_sets_have_one_text(void **state)
{
	static const struct {
		const char *what, *json, *canonical, *project;
	} table[] = {
	    {"none", "{}", "{}", NULL},
	    {"one", "{\"a\":\"1\"}", "{\"a\":\"1\"}", NULL},
	    {"out of order", "{\"b\":\"2\",\"a\":\"1\"}", "{\"a\":\"1\",\"b\":\"2\"}", NULL},
	    {"with blanks", " { \"a\" : \"1\" } ", "{\"a\":\"1\"}", NULL},
	    {"by bytes, not by case", "{\"b\":\"\",\"B\":\"\"}", "{\"B\":\"\",\"b\":\"\"}", NULL},
	    {"numbers as text", "{\"a\":1,\"b\":0.5,\"c\":1e3}",
		"{\"a\":\"1\",\"b\":\"0.5\",\"c\":\"1000\"}", NULL},
	    {"truth as text", "{\"a\":true,\"b\":false}", "{\"a\":\"true\",\"b\":\"false\"}", NULL},
	    {"the tenant", "{\"project\":\"shop\",\"a\":\"1\"}", "{\"a\":\"1\"}", "shop"},
	    {"a label of no value", "{\"a\":null,\"b\":\"1\",\"project\":null}", "{\"b\":\"1\"}",
		NULL},
	    {"the session of a visitor", "{\"session_id\":\"x\",\"a\":\"1\"}", "{\"a\":\"1\"}",
		NULL},
	    {"more than insertion sorts",
		"{\"j\":1,\"i\":1,\"h\":1,\"g\":1,\"f\":1,\"e\":1,\"d\":1,"
		"\"c\":1,\"b\":1,\"a\":1}",
		"{\"a\":\"1\",\"b\":\"1\",\"c\":\"1\",\"d\":\"1\",\"e\":\"1\",\"f\":\"1\","
		"\"g\":\"1\",\"h\":\"1\",\"i\":\"1\",\"j\":\"1\"}",
		NULL},
	    {"quotes", "{\"a\":\"\\\"\\\\\\n\"}", "{\"a\":\"\\\"\\\\\\n\"}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		const char *project, *why;

		print_message("%s\n", table[i].what);
		assert_string_equal(labels_canonical(mem, parse(table[i].json), &project, &why),
		    table[i].canonical);
		if (table[i].project == NULL)
			assert_null(project);
		else
			assert_string_equal(project, table[i].project);
	}
}

static void
what_is_no_set_of_labels_is_refused(void **state)
{
	static const struct {
		const char *what, *json;
	} table[] = {
	    {"an array", "[]"},
	    {"a text", "\"a\""},
	    {"an object within", "{\"a\":{}}"},
	    {"an array within", "{\"a\":[]}"},
	    {"a tenant that is none", "{\"project\":{}}"},
	    {"a name of no bytes", "{\"\":\"a\"}"},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		const char *project, *why = NULL;

		print_message("%s\n", table[i].what);
		assert_null(labels_canonical(mem, parse(table[i].json), &project, &why));
		assert_non_null(why);
	}
}

static void
sizes_have_limits(void **state)
{
	static const struct {
		const char *what;
		int labels, name, value;
		bool taken;
	} table[] = {
	    {"as many labels as there may be", LABELS_MAX, 10, 1, true},
	    {"one more", LABELS_MAX + 1, 10, 1, false},
	    {"ten thousand", 10000, 10, 1, false},
	    {"the longest name", 1, LABELS_MAX_NAME, 1, true},
	    {"a longer one", 1, LABELS_MAX_NAME + 1, 1, false},
	    {"the longest value", 1, 10, LABELS_MAX_VALUE, true},
	    {"a longer one", 1, 10, LABELS_MAX_VALUE + 1, false},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		const char *project, *why;
		struct buf json = {0};

		print_message("%s\n", table[i].what);
		buf_char(&json, '{');
		for (int n = 0; n < table[i].labels; n++)
			buf_printf(&json, "%s\"%0*d\":\"%0*d\"", n > 0 ? "," : "", table[i].name, n,
			    table[i].value, 0);
		buf_char(&json, '}');
		assert_int_equal(
		    labels_canonical(mem, parse(buf_text(&json)), &project, &why) != NULL,
		    table[i].taken);
		buf_free(&json);
	}
}

static void
conditions_choose_a_subset_in_any_order(void **state)
{
	static const char labels[] =
	    "{\"method\":\"GET\",\"path\":\"/a,b\",\"status\":\"200\",\"url\":\"http://x\"}";
	static const struct {
		const char *what, *filter;
		bool matches;
	} table[] = {
	    {"nothing asked", "", true},
	    {"one label", "method:GET", true},
	    {"two, in another order", "status:200,method:GET", true},
	    {"another value", "method:POST", false},
	    {"one of two wrong", "method:GET,status:500", false},
	    {"a label that is not there", "host:x", false},
	    {"one that is not there is empty", "host:", true},
	    {"with =", "method=GET", true},
	    {"not another", "status!=500", true},
	    {"not this one", "status!=200", false},
	    {"not empty", "host!=", false},
	    {"a value with a colon", "url:http://x", true},
	    {"a value with a colon, unlike", "url!=http://y", true},
	    {"a value with a comma", "path:/a\\,b", true},
	    {"an unescaped comma cuts", "path:/a,b", false},
	    {"parts without a sign are passed over", "method:GET,nonsense,,", true},
	    {"the tenant", "project!=other", true},
	    {"not the tenant", "project!=shop", false},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct label_filter filter = {0};

		print_message("%s\n", table[i].what);
		label_filter_parse(mem, table[i].filter, &filter);
		assert_int_equal(
		    label_filter_matches(&filter, parse(labels), "shop"), table[i].matches);
	}
}

static void
a_condition_on_the_project_stands_apart(void **state)
{
	struct label_filter filter = {0};

	(void)state;
	label_filter_parse(mem, "a:1,project:shop", &filter);
	assert_int_equal(filter.n, 1);
	assert_string_equal(filter.project, "shop");
}

static void
a_single_condition_keeps_its_commas(void **state)
{
	struct label_filter filter = {0};

	(void)state;
	assert_int_equal(label_filter_add(mem, "path:/a,b", &filter), 0);
	assert_int_equal(filter.n, 1);
	assert_string_equal(filter.matches[0].value, "/a,b");
	assert_int_equal(label_filter_add(mem, "nonsense", &filter), -1);
}

static void
groups_have_the_labels_that_were_asked_for(void **state)
{
	static const struct {
		const char *what, *names, *picked;
	} table[] = {
	    {"one", "method", "{\"method\":\"GET\"}"},
	    {"two, in byte order", " status , method ", "{\"method\":\"GET\",\"status\":\"200\"}"},
	    {"twice the same", "method,method", "{\"method\":\"GET\"}"},
	    {"one that is not there", "host", "{\"host\":\"\"}"},
	    {"the tenant", "project", "{\"project\":\"shop\"}"},
	    {"none", ",,", "{}"},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct label_names names = label_names_parse(mem, table[i].names);

		print_message("%s\n", table[i].what);
		assert_string_equal(
		    labels_pick(
			mem, parse("{\"method\":\"GET\",\"status\":\"200\"}"), "shop", &names),
		    table[i].picked);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ARENA(equal_sets_have_one_text),
	    WITH_ARENA(what_is_no_set_of_labels_is_refused),
	    WITH_ARENA(sizes_have_limits),
	    WITH_ARENA(conditions_choose_a_subset_in_any_order),
	    WITH_ARENA(a_condition_on_the_project_stands_apart),
	    WITH_ARENA(a_single_condition_keeps_its_commas),
	    WITH_ARENA(groups_have_the_labels_that_were_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
