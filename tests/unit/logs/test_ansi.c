/* SPDX-License-Identifier: MIT */
/* Terminal codes are stripped, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ansi.h"
#include "text.h"

static const struct {
	const char *why, *with, *without;
} rows[] = {
    {"nothing to strip", "plain\ttext\nof caf\xc3\xa9", "plain\ttext\nof caf\xc3\xa9"},
    {"colours", "\x1b[1;31mred\x1b[0m black", "red black"},
    {"colon-separated colours", "\x1b[38:2::1:2:3mx\x1b[m", "x"},
    {"a hyperlink ended by ST", "\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\", "link"},
    {"a title ended by BEL", "\x1b]0;title\x07text", "text"},
    {"a device control string", "\x1bPq#0\x1b\\x", "x"},
    {"a character set", "\x1b(Bx", "x"},
    {"a two-byte escape",
	"\x1b"
	"7x\x1b"
	"8",
	"x"},
    {"an unfinished colour", "x\x1b[31", "x"},
    {"an unfinished title ends with its line", "\x1b]0;title\nnext", "\nnext"},
    {"an escape alone", "x\x1b", "x"},
    {"an escape before a newline", "x\x1b\ny", "x\ny"},
    {"other controls",
	"a\x01\x08\x7f"
	"b\r",
	"ab"},
};

static void
codes_are_stripped(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char out[128];
		size_t len = ansi_strip(out, rows[i].with, strlen(rows[i].with));

		if (len != strlen(rows[i].without) || memcmp(out, rows[i].without, len) != 0)
			fail_msg("%s: %.*s", rows[i].why, (int)len, out);
		assert_int_equal(ansi_present(rows[i].with, strlen(rows[i].with)),
		    strcmp(rows[i].with, rows[i].without) != 0);
	}
}

static void
stripping_works_in_place(void **state)
{
	char text[] = "\x1b[31mred\x1b[0m";

	(void)state;
	assert_int_equal(ansi_strip(text, text, strlen(text)), 3);
	assert_memory_equal(text, "red", 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(codes_are_stripped),
	    cmocka_unit_test(stripping_works_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
