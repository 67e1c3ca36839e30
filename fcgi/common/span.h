/* SPDX-License-Identifier: MIT */
/*
 * span: a piece of somebody else's text, and what parsers ask about one.  Nothing here
 * allocates or copies; a span lives as long as the text it points into.
 */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *s; /* never NULL, not terminated */
	size_t len;
};

extern const struct span span_empty;

struct span span_of(const char *);
/* What lies behind the first bytes, of which there are that many. */
struct span span_from(struct span, size_t at);
struct span span_to(struct span, size_t len);
/* Without blanks at its ends. */
struct span span_trim(struct span);

bool span_is(struct span, const char *);
bool span_starts(struct span, const char *prefix);
bool span_ends(struct span, const char *suffix);
/* Whether it begins in that shape, in which d is a digit and all else itself: "dddd-dd-dd". */
bool span_has_shape(struct span, const char *shape);
/* Takes the prefix off, if it is there. */
bool span_skip(struct span *, const char *prefix);
/* Where the first or the last needle begins, or SIZE_MAX. */
size_t span_find(struct span, const char *needle);
size_t span_find_last(struct span, const char *needle);
static inline bool
span_has(struct span s, const char *needle)
{
	return span_find(s, needle) != SIZE_MAX;
}

/* How many of the bytes at its beginning are digits, or blanks and tabs. */
size_t span_digits(struct span);
size_t span_indent(struct span);
/* The whole of it as a decimal number from 0. */
bool span_number(struct span, uint32_t *);

/* Takes the next line off, without its end; false if nothing is left. */
bool span_line(struct span *rest, struct span *line);

#endif
