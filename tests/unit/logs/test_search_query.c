/* SPDX-License-Identifier: MIT */
/* The language of the search box: which lines a query finds, and what the index is asked. */
#include <string.h>

#include "search_query.h"
#include "tests/unit/with_arena.h"
#include "text.h"

static bool
finds(const char *text, bool heed_case, const char *line)
{
	const struct search_query *query = search_query_parse(mem, text, heed_case);
	char *folded = arena_strdup(mem, line);
	size_t len = strlen(line);

	if (query == NULL)
		return true;
	if (!heed_case)
		search_fold(folded, folded, len);
	/* What the quick looks rule out must not match. */
	if (search_query_matches(query, folded, len)) {
		assert_true(search_query_may_match(query, folded, len));
		assert_true(search_query_skip(query, folded, len) < len);
	}
	return search_query_matches(query, folded, len);
}

struct row {
	const char *why, *query, *line;
	bool found;
};

static const struct row rows[] = {
    {"a word is found", "refused", "connection refused", true},
    {"a word is whole", "refuse", "connection refused", false},
    {"a word is whole at its beginning", "fused", "connection refused", false},
    {"the case of letters does not matter", "REFused", "Connection RefUSED", true},
    {"an underscore is part of a word", "user", "user_id", false},
    {"a hyphen is not", "user", "user-id", true},
    {"letters beyond ASCII are parts of words", "caf", "café", false},
    {"letters beyond ASCII are found", "café", "un café noir", true},
    {"a later place may fit where the first does not", "ab", "xab ab", true},
    {"two words must both be there", "refused connection", "connection refused", true},
    {"two words must both be there, and one is not", "refused timeout", "connection refused",
	false},
    {"AND is what a blank is", "refused AND connection", "connection refused", true},
    {"OR wants one", "timeout OR refused", "connection refused", true},
    {"OR wants at least one", "timeout OR reset", "connection refused", false},
    {"OR binds less than AND", "a b OR c d", "c d", true},
    {"OR binds less than AND, also on the left", "a b OR c d", "a c", false},
    {"NOT wants it away", "connection NOT timeout", "connection refused", true},
    {"NOT wants it away, and it is there", "connection NOT refused", "connection refused", false},
    {"NOT stands alone", "NOT timeout", "connection refused", true},
    {"NOT NOT is nothing", "NOT NOT refused", "connection refused", true},
    {"AND NOT is what it says", "connection AND NOT refused", "connection refused", false},
    {"NOT goes before brackets", "NOT (timeout OR refused)", "connection refused", false},
    {"brackets group", "(timeout OR refused) connection", "connection refused", true},
    {"brackets in brackets", "((timeout) OR (refused (connection)))", "connection refused", true},
    {"operators are upper case", "this or that", "this and that", false},
    {"operators in lower case are words", "this or that", "this or that", true},
    {"a prefix", "refus*", "connection refused", true},
    {"a prefix begins a word", "fus*", "connection refused", false},
    {"a prefix may be the word itself", "refused*", "connection refused", true},
    {"a phrase", "\"connection refused\"", "a connection refused by", true},
    {"a phrase in order", "\"refused connection\"", "a connection refused by", false},
    {"a phrase ends at words' ends", "\"connection ref\"", "a connection refused by", false},
    {"a phrase may be a prefix", "\"connection ref\"*", "a connection refused by", true},
    {"a phrase keeps its blanks", "\"a  b\"", "a b", false},
    {"a phrase holds operators", "\"this AND that\"", "this AND that", true},
    {"a phrase holds brackets", "\"f(x) (y)\"", "calls f(x) (y)", true},
    {"a quote in a phrase is doubled", "\"say \"\"hi\"\" now\"", "they say \"hi\" now", true},

    {"an address is text", "10.0.0.1", "from 10.0.0.1:80", true},
    {"an address is not other addresses", "10.0.0.1", "from 10.0.0.12", false},
    {"an address is not its words", "10.0.0.1", "10 0 0 1", false},
    {"a hyphen in a word is text", "foo-bar", "a foo-bar b", true},
    {"a hyphen in a word is not a blank", "foo-bar", "a foo bar b", false},
    {"a colon is text", "a:b", "x a:b", true},
    {"a path is text", "/api/errors", "GET /api/errors HTTP", true},
    {"a path is text, and ends there", "/api/err", "GET /api/errors HTTP", false},
    {"key=value is text", "user_id=42", "user_id=42 x", true},
    {"a lone quote is text", "\"", "say \"hi\"", true},
    {"a lone quote is text, and not there", "\"", "say hi", false},
    {"an open quote is text", "\"connection", "a \"connection b", true},
    {"an empty phrase is text", "\"\"", "x=\"\"", true},
    {"a lone bracket is text", "(", "f(x", true},
    {"a lone bracket is text, and not there", "(", "fx", false},
    {"a closing bracket is text", ")", "f x)", true},
    {"an open bracket stays with what follows", "(foo", "call (foo", true},
    {"an open bracket stays with what follows, or is not found", "(foo", "call foo", false},
    {"an open bracket of two is text beside the group", "((a) OR b", "x (a", true},
    {"an open bracket of two is text beside the group, and not there", "((a) OR b", "x a", false},
    {"a call is text", "foo(bar)", "x foo(bar) y", true},
    {"a call in a group", "(x AND foo(bar))", "x foo(bar) y", true},
    {"an empty pair of brackets is text", "()", "main()", true},
    {"an empty pair of brackets is text, and not there", "()", "main", false},
    {"a lone AND is a word", "AND", "this and that", true},
    {"a lone NOT is a word", "NOT", "not found", true},
    {"an operator at the end is a word", "connection OR", "connection or else", true},
    {"an operator at the end is a word, and not there", "connection OR", "connection", false},
    {"an operator at the beginning is a word", "OR connection", "connection or else", true},
    {"an operator at the end of a group is a word", "(a AND) b", "a and b", true},
    {"an operator after an operator is a word", "a AND AND b", "a and b", true},
    {"a lone star is text", "*", "5 * 3", true},
    {"a star in a word is text", "a*b", "a*b", true},
    {"a star in a word stands for nothing", "a*b", "axb", false},
    {"a column filter of FTS5 is text", "message:timeout", "timeout", false},
    {"NEAR is a word", "NEAR(a", "near(a", true},
    {"a caret is text", "^a", "a", false},
    {"punctuation is found inside words", "=>", "a=>b", true},
    {"blanks are nothing to find", " \t ", "anything", true},
};

