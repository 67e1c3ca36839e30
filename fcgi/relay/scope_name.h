/* SPDX-License-Identifier: MIT */
/*
 * scope_name: what the tokens before a brace say about it.  Pure; of use to scope.c
 * alone.  A pair of brackets that is closed counts as one token, so that
 * "name = async (a, b) =>" reads backwards from the brace behind it.
 */
#ifndef SCOPE_NAME_H
#define SCOPE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define HISTORY 20

enum token_kind {
	NONE,
	WORD,    /* a name, a keyword or a number */
	LITERAL, /* a string, a template or a regular expression */
	PAREN,   /* a closed pair of round brackets */
	GROUP,   /* a closed pair of others */
	ARROW,
	SIGN, /* any other character */
};

struct token {
	enum token_kind kind;
	const char *s;
	size_t len;
};

/* The latest tokens of one bracket, newest last. */
struct history {
	struct token token[HISTORY];
};

/* The token that many places back: 0 is the latest. */
const struct token *history_back(const struct history *, size_t places);

bool token_is_word(const struct token *, const char *word);
bool token_is_sign(const struct token *, char);
/* words is ended by NULL. */
bool token_is_one_of(const struct token *, const char *const words[]);

/* Whether the brace or expression that follows is a function's body; its name, or a token NONE. */
bool opens_function(const struct history *, struct token *name);
/* Whether the brace that follows begins a class; its name likewise. */
bool opens_class(const struct history *, struct token *name);

#endif
