/* SPDX-License-Identifier: MIT */
/* Times as text, against vectors worked out by hand or by date(1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"

static void
times_of_every_spelling_are_read(void **state)
{
	static const struct {
		const char *what, *text;
		int64_t seconds, ns;
	} table[] = {
	    {"the epoch", "1970-01-01T00:00:00Z", 0, 0},
	    {"RFC 3339", "2026-11-22T10:20:30Z", 1795342830, 0},
	    {"lower-case letters", "2026-11-22t10:20:30z", 1795342830, 0},
	    {"a blank for the T", "2026-11-22 10:20:30Z", 1795342830, 0},
	    {"no offset means UTC", "2026-11-22T10:20:30", 1795342830, 0},
	    {"no seconds", "2026-11-22T10:20", 1795342800, 0},
	    {"a date alone is its midnight", "2026-11-22", 1795305600, 0},
	    {"an offset east", "2026-11-22T10:20:30+02:30", 1795342830 - 9000, 0},
	    {"an offset west", "2026-11-22T10:20:30-02:30", 1795342830 + 9000, 0},
	    {"an offset without its colon", "2026-11-22T10:20:30-0530", 1795342830 + 19800, 0},
	    {"a plus that a query string lost", "2026-11-22T10:20:30 01:00", 1795342830 - 3600, 0},
	    {"the unknown offset", "2026-11-22T10:20:30-00:00", 1795342830, 0},
	    {"one digit of fraction", "2026-11-22T10:20:30.5Z", 1795342830, 500000000},
	    {"nine digits", "2026-11-22T10:20:30.123456789Z", 1795342830, 123456789},
	    {"finer than a nanosecond is cut", "2026-11-22T10:20:30.1234567899Z", 1795342830,
		123456789},
	    {"fraction and offset", "2026-11-22T10:20:30.25+01:00", 1795342830 - 3600, 250000000},
	    {"a leap day", "2024-02-29T00:00:00Z", 1709164800, 0},
	    {"the leap day of a fourth century", "2000-02-29T00:00:00Z", 951782400, 0},
	    {"the day after February", "2023-03-01T00:00:00Z", 1677628800, 0},
	    {"before the epoch", "1969-12-31T23:59:59.75Z", -1, 750000000},
	    {"second 60 is the end of its minute", "2016-12-31T23:59:60Z", 1483228799, 999999999},
	    {"the first we keep", "1678-01-01T00:00:00Z", -9214560000, 0},
	    {"the last we keep", "2262-04-11T23:47:15.5Z", 9223372035, 500000000},
	    {"Unix seconds", "1795342830", 1795342830, 0},
	    {"Unix seconds with a fraction", "1795342830.25", 1795342830, 250000000},
	    {"zero", "0", 0, 0},
	    {"negative Unix seconds", "-1.25", -2, 750000000},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		int64_t ns = 0;

		print_message("%s\n", table[i].what);
		assert_int_equal(time_parse(table[i].text, strlen(table[i].text), &ns), 0);
		assert_int_equal(ns, table[i].seconds * NS_PER_SECOND + table[i].ns);
	}
}

static void
what_is_no_time_is_refused(void **state)
{
	static const char *const table[] = {
	    "",
	    "x",
	    "-",
	    ".",
	    ".5",
	    "1.",
	    "1.5x",
	    "1e3",
	    "+5",
	    " 5",
	    "5 ",
	    "now",
	    "2023-02-29",
	    "2100-02-29",
	    "2026-04-31",
	    "2026-13-01",
	    "2026-00-01",
	    "2026-01-00",
	    "2026-1-01",
	    "20260-01-01",
	    "2026-01-01T",
	    "2026-01-01T24:00:00Z",
	    "2026-01-01T00:60:00Z",
	    "2026-01-01T00:00:61Z",
	    "2026-01-01T00:00:00.Z",
	    "2026-01-01T00:00:00ZZ",
	    "2026-01-01T00:00:00+24:00",
	    "2026-01-01T00:00:00+01:60",
	    "2026-01-01T00:00:00+1:00",
	    "2026-01-01T00:00:00+01:",
	    "2026-01-01T00:00:00+",
	    "2026-01-01T00:00:00 Z",
	    "2026-01-01T-1:00:00Z",
	    "2026-01-01T-0:00:00Z",
	    "2026-01-01X00:00:00Z",
	    "2026/01/01",
	    "1677-12-31T23:59:59Z",
	    "2262-04-11T23:47:16Z",
	    "9223372036.9",
	    "2262-04-12T00:00:00Z",
	    "9999-12-31T23:59:59Z",
	    "0000-01-01T00:00:00Z",
	    "1795342830000",
	    "-9214560001",
	    "99999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		int64_t ns = 77;

		print_message("'%s'\n", table[i]);
		assert_int_equal(time_parse(table[i], strlen(table[i]), &ns), -1);
		assert_int_equal(ns, 77);
	}
}

static void
a_time_ends_where_its_length_says(void **state)
{
	int64_t ns;

	(void)state;
	assert_int_equal(time_parse("2026-11-22T10:20:30Z and more", 20, &ns), 0);
	assert_int_equal(time_parse("2026-11-22T10:20:30Z", 9, &ns), -1);
}

static void
times_are_written_in_utc(void **state)
{
	char out[TIME_TEXT_SIZE];

	(void)state;
	assert_string_equal(time_format(out, 0), "1970-01-01T00:00:00Z");
	assert_string_equal(time_format(out, -1), "1969-12-31T23:59:59Z");
	assert_string_equal(time_format(out, 951782400), "2000-02-29T00:00:00Z");
	assert_string_equal(time_format(out, 1795342830), "2026-11-22T10:20:30Z");
	assert_string_equal(time_format_ns(out, 0), "1970-01-01T00:00:00.000000000Z");
	assert_string_equal(time_format_ns(out, -1), "1969-12-31T23:59:59.999999999Z");
	assert_string_equal(time_format_ns(out, INT64_MAX), "2262-04-11T23:47:16.854775807Z");
	assert_string_equal(time_format_ns(out, INT64_MIN), "1677-09-21T00:12:43.145224192Z");
	/* Nonsense in, but within the room. */
	assert_non_null(strchr(time_format(out, INT64_MAX), 'Z'));
	assert_non_null(strchr(time_format(out, INT64_MIN), 'Z'));
}