static void
a_query_finds_the_lines_it_means(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		if (finds(rows[i].query, false, rows[i].line) != rows[i].found)
			fail_msg("%s: %s in %s", rows[i].why, rows[i].query, rows[i].line);
}

static void
case_matters_when_it_is_heeded(void **state)
{
	(void)state;
	assert_true(finds("Refused", true, "Connection Refused"));
	assert_false(finds("refused", true, "Connection Refused"));
	assert_true(finds("\"Connection R\"*", true, "Connection Refused"));
}

static void
the_index_is_asked_for_words_that_must_be_there(void **state)
{
	static const struct {
		const char *query, *fts;
	} asked[] = {
	    {"Refused", "\"refused\""},
	    {"refus*", "\"refus\"*"},
	    {"a b", "(\"a\") AND (\"b\")"},
	    {"a OR b", "(\"a\") OR (\"b\")"},
	    {"\"connection Refused\"", "\"connection\" AND \"refused\""},
	    {"10.0.0.1", "\"10\" AND \"0\" AND \"0\" AND \"1\""},
	    {"a NOT b", "(\"a\")"},
	    {"NOT b", NULL},
	    {"a OR NOT b", NULL},
	    {"=>", NULL},
	    {"a AND =>", "(\"a\")"},
	    {"a OR =>", NULL},
	    {"(a OR b) c", "((\"a\") OR (\"b\")) AND (\"c\")"},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(asked); i++) {
		const char *fts =
		    search_query_fts(search_query_parse(mem, asked[i].query, false), mem);

		if (asked[i].fts == NULL ? fts != NULL
					 : fts == NULL || strcmp(fts, asked[i].fts) != 0)
			fail_msg("%s: %s", asked[i].query, fts != NULL ? fts : "(any)");
	}
}

static void
a_word_longer_than_the_index_keeps_is_asked_for_by_what_it_keeps(void **state)
{
	const struct search_query *query;
	char word[101];
	const char *fts;

	(void)state;
	memset(word, 'w', 100);
	word[100] = '\0';
	query = search_query_parse(mem, word, false);
	fts = search_query_fts(query, mem);
	assert_int_equal(strlen(fts), 64 + 2);
	assert_true(search_query_matches(query, word, 100));
	assert_false(search_query_matches(query, word, 99));
}

static void
nothing_to_find_is_no_query(void **state)
{
	(void)state;
	assert_null(search_query_parse(mem, "", false));
	assert_null(search_query_parse(mem, " \n\t", false));
}

static void
only_letters_of_ascii_are_folded(void **state)
{
	char all[256 + 9], folded[256 + 9];

	(void)state;
	for (size_t shift = 0; shift < 9; shift++) {
		for (size_t i = 0; i < 256; i++)
			all[i + shift] = (char)i;
		search_fold(folded, all + shift, 256);
		for (int i = 0; i < 256; i++)
			assert_int_equal(
			    (unsigned char)folded[i], i >= 'A' && i <= 'Z' ? i - 'A' + 'a' : i);
	}
	search_fold(folded, "ABcDEFgHIJKLm", 13);
	assert_memory_equal(folded, "abcdefghijklm", 13);
}

static void
brackets_without_end_do_not_exhaust_the_stack(void **state)
{
	char *text = arena_alloc(mem, 100001);

	(void)state;
	memset(text, '(', 50000);
	assert_non_null(search_query_parse(mem, text, false));
	memset(text + 50000, ')', 50000);
	assert_non_null(search_query_parse(mem, text, false));
	for (size_t i = 0; i < 100000; i += 4)
		memcpy(text + i, "NOT ", 4);
	assert_non_null(search_query_parse(mem, text, false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ARENA(a_query_finds_the_lines_it_means),
	    WITH_ARENA(case_matters_when_it_is_heeded),
	    WITH_ARENA(the_index_is_asked_for_words_that_must_be_there),
	    WITH_ARENA(a_word_longer_than_the_index_keeps_is_asked_for_by_what_it_keeps),
	    cmocka_unit_test(only_letters_of_ascii_are_folded),
	    WITH_ARENA(nothing_to_find_is_no_query),
	    WITH_ARENA(brackets_without_end_do_not_exhaust_the_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
