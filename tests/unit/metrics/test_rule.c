/* SPDX-License-Identifier: MIT */
/* rule.h: what a rule says, and what is none. */
#include <math.h>

#include "rule.h"
#include "tests/unit/with_arena.h"
#include "text.h"

static void
rules_are_read(void **state)
{
	static const struct {
		const char *text, *name;
		size_t conditions;
		enum rule_function function;
		int64_t window;
		enum rule_op op;
		double limit;
		int64_t hold;
	} table[] = {
	    {"a sum 5m > 0", "a", 0, RULE_SUM, 300, RULE_GT, 0, 0},
	    {"http_requests_total{status=500} rate 5m > 0.5 for 10m", "http_requests_total", 1,
		RULE_RATE, 300, RULE_GT, 0.5, 600},
	    {"a{b=c,d!=e} avg 1h >= -1e3", "a", 2, RULE_AVG, 3600, RULE_GE, -1000, 0},
	    {"a{} min 30s < 1", "a", 0, RULE_MIN, 30, RULE_LT, 1, 0},
	    {"  a{b=c d} max 1d <= 1 for 1h  ", "a", 1, RULE_MAX, 86400, RULE_LE, 1, 3600},
	    {"a last 5m == 1", "a", 0, RULE_LAST, 300, RULE_EQ, 1, 0},
	    {"a p95 15m != 2", "a", 0, RULE_QUANTILE, 900, RULE_NE, 2, 0},
	    {"a{project=shop} absent 10m", "a", 0, RULE_ABSENT, 600, RULE_GT, 0, 0},
	    {"a absent 10m for 5m", "a", 0, RULE_ABSENT, 600, RULE_GT, 0, 300},
	    {"a\tsum\t5m\t>\t0", "a", 0, RULE_SUM, 300, RULE_GT, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct rule rule;

		print_message("%s\n", table[i].text);
		assert_null(rule_parse(mem, table[i].text, &rule));
		assert_string_equal(rule.name, table[i].name);
		assert_int_equal(rule.filter.n, table[i].conditions);
		assert_int_equal(rule.function, table[i].function);
		assert_int_equal(rule.window, table[i].window);
		assert_int_equal(rule.op, table[i].op);
		assert_true(rule.limit == table[i].limit);
		assert_int_equal(rule.hold, table[i].hold);
	}
}

static void
quantiles_are_hundredths(void **state)
{
	struct rule rule;

	(void)state;
	assert_null(rule_parse(mem, "a p50 5m > 1", &rule));
	assert_true(rule.quantile == 0.5);
	assert_null(rule_parse(mem, "a p99.9 5m > 1", &rule));
	assert_true(fabs(rule.quantile - 0.999) < 1e-12);
}

static void
what_is_no_rule_is_refused_with_a_reason(void **state)
{
	static const struct {
		const char *what, *text;
	} table[] = {
	    {"nothing", ""},
	    {"blanks", "   "},
	    {"no name", "{a=b} sum 5m > 0"},
	    {"a name alone", "a"},
	    {"labels without an end", "a{b=c sum 5m > 0"},
	    {"an unknown function", "a median 5m > 0"},
	    {"the hundredth quantile", "a p100 5m > 0"},
	    {"the quantile of nothing", "a p0 5m > 0"},
	    {"no quantile at all", "a p 5m > 0"},
	    {"no window", "a sum > 0"},
	    {"a window without a unit", "a sum 5 > 0"},
	    {"no comparison", "a sum 5m 0"},
	    {"an unknown comparison", "a sum 5m => 0"},
	    {"no value", "a sum 5m >"},
	    {"a value that is no number", "a sum 5m > many"},
	    {"a value without end", "a sum 5m > 1e999"},
	    {"something behind", "a sum 5m > 0 now"},
	    {"for without a duration", "a sum 5m > 0 for"},
	    {"for nothing", "a sum 5m > 0 for 0m"},
	    {"words without end", "a sum 5m > 0 for 1m 1 2 3 4 5"},
	    {"absent compared", "a absent 5m > 0"},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct rule rule;
		const char *why;

		print_message("%s\n", table[i].what);
		why = rule_parse(mem, table[i].text, &rule);
		assert_non_null(why);
		print_message("  %s\n", why);
	}
}

static void
comparisons_compare(void **state)
{
	static const struct {
		const char *text;
		bool below, equal, above;
	} table[] = {{"a sum 5m > 1", false, false, true}, {"a sum 5m >= 1", false, true, true},
	    {"a sum 5m < 1", true, false, false}, {"a sum 5m <= 1", true, true, false},
	    {"a sum 5m == 1", false, true, false}, {"a sum 5m != 1", true, false, true}};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct rule rule;

		print_message("%s\n", table[i].text);
		assert_null(rule_parse(mem, table[i].text, &rule));
		assert_int_equal(rule_compare(&rule, 0), table[i].below);
		assert_int_equal(rule_compare(&rule, 1), table[i].equal);
		assert_int_equal(rule_compare(&rule, 2), table[i].above);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ARENA(rules_are_read),
	    WITH_ARENA(quantiles_are_hundredths),
	    WITH_ARENA(what_is_no_rule_is_refused_with_a_reason),
	    WITH_ARENA(comparisons_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
