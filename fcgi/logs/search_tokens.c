/* SPDX-License-Identifier: MIT */
#include "search_tokens.h"

#include <string.h>

#define MAX_DEPTH 32 /* groups in groups; deeper brackets are text */

struct cutter {
	struct arena *mem;
	const char *text;
	struct token *tokens;
	size_t n;
	size_t open[MAX_DEPTH]; /* tokens whose bracket is not yet closed */
	size_t depth;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool
search_is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || (unsigned char)c >= 0x80;
}

static void
add_token(struct cutter *c, enum token_kind kind, size_t start, size_t end, bool prefix)
{
	c->tokens[c->n++] =
	    (struct token){.kind = kind, .prefix = prefix, .start = start, .end = end};
}

/* Where the phrase that opens at start has its closing quote; 0 if it has none or is empty. */
static size_t
phrase_end(const char *text, size_t start)
{
	size_t i = start + 1;

	for (; text[i] != '\0'; i++) {
		if (text[i] != '"')
			continue;
		if (text[i + 1] != '"')
			return i > start + 1 ? i : 0;
		i++;
	}
	return 0;
}

static bool
ends_term(const struct cutter *c, char next)
{
	return next == '\0' || is_blank(next) || (next == ')' && c->depth > 0);
}

/* Takes the phrase at start; returns where to go on, or start if it is none. */
static size_t
take_phrase(struct cutter *c, size_t start)
{
	size_t end = phrase_end(c->text, start);
	bool prefix;

	if (end == 0)
		return start;
	prefix = c->text[end + 1] == '*' && search_is_word_byte(c->text[end - 1]) &&
		 ends_term(c, c->text[end + 2]);
	add_token(c, PHRASE, start + 1, end, prefix);
	return end + 1 + prefix;
}

static enum token_kind
operator_or_word(const char *s, size_t len)
{
	static const struct {
		const char *name;
		enum token_kind kind;
	} operators[] = {{"AND", AND}, {"OR", OR}, {"NOT", NOT}};

	for (size_t i = 0; i < 3; i++)
		if (strlen(operators[i].name) == len && memcmp(s, operators[i].name, len) == 0)
			return operators[i].kind;
	return WORD;
}

/* Takes what reaches to the next blank, with brackets that open and close inside it: f(x). */
static size_t
take_word(struct cutter *c, size_t start)
{
	const char *s = c->text;
	size_t end = start, inside = 0;

	for (; s[end] != '\0' && !is_blank(s[end]); end++) {
		if (s[end] == '(')
			inside++;
		else if (s[end] == ')' && inside > 0)
			inside--;
		else if (s[end] == ')' && c->depth > 0)
			break;
	}
	if (end - start > 1 && s[end - 1] == '*' && search_is_word_byte(s[end - 2]))
		add_token(c, WORD, start, end - 1, true);
	else
		add_token(c, operator_or_word(s + start, end - start), start, end, false);
	return end;
}

static void
take_close(struct cutter *c, size_t at)
{
	size_t open = c->open[--c->depth];

	if (open == c->n - 1) {
		/* An empty pair groups nothing: it is text. */
		c->tokens[open].kind = WORD;
		c->tokens[open].end = at + 1;
	} else
		add_token(c, CLOSE, at, at + 1, false);
}

/* Brackets that were never closed become text, one with what stands close behind them. */
static void
settle_brackets(struct cutter *c)
{
	size_t kept = 0;

	while (c->depth > 0)
		c->tokens[c->open[--c->depth]].kind = WORD;
	for (size_t i = 0; i < c->n; i++) {
		struct token *last = kept > 0 ? &c->tokens[kept - 1] : NULL;

		if (last != NULL && last->kind == WORD && c->text[last->end - 1] == '(' &&
		    last->end == c->tokens[i].start && c->tokens[i].kind != CLOSE &&
		    c->tokens[i].kind != OPEN) {
			last->end = c->tokens[i].end;
			last->prefix = c->tokens[i].prefix;
		} else
			c->tokens[kept++] = c->tokens[i];
	}
	c->n = kept;
}

static void
cut(struct cutter *c)
{
	const char *s = c->text;
	size_t i = 0;

	/* No token is shorter than a byte. */
	c->tokens = arena_alloc(c->mem, (strlen(s) + 1) * sizeof *c->tokens);
	while (s[i] != '\0') {
		size_t next;

		if (is_blank(s[i])) {
			i++;
		} else if (s[i] == '(' && c->depth < MAX_DEPTH) {
			c->open[c->depth++] = c->n;
			add_token(c, OPEN, i, i + 1, false);
			i++;
		} else if (s[i] == ')' && c->depth > 0) {
			take_close(c, i++);
		} else if (s[i] == '"' && (next = take_phrase(c, i)) > i) {
			i = next;
		} else
			i = take_word(c, i);
	}
	settle_brackets(c);
}

struct token *
search_tokens(struct arena *mem, const char *text, size_t *n)
{
	struct cutter c = {.mem = mem, .text = text};

	cut(&c);
	*n = c.n;
	return c.tokens;
}
