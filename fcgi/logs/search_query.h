/* SPDX-License-Identifier: MIT */
/*
 * search_query: what a user types to find lines, and whether a line is one.
 *
 *	word       the word, as a whole
 *	conn*      every word that begins so
 *	"a b"      the text as it stands; "" inside it is one quote
 *	a b        both, as a AND b
 *	a OR b     either; binds less than AND
 *	NOT a      lines without it
 *	( )        grouping
 *
 * Nothing is a syntax error.  What does not fit the list, such as 10.0.0.1, a:b,
 * foo(1), a lone quote or an operator without operand, is text to find as it
 * stands.  A letter, a digit, _ and every byte from 0x80 on are parts of words:
 * text that begins or ends with one of these must begin or end a word in the line.
 *
 * Letters A to Z are folded to lower case, in the query and by the caller in the
 * lines, unless the query heeds case.  Pure.
 */
#ifndef SEARCH_QUERY_H
#define SEARCH_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

struct search_query;

/* The words and phrases that one is to have: of what OR joins each costs a look at all lines. */
#define SEARCH_TEXTS_MAX 64

/* Parses text; the query lives in the arena.  NULL if there is nothing to find in it. */
struct search_query *search_query_parse(struct arena *, const char *text, bool heed_case);
/* How many words and phrases it has. */
size_t search_query_texts(const struct search_query *);
/*
 * An FTS5 expression that every document holding a matching line fits, for an
 * index without positions, or NULL if any document may hold one.  It may fit
 * documents without such a line.
 */
const char *search_query_fts(const struct search_query *, struct arena *);
/* Whether the line matches; it is folded by search_fold() unless the query heeds case. */
bool search_query_matches(const struct search_query *, const char *line, size_t len);
/* Whether some line of that text may match: a quick look before all lines are looked at. */
bool search_query_may_match(const struct search_query *, const char *text, size_t len);
/*
 * Lines that end at or before the returned offset of the text do not match; len if none
 * does.  For going from one line that may match to the next.
 */
size_t search_query_skip(const struct search_query *, const char *text, size_t len);

/* Copies len bytes, A to Z as a to z; out may be in. */
void search_fold(char *out, const char *in, size_t len);

#endif
