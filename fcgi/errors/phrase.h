/* SPDX-License-Identifier: MIT */
/*
 * phrase: what people type into a search box, as an expression for the full-text
 * index and as a question to a single error.
 *
 * Every word must occur, begun like it; what stands in quotes must occur as it is.
 * Letter case does not matter.  Signs separate words: a_b is a followed by b.
 */
#ifndef PHRASE_H
#define PHRASE_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

struct phrases;

/*
 * NULL if there are no words to search.  event_id:ID is none of them: the ID, which may stand
 * in quotes, goes to *event, the last of several; NULL if there is none.
 */
struct phrases *phrase_parse(struct arena *, const char *typed, const char **event);

/* How many words there are in all: what a search costs grows with them, in the index as well. */
size_t phrase_words(const struct phrases *);

/* For FTS5; everything in it is quoted, so nothing that is typed is syntax. */
const char *phrase_expression(const struct phrases *);

/*
 * Whether an error has all of them, each in its type or in its message, as the index
 * would answer.  It knows letters and digits of ASCII and takes all others as they
 * are: accents and their case count.
 */
bool phrase_match(const struct phrases *, const char *type, const char *message);

#endif
