/* SPDX-License-Identifier: MIT */
#include "phrase.h"

#include <string.h>

#include "buf.h"
#include "text.h"

#define BLANKS " \t\r\n"
#define EVENT "event_id:"

/* A run of letters and digits. */
struct token {
	const char *text;
	size_t len;
};

struct phrase {
	const struct token *tokens;
	size_t n;
	bool whole; /* its last token must end where it does */
};

struct phrases {
	struct phrase *items;
	size_t n;
	const char *expression;
};

/* ---- tokens ------------------------------------------------------------------ */

static bool
is_part(char c)
{
	/* What is not ASCII is part of a word; for signs among it that is not so. */
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (unsigned char)c >= 0x80;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* The next token at or behind *p, which moves behind it; its length is 0 at the end. */
static struct token
next_token(const char **p, const char *end)
{
	struct token token;

	while (*p < end && !is_part(**p))
		(*p)++;
	token.text = *p;
	while (*p < end && is_part(**p))
		(*p)++;
	token.len = (size_t)(*p - token.text);
	return token;
}

static bool
begins(struct token token, struct token with)
{
	if (token.len < with.len)
		return false;
	for (size_t i = 0; i < with.len; i++)
		if (lower(token.text[i]) != lower(with.text[i]))
			return false;
	return true;
}

/* ---- what is typed ------------------------------------------------------------- */

static struct phrase
split(struct arena *mem, const char *typed, size_t len, bool whole)
{
	/* Every other byte at most begins a token. */
	struct token *tokens = arena_alloc(mem, (len / 2 + 1) * sizeof *tokens), token;
	struct phrase phrase = {tokens, 0, whole};
	const char *p = typed;

	while ((token = next_token(&p, typed + len)).len > 0)
		tokens[phrase.n++] = token;
	return phrase;
}

/* Nothing but the name itself is a word like any other. */
static bool
names_event(const char *typed)
{
	return text_starts_with(typed, EVENT) && strcspn(typed + strlen(EVENT), BLANKS) > 0;
}

struct phrases *
phrase_parse(struct arena *mem, const char *typed, const char **event)
{
	struct phrases *all = arena_alloc(mem, sizeof *all);
	struct buf expression = {0};

	*event = NULL;
	all->items = arena_alloc(mem, (strlen(typed) / 2 + 1) * sizeof *all->items);
	for (;;) {
		bool named, quoted;
		size_t len;

		typed += strspn(typed, BLANKS);
		if (*typed == '\0')
			break;
		if ((named = names_event(typed)))
			typed += strlen(EVENT);
		if ((quoted = *typed == '"'))
			typed++;
		len = strcspn(typed, quoted ? "\"" : BLANKS "\"");
		if (named && len > 0)
			*event = arena_strndup(mem, typed, len);
		else if (len > 0) {
			all->items[all->n++] = split(mem, typed, len, quoted);
			buf_str(&expression, expression.len > 0 ? " \"" : "\"");
			buf_add(&expression, typed, len);
			buf_str(&expression, quoted ? "\"" : "\"*");
		}
		typed += len;
		if (quoted && *typed == '"')
			typed++;
	}
	all->expression =
	    arena_strndup(mem, expression.len > 0 ? expression.data : "", expression.len);
	buf_free(&expression);
	return all->n > 0 ? all : NULL;
}

size_t
phrase_words(const struct phrases *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->items[i].n;
	return n;
}

const char *
phrase_expression(const struct phrases *all)
{
	return all->expression;
}

/* ---- matching ------------------------------------------------------------------ */

/* Whether the phrase stands at p, where a token begins. */
static bool
stands_at(const struct phrase *phrase, const char *p, const char *end)
{
	for (size_t i = 0; i < phrase->n; i++) {
		struct token token = next_token(&p, end);
		bool last = i + 1 == phrase->n;

		if (!begins(token, phrase->tokens[i]) ||
		    ((!last || phrase->whole) && token.len != phrase->tokens[i].len))
			return false;
	}
	return true;
}

static bool
occurs(const struct phrase *phrase, const char *text)
{
	const char *end = text + strlen(text), *p = text;
	struct token token;

	while ((token = next_token(&p, end)).len > 0)
		if (stands_at(phrase, token.text, end))
			return true;
	return false;
}

bool
phrase_match(const struct phrases *all, const char *type, const char *message)
{
	size_t searched = 0;

	/* The index passes over what has no letter or digit, and finds nothing by that alone. */
	for (size_t i = 0; i < all->n; i++) {
		if (all->items[i].n == 0)
			continue;
		if (!occurs(&all->items[i], type) && !occurs(&all->items[i], message))
			return false;
		searched++;
	}
	return searched > 0;
}
