/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "period.h"
#include "text.h"

static void
periods_are_read_as_the_contract_says(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t seconds;
	} table[] = {
	    {"1s", 0, 1},
	    {"15m", 0, 900},
	    {"24h", 0, 86400},
	    {"7d", 0, 604800},
	    {"4294967295s", -1, 0},
	    {"429496729s", 0, 429496729},
	    {"429496729d", 0, INT64_C(429496729) * 86400},
	    {"007m", 0, 420},
	    {"", -1, 0},
	    {"s", -1, 0},
	    {"5", -1, 0},
	    {"0m", -1, 0},
	    {"-5m", -1, 0},
	    {"+5m", -1, 0},
	    {"5x", -1, 0},
	    {"90x", -1, 0},
	    {"5M", -1, 0},
	    {"5 m", -1, 0},
	    {" 5m", -1, 0},
	    {"5m ", -1, 0},
	    {"1.5h", -1, 0},
	    {"5mm", -1, 0},
	    {"99999999999d", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		int64_t seconds = 0;

		print_message("\"%s\"\n", table[i].text);
		assert_int_equal(period_parse(table[i].text, &seconds), table[i].result);
		assert_int_equal(seconds, table[i].seconds);
	}
}

static void
periods_are_written_in_their_largest_unit(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} table[] = {{1, "1s"}, {60, "1m"}, {61, "61s"}, {3600, "1h"}, {5400, "90m"}, {86400, "1d"},
	    {90000, "25h"}};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		char text[PERIOD_TEXT_SIZE];

		assert_string_equal(period_format(text, table[i].seconds), table[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(periods_are_read_as_the_contract_says),
	    cmocka_unit_test(periods_are_written_in_their_largest_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
