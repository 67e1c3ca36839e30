/* SPDX-License-Identifier: MIT */
/*
 * One pass from the beginning to the place.  A stack holds the brackets that are
 * open, each with what stood before it, which says what it is.
 */
#include "scope.h"

#include <string.h>

#include "scope_name.h"
#include "text.h"

#define LENGTH_MAX ((size_t)2 << 20)
#define DEPTH_MAX 128

static const struct token unnamed;

enum open_kind { OPEN_PLAIN, OPEN_FUNCTION, OPEN_CLASS, OPEN_TEMPLATE, OPEN_ARROW };

struct open {
	enum open_kind kind;
	char bracket;        /* what closes it; 0 for an arrow's expression */
	struct token name;   /* of a function or class */
	struct history past; /* what stood before it */
};

struct reading {
	const char *p, *end;
	struct history now;
	struct open *stack;
	size_t depth;
	bool lost; /* deeper than can be followed */
};

static void
add_token(struct reading *r, enum token_kind kind, const char *s, size_t len)
{
	memmove(&r->now.token[0], &r->now.token[1], sizeof r->now.token - sizeof r->now.token[0]);
	r->now.token[HISTORY - 1] = (struct token){kind, s, len};
}

/* ---- brackets ----------------------------------------------------------------------------- */

static void
push(struct reading *r, enum open_kind kind, char bracket, struct token name)
{
	if (r->depth == DEPTH_MAX) {
		r->lost = true;
		return;
	}
	r->stack[r->depth++] = (struct open){kind, bracket, name, r->now};
	r->now = (struct history){0};
}

/* An arrow's expression ends where something of the bracket around it goes on. */
static void
end_arrows(struct reading *r)
{
	while (r->depth > 0 && r->stack[r->depth - 1].kind == OPEN_ARROW)
		r->now = r->stack[--r->depth].past;
}

static void
open_brace(struct reading *r)
{
	struct token name;

	/* Directly behind an arrow the brace is its body, and no expression begins. */
	if (r->depth > 0 && r->stack[r->depth - 1].kind == OPEN_ARROW &&
	    history_back(&r->now, 0)->kind == NONE)
		r->now = r->stack[--r->depth].past;
	if (opens_class(&r->now, &name))
		push(r, OPEN_CLASS, '}', name);
	else if (opens_function(&r->now, &name))
		push(r, OPEN_FUNCTION, '}', name);
	else
		push(r, OPEN_PLAIN, '}', unnamed);
}

/* Closes the innermost bracket of that kind; one that is missing closes with it. */
static void
close_bracket(struct reading *r, char bracket)
{
	size_t at = r->depth;

	while (at > 0 && r->stack[at - 1].bracket != bracket)
		at--;
	if (at == 0)
		return;
	r->depth = at - 1;
	r->now = r->stack[r->depth].past;
	add_token(r, bracket == ')' ? PAREN : GROUP, r->p, 1);
}

/* ---- what is no code ------------------------------------------------------------------------ */

static void
skip_string(struct reading *r)
{
	const char *start = r->p;
	char quote = *r->p++;

	/* Text of JSX has apostrophes: no string goes over the end of its line. */
	while (r->p < r->end && *r->p != quote && *r->p != '\n')
		r->p += *r->p == '\\' && r->p + 1 < r->end ? 2 : 1;
	if (r->p < r->end)
		r->p++;
	add_token(r, LITERAL, start, (size_t)(r->p - start));
}

/* The text of a template, up to its end or to the code within it. */
static void
skip_template(struct reading *r)
{
	while (r->p < r->end) {
		if (*r->p == '`') {
			close_bracket(r, '`');
			r->p++;
			return;
		}
		if (*r->p == '$' && r->p + 1 < r->end && r->p[1] == '{') {
			r->p += 2;
			push(r, OPEN_TEMPLATE, '}', unnamed);
			return;
		}
		r->p += *r->p == '\\' && r->p + 1 < r->end ? 2 : 1;
	}
}

static bool
skip_comment(struct reading *r)
{
	const char *stop;

	if (r->end - r->p < 2 || r->p[0] != '/' || (r->p[1] != '/' && r->p[1] != '*'))
		return false;
	stop = r->p[1] == '/' ? memchr(r->p, '\n', (size_t)(r->end - r->p))
			      : memmem(r->p + 2, (size_t)(r->end - r->p - 2), "*/", 2);
	r->p = stop == NULL ? r->end : stop + (r->p[1] == '/' ? 0 : 2);
	return true;
}

/* A slash divides behind a value; elsewhere a regular expression begins.  "</p>" is JSX. */
static bool
begins_regex(const struct history *h)
{
	static const char *const before[] = {
	    "return", "typeof", "case", "in", "of", "do", "else", "throw", "void", "delete", NULL};
	const struct token *t = history_back(h, 0);

	if (t->kind == WORD)
		return token_is_one_of(t, before);
	return t->kind == NONE || t->kind == ARROW || (t->kind == SIGN && *t->s != '<');
}

static void
skip_regex(struct reading *r)
{
	const char *start = r->p++;
	bool set = false;

	for (; r->p < r->end && *r->p != '\n' && (set || *r->p != '/'); r->p++) {
		if (*r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		else if (*r->p == '[')
			set = true;
		else if (*r->p == ']')
			set = false;
	}
	if (r->p < r->end)
		r->p++;
	add_token(r, LITERAL, start, (size_t)(r->p - start));
}

/* ---- code -------------------------------------------------------------------------------------- */

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || c == '#' || (unsigned char)c >= 0x80;
}

