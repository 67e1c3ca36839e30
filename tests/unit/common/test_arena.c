/* SPDX-License-Identifier: MIT */
/* The arena's promises: zeroed, aligned, apart from each other, gone at the reset. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "tests/unit/with_arena.h"

static void
memory_comes_zeroed_and_aligned(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t size = 0; size < 200; size++) {
			unsigned char *p = arena_alloc(mem, size);

			assert_non_null(p);
			assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
			for (size_t i = 0; i < size; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xff, size);
		}
		arena_reset(mem);
	}
}

static void
pieces_do_not_overlap(void **state)
{
	enum { PIECES = 500 };
	unsigned char *piece[PIECES];

	(void)state;
	for (int i = 0; i < PIECES; i++) {
		piece[i] = arena_alloc(mem, (size_t)i);
		memset(piece[i], i % 256, (size_t)i);
	}
	for (int i = 0; i < PIECES; i++)
		for (int n = 0; n < i; n++)
			assert_int_equal(piece[i][n], i % 256);
}

static void
a_piece_may_be_larger_than_any_chunk(void **state)
{
	unsigned char *p = arena_alloc(mem, 10000000);

	(void)state;
	p[0] = p[9999999] = 1;
	arena_reset(mem);
	assert_non_null(arena_alloc(mem, 1));
}

static void
a_reset_makes_the_kept_memory_new(void **state)
{
	char *first = arena_strdup(mem, "first");

	(void)state;
	(void)arena_alloc(mem, 100000);
	arena_reset(mem);
	assert_ptr_equal(arena_alloc(mem, 16), first);
	assert_string_equal(first, "");
}

static void
strings_are_copied(void **state)
{
	char *p;

	(void)state;
	p = arena_strdup(mem, "hello");
	assert_string_equal(p, "hello");
	p = arena_strndup(mem, "hello", 4);
	assert_string_equal(p, "hell");
	p = arena_strndup(mem, NULL, 0);
	assert_string_equal(p, "");
	p = arena_printf(mem, "%s %d", "x", 42);
	assert_string_equal(p, "x 42");
	p = arena_printf(mem, "%*d", 5000, 1);
	assert_int_equal(strlen(p), 5000);
}

static void
freeing_nothing_is_allowed(void **state)
{
	(void)state;
	arena_free(NULL);
}

static void
an_arena_may_keep_nothing(void **state)
{
	struct arena *none = arena_new(0);

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_string_equal(arena_strdup(none, "abc"), "abc");
		arena_reset(none);
	}
	arena_free(none);
}

static void
heap_memory_follows_the_same_rule(void **state)
{
	char *p = heap_alloc(100);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	p = heap_resize(p, 200);
	assert_non_null(p);
	free(p);
	p = heap_strdup("copy");
	assert_string_equal(p, "copy");
	free(p);
	p = heap_alloc(0);
	assert_non_null(p);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ARENA(memory_comes_zeroed_and_aligned),
	    WITH_ARENA(pieces_do_not_overlap),
	    WITH_ARENA(a_piece_may_be_larger_than_any_chunk),
	    WITH_ARENA(a_reset_makes_the_kept_memory_new),
	    WITH_ARENA(strings_are_copied),
	    WITH_ARENA(freeing_nothing_is_allowed),
	    WITH_ARENA(an_arena_may_keep_nothing),
	    WITH_ARENA(heap_memory_follows_the_same_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
