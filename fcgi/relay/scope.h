/* SPDX-License-Identifier: MIT */
/*
 * scope: in which function of a source a place lies.  Pure.
 *
 * A reading of JavaScript, TypeScript and JSX by brackets and by the few words
 * before them, not a parser: what it cannot make out it calls anonymous.
 */
#ifndef SCOPE_H
#define SCOPE_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"

enum scope_kind {
	SCOPE_NAMED,     /* in a function that has a name */
	SCOPE_ANONYMOUS, /* in one that has none, or none that can be made out */
	SCOPE_TOP,       /* in no function */
	SCOPE_UNKNOWN,   /* the text is too deep or too long, or has no such place */
};

/*
 * line and column are from 0; the column counts UTF-16 units, as engines do.  Of
 * SCOPE_NAMED *name lies in the arena; a constructor is "new Name".
 */
enum scope_kind scope_find(struct arena *, const char *text, size_t len, uint32_t line,
    uint32_t column, const char **name);

/* Where the line begins in the text, and its length without its end; NULL if there is none. */
const char *scope_line(const char *text, size_t len, uint32_t line, size_t *line_len);

#endif
