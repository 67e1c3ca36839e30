/* SPDX-License-Identifier: MIT */
/*
 * A parser by recursive descent over tokens whose brackets are settled, so that it never
 * has to go back; then the tree as a question to the index and as one to a line.
 */
#include "search_query.h"

#include <stdint.h>
#include <string.h>

#include "search_tokens.h"
#include "words.h"

#define MAX_FTS_TOKENS 64 /* what is left out only lets more chunks through */

enum node_kind { NODE_TEXT, NODE_ALL, NODE_ANY, NODE_NOT };

struct node {
	enum node_kind kind;
	struct node *child; /* the first; NODE_NOT has one */
	struct node *next;  /* its neighbour below the same parent */
	const char *text;   /* NODE_TEXT */
	size_t len;
	bool begins_word, ends_word;
};

struct search_query {
	struct node *root;
	const struct node *required; /* a text that every matching line holds, or NULL */
	size_t texts;
};

struct parser {
	struct arena *mem;
	const char *text;
	bool heed_case;
	const struct token *tokens;
	size_t n, at;
	size_t texts; /* met so far */
};

/* Sets bit 5 of the bytes A to Z among eight; sums stay within their bytes, top bits cleared. */
static uint64_t
fold_eight(uint64_t w)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t low = w & ~tops;
	uint64_t from_a = low + ones * (0x80 - 'A'), above_z = low + ones * (0x7f - 'Z');

	return w | (from_a & ~above_z & ~w & tops) >> 2;
}

void
search_fold(char *out, const char *in, size_t len)
{
	size_t i = 0;

	for (; len - i >= 8; i += 8) {
		uint64_t eight;

		memcpy(&eight, in + i, sizeof eight);
		eight = fold_eight(eight);
		memcpy(out + i, &eight, sizeof eight);
	}
	for (; i < len; i++)
		out[i] = (char)(in[i] + ((unsigned char)(in[i] - 'A') < 26 ? 'a' - 'A' : 0));
}

/* ---- the tree ------------------------------------------------------------------ */

static struct node *
new_node(struct parser *p, enum node_kind kind, struct node *child)
{
	struct node *node = arena_alloc(p->mem, sizeof *node);

	node->kind = kind;
	node->child = child;
	return node;
}

static struct node *
text_node(struct parser *p, const struct token *t)
{
	struct node *node = new_node(p, NODE_TEXT, NULL);
	char *text = arena_strndup(p->mem, p->text + t->start, t->end - t->start);
	size_t len = 0;

	for (size_t i = 0; i < t->end - t->start; i++) {
		text[len++] = text[i];
		if (t->kind == PHRASE && text[i] == '"')
			i++;
	}
	if (!p->heed_case)
		search_fold(text, text, len);
	node->text = text;
	node->len = len;
	node->begins_word = search_is_word_byte(text[0]);
	node->ends_word = search_is_word_byte(text[len - 1]) && !t->prefix;
	p->texts++;
	return node;
}

/* Whether an operand follows token number i: something does, and it does not end the group. */
static bool
operand_follows(const struct parser *p, size_t i)
{
	return i + 1 < p->n && p->tokens[i + 1].kind != CLOSE;
}

static bool
at_operator(const struct parser *p, enum token_kind kind)
{
	return p->at < p->n && p->tokens[p->at].kind == kind && operand_follows(p, p->at);
}

static struct node *parse_any(struct parser *p);

static struct node *
parse_operand(struct parser *p)
{
	bool negated = false;
	struct node *node;

	while (at_operator(p, NOT)) {
		negated = !negated;
		p->at++;
	}
	if (p->tokens[p->at].kind == OPEN) {
		p->at++;
		node = parse_any(p);
		p->at++; /* its CLOSE is there: the others are text by now */
	} else
		node = text_node(p, &p->tokens[p->at++]);
	return negated ? new_node(p, NODE_NOT, node) : node;
}

static struct node *
parse_all(struct parser *p)
{
	struct node *first = parse_operand(p), *last = first;

	while (p->at < p->n && p->tokens[p->at].kind != CLOSE && !at_operator(p, OR)) {
		if (at_operator(p, AND))
			p->at++;
		last = last->next = parse_operand(p);
	}
	return first->next != NULL ? new_node(p, NODE_ALL, first) : first;
}

static struct node *
parse_any(struct parser *p)
{
	struct node *first = parse_all(p), *last = first;

	while (at_operator(p, OR)) {
		p->at++;
		last = last->next = parse_all(p);
	}
	return first->next != NULL ? new_node(p, NODE_ANY, first) : first;
}

