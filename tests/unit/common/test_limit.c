/* SPDX-License-Identifier: MIT */
/* Token buckets with the time in our hands, then with several processes at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "limit.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

enum { SLOTS = 64, KEY = 42 };

static struct shm_bucket table[SLOTS];
static const struct limit three = {.per_minute = 3, .burst = 3};

static int
set_up(void **state)
{
	(void)state;
	memset(table, 0, sizeof table);
	return 0;
}

static int64_t
take(uint64_t key, int64_t now)
{
	return limit_take(table, SLOTS, key, three, now, false);
}

static void
a_burst_passes_and_the_next_request_waits(void **state)
{
	(void)state;
	assert_int_equal(take(KEY, MINUTE), 0);
	assert_int_equal(take(KEY, MINUTE), 0);
	assert_int_equal(take(KEY, MINUTE), 0);
	assert_int_equal(take(KEY, MINUTE), 20 * SECOND);
	assert_int_equal(take(KEY, MINUTE + 5 * SECOND), 15 * SECOND);
}

static void
a_refusal_costs_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(take(KEY, MINUTE), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(take(KEY, MINUTE), 20 * SECOND);
	assert_int_equal(take(KEY, MINUTE + 20 * SECOND), 0);
	assert_int_equal(take(KEY, MINUTE + 20 * SECOND), 20 * SECOND);
}

static void
a_bucket_fills_up_no_further_than_its_burst(void **state)
{
	(void)state;
	for (int hour = 1; hour < 4; hour++) {
		for (int i = 0; i < 3; i++)
			assert_int_equal(take(KEY, hour * 60 * MINUTE), 0);
		assert_true(take(KEY, hour * 60 * MINUTE) > 0);
	}
}

static void
over_an_hour_the_rate_is_exact(void **state)
{
	const struct limit hundred = {.per_minute = 100, .burst = 100};
	int allowed = 0;

	(void)state;
	for (int64_t now = 0; now < 60 * MINUTE; now += SECOND / 10)
		allowed += limit_take(table, SLOTS, KEY, hundred, now, false) == 0;
	assert_int_equal(allowed, 100 + 60 * 100 - 1);
}

static void
the_hundred_and_first_of_a_minute_is_told_to_come_back_within_it(void **state)
{
	const struct limit hundred = {.per_minute = 100, .burst = 100};
	int64_t wait;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(limit_take(table, SLOTS, KEY, hundred, MINUTE + i, false), 0);
	wait = limit_take(table, SLOTS, KEY, hundred, MINUTE + 100, false);
	assert_in_range(wait, 1, MINUTE);
	assert_int_equal(limit_take(table, SLOTS, KEY, hundred, MINUTE + 100 + wait, false), 0);
}

static void
keys_do_not_share_a_bucket(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(take(KEY, MINUTE), 0);
	/* The same first slot. */
	assert_int_equal(take(KEY + SLOTS, MINUTE), 0);
	assert_true(take(KEY, MINUTE) > 0);
}

static void
zero_a_minute_means_no_limit(void **state)
{
	const struct limit none = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(limit_take(table, SLOTS, KEY, none, MINUTE, true), 0);
	assert_int_equal(limit_peek(table, SLOTS, KEY, none, MINUTE), 0);
}

static void
looking_takes_no_token(void **state)
{
	(void)state;
	assert_int_equal(limit_peek(table, SLOTS, KEY, three, MINUTE), 0);
	assert_int_equal(table[KEY].key, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(limit_peek(table, SLOTS, KEY, three, MINUTE), 0);
		assert_int_equal(take(KEY, MINUTE), 0);
	}
	assert_int_equal(limit_peek(table, SLOTS, KEY, three, MINUTE), 20 * SECOND);
	assert_int_equal(limit_peek(table, SLOTS, KEY, three, MINUTE + 20 * SECOND), 0);
}

static void
fill_the_table(int64_t now)
{
	for (uint64_t key = 1000; key < 1000 + SLOTS; key++)
		assert_int_equal(take(key, now), 0);
}

static void
in_a_crowded_table_a_new_key_passes_or_not_as_asked(void **state)
{
	(void)state;
	fill_the_table(MINUTE);
	assert_int_equal(limit_take(table, SLOTS, KEY, three, MINUTE, false), 0);
	assert_int_equal(limit_take(table, SLOTS, KEY, three, MINUTE, true), SECOND);
	/* One that has its bucket is not concerned. */
	assert_int_equal(limit_take(table, SLOTS, 1000, three, MINUTE, true), 0);
}

