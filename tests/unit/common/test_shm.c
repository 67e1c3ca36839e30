/* SPDX-License-Identifier: MIT */
/* The page that a pool shares: what is found there by who opens it next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shm.h"

static char directory[] = "/tmp/monlight-test-shm-XXXXXX", path[64];

static int
set_up(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof path, "%s/pool.shm", mkdtemp(directory));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(path) == 0 && rmdir(directory) == 0 ? 0 : -1;
}

static void
all_see_the_same_counters_and_so_does_who_comes_later(void **state)
{
	struct shm *one = shm_open_pool(path), *other = shm_open_pool(path);

	(void)state;
	assert_ptr_not_equal(one, other);
	one->requests[3][2] = 7;
	assert_int_equal(other->requests[3][2], 7);
	(void)munmap(one, sizeof *one);
	(void)munmap(other, sizeof *other);
	one = shm_open_pool(path);
	assert_int_equal(one->requests[3][2], 7);
	(void)munmap(one, sizeof *one);
}

static void
counters_of_another_version_stand_at_other_places(void **state)
{
	struct shm *shm = shm_open_pool(path);

	(void)state;
	shm->requests[3][2] = 7;
	shm->version++;
	(void)munmap(shm, sizeof *shm);
	shm = shm_open_pool(path);
	assert_int_equal(shm->requests[3][2], 0);
	(void)munmap(shm, sizeof *shm);
}

static void
without_a_file_there_is_memory_of_ones_own(void **state)
{
	struct shm *shm = shm_open_pool("/nowhere/pool.shm");

	(void)state;
	shm->requests[3][2] = 7;
	free(shm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_see_the_same_counters_and_so_does_who_comes_later),
	    cmocka_unit_test(counters_of_another_version_stand_at_other_places),
	    cmocka_unit_test(without_a_file_there_is_memory_of_ones_own),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
