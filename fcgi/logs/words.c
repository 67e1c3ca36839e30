/* SPDX-License-Identifier: MIT */
/* A table of bytes and a hash table with open addressing. */
#include "words.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "text.h"

#define TABLE_FIRST 4096 /* places; a chunk has some 1500 words */

/* What each byte counts as in a word; 0: it is in none. */
static unsigned char folded[256];

static void
make_table(void)
{
	for (int c = 0; c < 256; c++)
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c >= 0x80)
			folded[c] = (unsigned char)c;
		else if (c >= 'A' && c <= 'Z')
			folded[c] = (unsigned char)(c | 0x20);
}

size_t
words_next(const char *text, size_t len, size_t *at, char word[WORD_MAX])
{
	const unsigned char *s = (const unsigned char *)text;
	size_t i = *at, n = 0;

	if (folded['_'] == 0)
		make_table();
	while (i < len && folded[s[i]] == 0)
		i++;
	for (; i < len && folded[s[i]] != 0; i++)
		if (n < WORD_MAX)
			word[n++] = (char)folded[s[i]];
	*at = i;
	return n;
}

/* The place of the word, or the free one where it belongs. */
static size_t
find_place(const struct words *w, const char *word, size_t len)
{
	size_t i = (size_t)text_hash(word, len) & (w->size - 1);

	while (w->table[i].len > 0 &&
	       (w->table[i].len != len || memcmp(w->texts.data + w->table[i].at, word, len) != 0))
		i = (i + 1) & (w->size - 1);
	return i;
}

static void
grow(struct words *w)
{
	struct words old = *w;

	w->size = old.size > 0 ? old.size * 2 : TABLE_FIRST;
	w->table = heap_alloc(w->size * sizeof *w->table);
	for (size_t i = 0; i < old.size; i++)
		if (old.table[i].len > 0)
			w->table[find_place(w, w->texts.data + old.table[i].at, old.table[i].len)] =
			    old.table[i];
	free(old.table);
}

void
words_add(struct words *w, const char *text, size_t len)
{
	char word[WORD_MAX];
	size_t n, place;

	for (size_t at = 0; (n = words_next(text, len, &at, word)) > 0;) {
		if (w->n * 2 >= w->size)
			grow(w);
		place = find_place(w, word, n);
		if (w->table[place].len > 0)
			continue;
		w->table[place].at = (unsigned)w->texts.len;
		w->table[place].len = (unsigned)n;
		w->n++;
		buf_add(&w->texts, word, n);
		buf_char(&w->texts, ' ');
	}
}

void
words_clear(struct words *w)
{
	if (w->size > TABLE_FIRST)
		words_free(w);
	else if (w->n > 0)
		memset(w->table, 0, w->size * sizeof *w->table);
	w->n = 0;
	buf_clear(&w->texts, 65536);
}

void
words_free(struct words *w)
{
	free(w->table);
	buf_free(&w->texts);
	*w = (struct words){0};
}