static void
buckets_that_have_filled_up_are_free_for_others(void **state)
{
	(void)state;
	fill_the_table(MINUTE);
	assert_int_equal(limit_take(table, SLOTS, KEY, three, MINUTE + 20 * SECOND, true), 0);
}

/* The clock began anew at boot; what the file says lies far ahead of it. */
static void
a_table_from_before_the_boot_locks_nobody_out(void **state)
{
	(void)state;
	fill_the_table(1000 * 60 * MINUTE);
	assert_int_equal(limit_take(table, SLOTS, KEY, three, SECOND, true), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(take(1001, SECOND), 0);
	assert_true(take(1001, SECOND) > 0);
}

static void
a_limit_lowered_between_restarts_is_met_within_its_own_time(void **state)
{
	const struct limit many = {.per_minute = 1, .burst = 60};

	(void)state;
	for (int i = 0; i < 60; i++)
		assert_int_equal(limit_take(table, SLOTS, KEY, many, MINUTE, false), 0);
	assert_int_equal(take(KEY, MINUTE), 0);
}

static void
no_bucket_holds_more_than_an_hour_refills(void **state)
{
	const struct limit vast = {.per_minute = 1, .burst = 1000};

	(void)state;
	for (int i = 0; i < 60; i++)
		assert_int_equal(limit_take(table, SLOTS, KEY, vast, MINUTE, false), 0);
	assert_int_equal(limit_take(table, SLOTS, KEY, vast, MINUTE, false), MINUTE);
}

static void
extreme_limits_do_not_overflow(void **state)
{
	const struct limit extremes[] = {
	    {1, 1}, {1, UINT32_MAX}, {UINT32_MAX, UINT32_MAX}, {UINT32_MAX, 1}, {1, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof extremes / sizeof extremes[0]; i++) {
		assert_int_equal(limit_take(table, SLOTS, KEY + i, extremes[i], MINUTE, false), 0);
		assert_in_range(
		    limit_take(table, SLOTS, KEY + i, extremes[i], MINUTE, false), 0, 60 * MINUTE);
	}
	/* The finest token costs a microsecond. */
	assert_int_equal(limit_take(table, SLOTS, KEY + 3, extremes[3], MINUTE, false), 1);
}

/* The pool's processes draw from one bucket; between them they get what one would. */
static void
several_processes_share_one_limit(void **state)
{
	enum { PROCESSES = 4, TRIES = 100000 };
	const struct limit many = {.per_minute = 300000, .burst = 300000};
	struct shared {
		struct shm_bucket table[SLOTS];
		_Atomic int started, allowed;
	} *shared =
	    mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(shared != MAP_FAILED);
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		assert_true(pid != -1);
		if (pid == 0) {
			/* All at once, or the first would be done before the last is there. */
			atomic_fetch_add(&shared->started, 1);
			while (shared->started < PROCESSES)
				(void)sched_yield();
			for (int n = 0; n < TRIES; n++)
				if (limit_take(shared->table, SLOTS, KEY, many, MINUTE, true) == 0)
					atomic_fetch_add(&shared->allowed, 1);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(shared->allowed, 300000);
	(void)munmap(shared, sizeof *shared);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_burst_passes_and_the_next_request_waits),
	    TEST(a_refusal_costs_nothing),
	    TEST(a_bucket_fills_up_no_further_than_its_burst),
	    TEST(over_an_hour_the_rate_is_exact),
	    TEST(the_hundred_and_first_of_a_minute_is_told_to_come_back_within_it),
	    TEST(keys_do_not_share_a_bucket),
	    TEST(zero_a_minute_means_no_limit),
	    TEST(looking_takes_no_token),
	    TEST(in_a_crowded_table_a_new_key_passes_or_not_as_asked),
	    TEST(buckets_that_have_filled_up_are_free_for_others),
	    TEST(a_table_from_before_the_boot_locks_nobody_out),
	    TEST(a_limit_lowered_between_restarts_is_met_within_its_own_time),
	    TEST(no_bucket_holds_more_than_an_hour_refills),
	    TEST(extreme_limits_do_not_overflow),
	    TEST(several_processes_share_one_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
