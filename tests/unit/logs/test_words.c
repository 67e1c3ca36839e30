/* SPDX-License-Identifier: MIT */
/* What the word index calls a word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "words.h"

static const struct {
	const char *text, *words;
} rows[] = {
    {"", ""},
    {" .,- ", ""},
    {"GET /api/Users?id=7", "get api users id 7 "},
    {"snake_case kebab-case", "snake_case kebab case "},
    {"caf\xc3\xa9 \xc3\x89", "caf\xc3\xa9 \xc3\x89 "}, /* only ASCII is folded */
    {"10.0.0.1:80", "10 0 1 80 "},
    {"again Again AGAIN", "again "},
};

static void
each_word_is_gathered_once(void **state)
{
	struct words words = {0};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		words_clear(&words);
		words_add(&words, rows[i].text, strlen(rows[i].text));
		assert_string_equal(buf_text(&words.texts), rows[i].words);
	}
	words_free(&words);
}

static void
long_words_are_cut(void **state)
{
	char text[200], word[WORD_MAX];
	size_t at = 0;

	(void)state;
	memset(text, 'X', sizeof text);
	assert_int_equal(words_next(text, sizeof text, &at, word), WORD_MAX);
	assert_int_equal(at, sizeof text);
	assert_int_equal(words_next(text, sizeof text, &at, word), 0);
}

static void
the_table_grows(void **state)
{
	struct words words = {0};
	char text[32];

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 20000; i++)
			words_add(&words, text, (size_t)snprintf(text, sizeof text, "w%d", i));
	assert_int_equal(words.n, 20000);
	words_clear(&words);
	assert_int_equal(words.n, 0);
	words_free(&words);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_word_is_gathered_once),
	    cmocka_unit_test(long_words_are_cut),
	    cmocka_unit_test(the_table_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
