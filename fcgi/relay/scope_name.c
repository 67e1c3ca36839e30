/* SPDX-License-Identifier: MIT */
#include "scope_name.h"

#include <string.h>

#include "text.h"

const struct token *
history_back(const struct history *h, size_t places)
{
	static const struct token none;

	return places < HISTORY ? &h->token[HISTORY - 1 - places] : &none;
}

bool
token_is_word(const struct token *t, const char *word)
{
	return t->kind == WORD && t->len == strlen(word) && memcmp(t->s, word, t->len) == 0;
}

bool
token_is_sign(const struct token *t, char c)
{
	return t->kind == SIGN && *t->s == c;
}

bool
token_is_one_of(const struct token *t, const char *const words[])
{
	for (; *words != NULL; words++)
		if (token_is_word(t, *words))
			return true;
	return false;
}

/* A word that can name a function: no keyword that stands before brackets, no number. */
static bool
is_name(const struct token *t)
{
	static const char *const keywords[] = {"if", "for", "while", "switch", "catch", "with",
	    "return", "typeof", "await", "yield", "new", "function", "async", "in", "of", "do",
	    "else", "case", "throw", "void", "delete", "super", "import", NULL};

	return t->kind == WORD && !(*t->s >= '0' && *t->s <= '9') && !token_is_one_of(t, keywords);
}

/* ---- names ---------------------------------------------------------------------------- */

static const struct token unnamed;

/*
 * What a function expression is assigned to, looked for before its first token at
 * that place: "name =", "name:", "const name: Type =".
 */
static struct token
assigned_name(const struct history *h, size_t at)
{
	static const char *const declare[] = {"const", "let", "var", NULL};

	if (token_is_word(history_back(h, at), "async"))
		at++;
	if (token_is_sign(history_back(h, at), ':') && is_name(history_back(h, at + 1)))
		return *history_back(h, at + 1);
	if (!token_is_sign(history_back(h, at), '='))
		return unnamed;
	for (size_t i = at + 1; i + 1 < HISTORY; i++)
		if (token_is_one_of(history_back(h, i + 1), declare) &&
		    is_name(history_back(h, i)) &&
		    (i == at + 1 || token_is_sign(history_back(h, i - 1), ':')))
			return *history_back(h, i);
	return is_name(history_back(h, at + 1)) ? *history_back(h, at + 1) : unnamed;
}

/* Passes over the parameters of a type, "<T extends Item>", that end at that place. */
static size_t
before_types(const struct history *h, size_t at)
{
	int depth = 0;

	for (size_t i = at; i < HISTORY && history_back(h, i)->kind != NONE; i++) {
		if (token_is_sign(history_back(h, i), '>'))
			depth++;
		else if (token_is_sign(history_back(h, i), '<') && --depth == 0)
			return i + 1;
		if (depth == 0)
			break;
	}
	return at;
}

/* "function name (", "function (", "name (" before the brackets at that place. */
static bool
function_before(const struct history *h, size_t place, struct token *name)
{
	size_t at = before_types(h, place), star = token_is_sign(history_back(h, at), '*');

	if (token_is_word(history_back(h, at + star), "function")) {
		*name = assigned_name(h, at + star + 1);
		return true;
	}
	/* A method or a named function; a call is not followed by a brace. */
	if (is_name(history_back(h, at))) {
		*name = *history_back(h, at);
		return true;
	}
	/* "['name']()": a method whose name is computed. */
	return history_back(h, at)->kind == GROUP || history_back(h, at)->kind == LITERAL;
}

bool
opens_function(const struct history *h, struct token *name)
{
	size_t at = 0;

	*name = unnamed;
	if (history_back(h, 0)->kind == ARROW) {
		/* Before it a name, or brackets and perhaps a type. */
		for (at = 1; at < HISTORY && history_back(h, at)->kind != PAREN; at++)
			if (at == 1 && history_back(h, at)->kind == WORD &&
			    !token_is_sign(history_back(h, at + 1), ':') &&
			    !token_is_sign(history_back(h, at + 1), '>'))
				break;
		*name = assigned_name(h, before_types(h, at + 1));
		return true;
	}
	if (history_back(h, 0)->kind == PAREN)
		return function_before(h, 1, name);
	/* A type stands behind the brackets: "name(): Promise<Item[]> {". */
	for (at = 0; at + 2 < HISTORY; at++) {
		const struct token *t = history_back(h, at);

		if (token_is_sign(t, ':') && history_back(h, at + 1)->kind == PAREN && at > 0)
			return function_before(h, at + 2, name);
		if (t->kind != WORD && t->kind != GROUP && t->kind != LITERAL &&
		    !(t->kind == SIGN && strchr("<>|&.,", *t->s) != NULL))
			return false;
		if (t->kind == WORD &&
		    token_is_one_of(
			t, (const char *const[]){"else", "try", "finally", "do", "return", "class",
			       "interface", "enum", "namespace", NULL}))
			return false;
	}
	return false;
}

/* "class Name extends Other<T> implements Third {" */
bool
opens_class(const struct history *h, struct token *name)
{
	*name = unnamed;
	for (size_t at = 0; at < HISTORY; at++) {
		const struct token *t = history_back(h, at);

		if (token_is_word(t, "class")) {
			if (at > 0 && !token_is_word(history_back(h, at - 1), "extends"))
				*name = *history_back(h, at - 1);
			else
				*name = assigned_name(h, at + 1);
			return true;
		}
		if (t->kind == NONE || t->kind == ARROW ||
		    (t->kind == SIGN && strchr("<>,.&|", *t->s) == NULL))
			return false;
	}
	return false;
}