static void
every_day_for_six_centuries_agrees_with_libc(void **state)
{
	(void)state;
	for (int64_t day = -106650; day < 106751; day++) {
		time_t t = (time_t)(day * 86400 + (day * 7919) % 86400);
		char ours[TIME_TEXT_SIZE], libc[TIME_TEXT_SIZE];
		struct tm tm;
		int64_t ns;

		if (t < -9214560000)
			continue;
		assert_non_null(gmtime_r(&t, &tm));
		(void)strftime(libc, sizeof libc, "%Y-%m-%dT%H:%M:%SZ", &tm);
		assert_string_equal(time_format(ours, t), libc);
		assert_int_equal(time_parse(ours, strlen(ours), &ns), 0);
		assert_int_equal(ns, t * NS_PER_SECOND);
	}
}

static void
a_test_can_step_the_wall_clock(void **state)
{
	int64_t before = clock_now(), mono = clock_mono_us();

	(void)state;
	clock_set_offset_ns(3600 * NS_PER_SECOND);
	assert_in_range(clock_now() - before, 3600, 3660);
	assert_in_range(clock_now_ns() / NS_PER_SECOND - before, 3600, 3660);
	assert_in_range(clock_mono_us() - mono, 0, 60000000);
	clock_set_offset_ns(0);
	assert_in_range(clock_now() - before, 0, 60);
}

#ifdef MONLIGHT_DEBUG
static void
a_file_steps_the_clock_of_all_who_follow_it(void **state)
{
	char path[] = "/tmp/clock-XXXXXX";
	int fd = mkstemp(path);
	int64_t before = clock_now(), hour = 3600 * NS_PER_SECOND;

	(void)state;
	assert_int_equal(ftruncate(fd, sizeof(hour)), 0);
	assert_int_equal(clock_follow(path), 0);
	assert_in_range(clock_now() - before, 0, 60);
	assert_int_equal(pwrite(fd, &hour, sizeof(hour), 0), sizeof(hour));
	assert_in_range(clock_now() - before, 3600, 3660);
	hour = 0;
	assert_int_equal(pwrite(fd, &hour, sizeof(hour), 0), sizeof(hour));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(clock_follow(path), -1);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_of_every_spelling_are_read),
	    cmocka_unit_test(what_is_no_time_is_refused),
	    cmocka_unit_test(a_time_ends_where_its_length_says),
	    cmocka_unit_test(times_are_written_in_utc),
	    cmocka_unit_test(every_day_for_six_centuries_agrees_with_libc),
	    cmocka_unit_test(a_test_can_step_the_wall_clock),
#ifdef MONLIGHT_DEBUG
	    cmocka_unit_test(a_file_steps_the_clock_of_all_who_follow_it),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
