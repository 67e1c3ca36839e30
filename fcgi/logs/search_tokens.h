/* SPDX-License-Identifier: MIT */
/*
 * search_tokens: the pieces of a search (search_query.h), as ranges of its text.
 *
 * Which bracket belongs to which is settled here: every OPEN has its CLOSE and
 * something between them; a bracket without its partner is text by then.  Pure.
 */
#ifndef SEARCH_TOKENS_H
#define SEARCH_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

enum token_kind { WORD, PHRASE, AND, OR, NOT, OPEN, CLOSE };

struct token {
	enum token_kind kind;
	bool prefix;       /* a star stood behind it */
	size_t start, end; /* what is to be found; of a phrase without its quotes */
};

/* Cuts text; *n tokens in the arena.  Groups are nested 32 deep at most. */
struct token *search_tokens(struct arena *, const char *text, size_t *n);
/* Whether the byte is part of a word. */
bool search_is_word_byte(char);

#endif
