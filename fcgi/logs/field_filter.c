/* SPDX-License-Identifier: MIT */
#include "field_filter.h"

#include <string.h>

#include "line_fields.h"
#include "search_tokens.h"
#include "words.h"

struct wish {
	const char *name, *value;
	const char *key; /* the last part of name: it stands in the line as it is, or NULL */
	bool unwanted;
};

struct field_filter {
	struct wish *wishes;
	size_t n;
	bool all_have_keys;
};

/* Whether JSON writes it without escapes, so that its bytes are those of the line. */
static bool
is_written_plainly(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s >= 0x7f || *s == '"' ||
		    *s == '\\' || *s == '/')
			return false;
	return true;
}

static bool
read_wish(struct arena *mem, const char *text, bool unwanted, struct wish *out)
{
	char *name = arena_alloc(mem, strlen(text) + 1);
	size_t n = 0;
	const char *dot;

	for (; *text != '=' && *text != '\0'; text++) {
		if (*text == '\\' && text[1] != '\0')
			text++;
		name[n++] = *text;
	}
	name[n] = '\0';
	if (*text != '=' || n == 0)
		return false;
	*out = (struct wish){.name = name, .value = text + 1, .unwanted = unwanted};
	if (is_written_plainly(out->name)) {
		dot = strrchr(out->name, '.');
		out->key = dot != NULL ? dot + 1 : out->name;
	}
	return true;
}

const struct field_filter *
field_filter_new(struct arena *mem, const char *const *wishes, size_t n,
    const char *const *not_wishes, size_t nnot)
{
	struct field_filter *f = arena_alloc(mem, sizeof *f);

	*f = (struct field_filter){
	    .wishes = arena_alloc(mem, (n + nnot + 1) * sizeof *f->wishes),
	    .all_have_keys = true,
	};
	for (size_t i = 0; i < n + nnot; i++) {
		const char *text = i < n ? wishes[i] : not_wishes[i - n];

		if (!read_wish(mem, text, i >= n, &f->wishes[f->n]))
			return NULL;
		f->all_have_keys &= f->wishes[f->n++].key != NULL;
	}
	return f;
}

/* Whether a line may have one of the fields at all; most have not, and are not taken apart. */
static bool
may_have_a_field(const struct field_filter *f, const char *line, size_t len)
{
	if (!f->all_have_keys)
		return true;
	for (size_t i = 0; i < f->n; i++)
		if (memmem(line, len, f->wishes[i].key, strlen(f->wishes[i].key)) != NULL)
			return true;
	return false;
}

static bool
holds(const struct wish *wish, const struct line_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(fields[i].name, wish->name) == 0 &&
		    strcmp(fields[i].value, wish->value) == 0)
			return true;
	return false;
}

/* Whether one of the wishes for that name holds. */
static bool
one_holds(const struct field_filter *f, const char *name, const struct line_field *fields, size_t n)
{
	for (size_t i = 0; i < f->n; i++)
		if (!f->wishes[i].unwanted && strcmp(f->wishes[i].name, name) == 0 &&
		    holds(&f->wishes[i], fields, n))
			return true;
	return false;
}

bool
field_filter_passes(const struct field_filter *f, struct arena *mem, const char *line, size_t len)
{
	struct line_field fields[LINE_FIELDS_MAX];
	size_t n = may_have_a_field(f, line, len) ? line_fields(mem, line, len, fields) : 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct wish *wish = &f->wishes[i];

		if (wish->unwanted ? holds(wish, fields, n) : !one_holds(f, wish->name, fields, n))
			return false;
	}
	return true;
}

/* Whether the index has it as one word. */
static bool
is_word(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > WORD_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!search_is_word_byte(s[i]))
			return false;
	return true;
}

/* A number may be written in other ways than it is spelt. */
static bool
is_one_spelling(const char *value)
{
	return is_word(value) && strspn(value, "0123456789") == 0;
}

const char *
field_filter_fts(const struct field_filter *f, struct arena *mem)
{
	const char *fts = NULL;

	for (size_t i = 0; i < f->n; i++) {
		const struct wish *w = &f->wishes[i];
		bool alone = true;

		for (size_t j = 0; j < f->n; j++)
			alone &= j == i || f->wishes[j].unwanted ||
				 strcmp(f->wishes[j].name, w->name) != 0;
		if (w->unwanted || w->key == NULL || !is_word(w->key))
			continue;
		fts = arena_printf(
		    mem, "%s%s\"%s\"", fts != NULL ? fts : "", fts != NULL ? " AND " : "", w->key);
		if (alone && is_one_spelling(w->value))
			fts = arena_printf(mem, "%s AND \"%s\"", fts, w->value);
	}
	return fts;
}
