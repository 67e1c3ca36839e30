/* SPDX-License-Identifier: MIT */
/* Byte strings that grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "buf.h"

static void
bytes_are_added_one_behind_the_other(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add(&b, "ab\0c", 4);
	buf_char(&b, 'd');
	buf_str(&b, "ef");
	buf_str(&b, "");
	buf_add(&b, NULL, 0);
	buf_printf(&b, "%d%s", 42, "!");
	assert_int_equal(b.len, 10);
	assert_memory_equal(b.data, "ab\0cdef42!", 10);
	buf_free(&b);
}

static void
an_untouched_buffer_holds_nothing(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_null(b.data);
	buf_clear(&b, 0);
	buf_free(&b);
	assert_null(b.data);
}

static void
it_grows_as_far_as_needed(void **state)
{
	struct buf b = {0};

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_char(&b, (char)(i % 251));
	assert_int_equal(b.len, 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal((unsigned char)b.data[i], i % 251);
	buf_printf(&b, "%*d", 50000, 1);
	assert_int_equal(b.len, 150000);
	buf_free(&b);
}

static void
room_is_given_and_not_counted(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_str(&b, "abc");
	memcpy(buf_room(&b, 1000), "def", 3);
	assert_int_equal(b.len, 3);
	b.len += 3;
	assert_string_equal(buf_text(&b), "abcdef");
	assert_non_null(buf_room(&b, 0));
	buf_free(&b);
}

static void
a_text_ends_in_a_nul_that_is_not_counted(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(b.len, 0);
	/* Even when the bytes fill their room exactly. */
	while (b.len < b.cap)
		buf_char(&b, 'x');
	assert_int_equal(strlen(buf_text(&b)), b.len);
	buf_free(&b);
}

static void
clearing_keeps_small_memory_alone(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_str(&b, "small");
	buf_clear(&b, 4096);
	assert_int_equal(b.len, 0);
	assert_non_null(b.data);
	(void)buf_room(&b, 5000);
	buf_clear(&b, 4096);
	assert_null(b.data);
	assert_int_equal(b.cap, 0);
	buf_str(&b, "again");
	assert_string_equal(buf_text(&b), "again");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_are_added_one_behind_the_other),
	    cmocka_unit_test(an_untouched_buffer_holds_nothing),
	    cmocka_unit_test(it_grows_as_far_as_needed),
	    cmocka_unit_test(room_is_given_and_not_counted),
	    cmocka_unit_test(a_text_ends_in_a_nul_that_is_not_counted),
	    cmocka_unit_test(clearing_keeps_small_memory_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
