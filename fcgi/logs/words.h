/* SPDX-License-Identifier: MIT */
/*
 * words: what the word index calls a word: a run of [A-Za-z0-9_] and bytes from
 * 0x80, ASCII letters folded to lower case, cut to WORD_MAX bytes.  The index is
 * made with it and questions to the index must be, too.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

#include "buf.h"

#define WORD_MAX 64

/*
 * The next word of text from *at on: writes it to word (no NUL), moves *at behind it and
 * returns its length, or 0 if there is none left.
 */
size_t words_next(const char *text, size_t len, size_t *at, char word[WORD_MAX]);

/* Words gathered, each once.  All zero is an empty one. */
struct words {
	struct buf texts; /* the words, a blank behind each */
	struct {
		unsigned at;  /* in texts */
		unsigned len; /* 0: the place is free */
	} * table;
	size_t size; /* of the table, a power of two */
	size_t n;
};

void words_add(struct words *, const char *text, size_t len);
/* Empties it and keeps its memory for the next. */
void words_clear(struct words *);
void words_free(struct words *);

#endif
