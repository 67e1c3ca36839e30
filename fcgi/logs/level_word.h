/* SPDX-License-Identifier: MIT */
/* level_word: the words that loggers have for levels. */
#ifndef LEVEL_WORD_H
#define LEVEL_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "level.h"

struct level_word {
	const char *name;
	enum level level;
	bool weak; /* a level only where nothing but a level can stand: "note", "system" */
};

/* The word, in any case; NULL if it is none. */
const struct level_word *level_find_word(const char *, size_t len);

#endif