static void
take_word(struct reading *r)
{
	static const char *const statements[] = {"const", "let", "var", "function", "class",
	    "return", "if", "for", "while", "export", "import", "throw", "try", "switch", NULL};
	const char *start = r->p;
	struct token word;

	while (r->p < r->end && is_name_byte(*r->p))
		r->p++;
	word = (struct token){WORD, start, (size_t)(r->p - start)};
	/* A statement begins: the arrow before it had no semicolon. */
	if (history_back(&r->now, 0)->kind != NONE &&
	    !token_is_sign(history_back(&r->now, 0), '.') && token_is_one_of(&word, statements))
		end_arrows(r);
	add_token(r, WORD, word.s, word.len);
}

static void
take_arrow(struct reading *r)
{
	struct token name;

	add_token(r, ARROW, r->p, 2);
	r->p += 2;
	(void)opens_function(&r->now, &name);
	push(r, OPEN_ARROW, 0, name);
}

static void
take_bracket(struct reading *r)
{
	char c = *r->p;

	switch (c) {
	case '(':
		push(r, OPEN_PLAIN, ')', unnamed);
		break;
	case '[':
		push(r, OPEN_PLAIN, ']', unnamed);
		break;
	case '{':
		open_brace(r);
		break;
	case '`':
		push(r, OPEN_TEMPLATE, '`', unnamed);
		r->p++;
		skip_template(r);
		return;
	default:
		end_arrows(r);
		if (c == '}' && r->depth > 0 && r->stack[r->depth - 1].kind == OPEN_TEMPLATE) {
			/* The code within a template ends; its text goes on. */
			r->now = r->stack[--r->depth].past;
			r->p++;
			skip_template(r);
			return;
		}
		close_bracket(r, c);
	}
	r->p++;
}

static void
step(struct reading *r)
{
	char c = *r->p;

	if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		r->p++;
	else if (is_name_byte(c))
		take_word(r);
	else if (c == '"' || c == '\'')
		skip_string(r);
	else if (strchr("()[]{}`", c) != NULL && c != '\0')
		take_bracket(r);
	else if (c == '/' && skip_comment(r))
		return;
	else if (c == '/' && begins_regex(&r->now))
		skip_regex(r);
	else if (c == '=' && r->end - r->p > 1 && r->p[1] == '>')
		take_arrow(r);
	else {
		if (c == ',' || c == ';')
			end_arrows(r);
		add_token(r, SIGN, r->p++, 1);
	}
}

/* ---- the question -------------------------------------------------------------------------------- */

const char *
scope_line(const char *text, size_t len, uint32_t line, size_t *line_len)
{
	const char *end = text + len, *stop;

	for (; line > 0; line--) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		if (newline == NULL)
			return NULL;
		text = newline + 1;
	}
	stop = memchr(text, '\n', (size_t)(end - text));
	*line_len = (size_t)((stop != NULL ? stop : end) - text);
	if (*line_len > 0 && text[*line_len - 1] == '\r')
		(*line_len)--;
	return text;
}

/* The byte of a column: characters of four bytes are two UTF-16 units. */
static size_t
byte_of_column(const char *line, size_t len, uint32_t column)
{
	size_t at = 0;

	while (at < len && column > 0) {
		size_t width = text_utf8_length(line + at, len - at);

		column -= width == 4 && column > 1 ? 2 : 1;
		at += width > 0 ? width : 1;
	}
	return at;
}

/* Of the brackets that are open, the innermost function's. */
static enum scope_kind
judge(struct arena *mem, const struct reading *r, const char **name)
{
	for (size_t i = r->depth; i-- > 0;) {
		const struct open *o = &r->stack[i];

		if (o->kind != OPEN_FUNCTION && o->kind != OPEN_ARROW)
			continue;
		if (o->name.kind != WORD)
			return SCOPE_ANONYMOUS;
		if (token_is_word(&o->name, "constructor") && i > 0 &&
		    r->stack[i - 1].kind == OPEN_CLASS && r->stack[i - 1].name.kind == WORD) {
			const struct token *class = &r->stack[i - 1].name;

			*name = arena_printf(mem, "new %.*s", (int)class->len, class->s);
		} else
			*name = arena_strndup(mem, o->name.s, o->name.len);
		return SCOPE_NAMED;
	}
	return SCOPE_TOP;
}

enum scope_kind
scope_find(struct arena *mem, const char *text, size_t len, uint32_t line, uint32_t column,
    const char **name)
{
	size_t line_len;
	const char *start = scope_line(text, len, line, &line_len);
	struct reading r = {.p = text};

	*name = NULL;
	if (start == NULL || (size_t)(start - text) > LENGTH_MAX)
		return SCOPE_UNKNOWN;
	r.end = text + len;
	r.stack = arena_alloc(mem, DEPTH_MAX * sizeof *r.stack);
	start += byte_of_column(start, line_len, column);
	if (len > 1 && text[0] == '#' && text[1] == '!')
		r.p += strcspn(text, "\n");
	while (r.p < start && r.p < r.end && !r.lost)
		step(&r);
	return r.lost ? SCOPE_UNKNOWN : judge(mem, &r, name);
}
