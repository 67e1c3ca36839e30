/* SPDX-License-Identifier: MIT */
/* What people type into a search box, and what it finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "phrase.h"
#include "text.h"

static const struct {
	const char *typed, *expression; /* NULL: nothing to search */
} expressions[] = {
    {"", NULL},
    {"  \t ", NULL},
    {"\"", NULL},
    {"\"\"", NULL},
    {"time", "\"time\"*"},
    {"time out", "\"time\"* \"out\"*"},
    {"\"time out\"", "\"time out\""},
    {"a \"b c\" d", "\"a\"* \"b c\" \"d\"*"},
    {"\"unclosed phrase", "\"unclosed phrase\""},
    {"a\"b", "\"a\"* \"b\""},
    {"NOT a:b AND (c*", "\"NOT\"* \"a:b\"* \"AND\"* \"(c*\"*"},
    {"10.0.0.1", "\"10.0.0.1\"*"},
};

static void
whatever_is_typed_is_words_and_never_syntax(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(expressions); i++) {
		const char *event = "";
		struct phrases *all = phrase_parse(mem, expressions[i].typed, &event);

		if (expressions[i].expression == NULL)
			assert_null(all);
		else
			assert_string_equal(phrase_expression(all), expressions[i].expression);
		assert_null(event);
	}
	arena_free(mem);
}

static const struct {
	const char *typed, *expression, *event; /* NULL: no words, no event */
} events[] = {
    {"event_id:9e10-7D", NULL, "9e10-7D"},
    {"event_id:\"of two words\"", NULL, "of two words"},
    {"a event_id:b \"c\"", "\"a\"* \"c\"", "b"},
    {"event_id:a event_id:b", NULL, "b"},
    {"event_id:", "\"event_id:\"*", NULL},
    {"event_id: a", "\"event_id:\"* \"a\"*", NULL},
    {"event_id:\"\"", NULL, NULL},
    {"\"event_id:a\"", "\"event_id:a\"", NULL},
    {"my_event_id:a", "\"my_event_id:a\"*", NULL},
};

static void
assert_text(const char *text, const char *expected)
{
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

static void
an_event_is_named_beside_the_words(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(events); i++) {
		const char *event = "";
		struct phrases *all = phrase_parse(mem, events[i].typed, &event);

		assert_text(all != NULL ? phrase_expression(all) : NULL, events[i].expression);
		assert_text(event, events[i].event);
	}
	arena_free(mem);
}

static const struct {
	const char *name, *typed, *type, *message;
	bool found;
} matches[] = {
    {"a word", "refused", "OSError", "connection refused", true},
    {"the beginning of a word", "ref", "OSError", "connection refused", true},
    {"not its middle", "fused", "OSError", "connection refused", false},
    {"in the type", "oserror", "OSError", "x", true},
    {"in any case", "CONNECTION", "OSError", "Connection", true},
    {"all words, in any order", "refused conn", "OSError", "connection refused", true},
    {"all words, wherever", "refused oserr", "OSError", "connection refused", true},
    {"one is missing", "refused timeout", "OSError", "connection refused", false},
    {"a phrase", "\"connection refused\"", "OSError", "a connection refused b", true},
    {"a phrase in another order", "\"refused connection\"", "OSError", "connection refused", false},
    {"a phrase does not end inside a word", "\"connection ref\"", "E", "connection refused", false},
    {"a phrase is not spread over type and message", "\"oserror connection\"", "OSError",
	"connection", false},
    {"signs separate words", "user_id", "E", "no user.id given", true},
    {"and do not make them", "user_id", "E", "no userid given", false},
    {"a word with signs may be unfinished", "user_i", "E", "user id", true},
    {"but not in front", "ser_id", "E", "user id", false},
    {"an address", "10.0.0", "E", "to 10.0.0.1:80", true},
    {"signs alone find nothing", "--", "E", "--", false},
    {"signs beside a word are passed over", "-- x", "E", "x", true},
    {"letters beyond ASCII", "gr\xc3\xb6\xc3\x9f", "E",
	"die Gr\xc3\xb6\xc3\x9f"
	"e",
	true},
    {"a second try in the same text", "\"a b\"", "E", "a a b", true},
    {"nothing in nothing", "a", "", "", false},
};

static void
words_are_found_as_the_index_finds_them(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(matches); i++) {
		const char *event;

		if (phrase_match(phrase_parse(mem, matches[i].typed, &event), matches[i].type,
			matches[i].message) != matches[i].found)
			fail_msg("%s", matches[i].name);
	}
	arena_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whatever_is_typed_is_words_and_never_syntax),
	    cmocka_unit_test(an_event_is_named_beside_the_words),
	    cmocka_unit_test(words_are_found_as_the_index_finds_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
