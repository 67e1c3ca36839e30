/* SPDX-License-Identifier: MIT */
/* cmocka with what it wants included before it, and an arena, mem, that lives as long as
 * each test named by WITH_ARENA. */
#ifndef WITH_ARENA_H
#define WITH_ARENA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"

static struct arena *mem;

static int
make_arena(void **state)
{
	(void)state;
	mem = arena_new(4096);
	return 0;
}

static int
free_arena(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, make_arena, free_arena)

#endif