/* The longest text that must be there: the longest is met least. */
static const struct node *
required_text(const struct node *root)
{
	const struct node *longest = NULL;

	if (root->kind == NODE_TEXT)
		return root;
	if (root->kind != NODE_ALL)
		return NULL;
	for (const struct node *c = root->child; c != NULL; c = c->next)
		if (c->kind == NODE_TEXT && (longest == NULL || c->len > longest->len))
			longest = c;
	return longest;
}

struct search_query *
search_query_parse(struct arena *mem, const char *text, bool heed_case)
{
	struct parser p = {.mem = mem, .text = text, .heed_case = heed_case};
	struct search_query *query;

	p.tokens = search_tokens(mem, text, &p.n);
	if (p.n == 0)
		return NULL;
	query = arena_alloc(mem, sizeof *query);
	query->root = parse_any(&p);
	query->required = required_text(query->root);
	query->texts = p.texts;
	return query;
}

size_t
search_query_texts(const struct search_query *query)
{
	return query->texts;
}

/* ---- candidates ------------------------------------------------------------------ */

/* The words of a text, each of which the index knows as a whole but for the last of a prefix. */
static const char *
fts_of_text(const struct node *node, struct arena *mem, size_t *budget)
{
	const char *expression = NULL;
	char word[WORD_MAX];
	size_t at = 0, len;

	while (*budget > 0 && (len = words_next(node->text, node->len, &at, word)) > 0) {
		bool whole = at < node->len || node->ends_word || len == WORD_MAX;

		expression =
		    arena_printf(mem, "%s%s\"%.*s\"%s", expression != NULL ? expression : "",
			expression != NULL ? " AND " : "", (int)len, word, whole ? "" : "*");
		(*budget)--;
	}
	return expression;
}

static const char *
fts_of(const struct node *node, struct arena *mem, size_t *budget)
{
	const char *joined = NULL;

	if (node->kind == NODE_TEXT)
		return fts_of_text(node, mem, budget);
	if (node->kind == NODE_NOT)
		return NULL;
	for (const struct node *c = node->child; c != NULL; c = c->next) {
		const char *part = fts_of(c, mem, budget);

		if (part == NULL && node->kind == NODE_ANY)
			return NULL;
		if (part != NULL && joined != NULL)
			joined = arena_printf(
			    mem, "%s %s (%s)", joined, node->kind == NODE_ANY ? "OR" : "AND", part);
		else if (part != NULL)
			joined = arena_printf(mem, "(%s)", part);
	}
	return joined;
}

const char *
search_query_fts(const struct search_query *query, struct arena *mem)
{
	size_t budget = MAX_FTS_TOKENS;

	return fts_of(query->root, mem, &budget);
}

/* ---- lines -------------------------------------------------------------------------- */

/* Whether the text stands in the line, at the edges of words where it has to. */
static bool
find_text(const struct node *node, const char *line, size_t len)
{
	const char *at = line, *end = line + len;

	while ((at = memmem(at, (size_t)(end - at), node->text, node->len)) != NULL) {
		const char *after = at + node->len;

		if ((!node->begins_word || at == line || !search_is_word_byte(at[-1])) &&
		    (!node->ends_word || after == end || !search_is_word_byte(*after)))
			return true;
		/* What begins a word begins no other place in it: a line may be one long word. */
		at++;
		while (node->begins_word && at < end && search_is_word_byte(*at))
			at++;
	}
	return false;
}

static bool
matches(const struct node *node, const char *line, size_t len)
{
	bool wanted = node->kind == NODE_ANY;

	if (node->kind == NODE_TEXT)
		return find_text(node, line, len);
	if (node->kind == NODE_NOT)
		return !matches(node->child, line, len);
	for (const struct node *c = node->child; c != NULL; c = c->next)
		if (matches(c, line, len) == wanted)
			return wanted;
	return !wanted;
}

bool
search_query_matches(const struct search_query *query, const char *line, size_t len)
{
	return matches(query->root, line, len);
}

static bool
may_match(const struct node *node, const char *text, size_t len)
{
	bool wanted = node->kind == NODE_ANY;

	if (node->kind == NODE_TEXT)
		return memmem(text, len, node->text, node->len) != NULL;
	if (node->kind == NODE_NOT)
		return true;
	for (const struct node *c = node->child; c != NULL; c = c->next)
		if (may_match(c, text, len) == wanted)
			return wanted;
	return !wanted;
}

bool
search_query_may_match(const struct search_query *query, const char *text, size_t len)
{
	return may_match(query->root, text, len);
}

size_t
search_query_skip(const struct search_query *query, const char *text, size_t len)
{
	const struct node *required = query->required;
	const char *at;

	if (required == NULL)
		return 0;
	at = memmem(text, len, required->text, required->len);
	return at != NULL ? (size_t)(at - text) : len;
}
