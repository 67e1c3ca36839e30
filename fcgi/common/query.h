/* SPDX-License-Identifier: MIT */
/*
 * query: the parameters of a query string, read into a struct by a table.
 *
 * Names and values are percent- and plus-decoded and repaired to valid UTF-8;
 * an empty value counts as absent; of a repeated name the last one counts unless
 * the field is a list.  A bad value is a 400 that says what is accepted, or, for
 * a field marked lenient (the wire contract's own), as if it were absent.
 */
#ifndef QUERY_H
#define QUERY_H

#include <stddef.h>
#include <stdint.h>

#include "req.h"

enum query_type {
	QUERY_TEXT, /* const char *; NULL if absent; at most max bytes */
	QUERY_INT,  /* int64_t within [min, max]; lenient: over max is max, below min the default */
	QUERY_TIME, /* int64_t nanoseconds; QUERY_ABSENT if absent */
	QUERY_FLAG, /* bool: 1 or true, 0 or false */
	QUERY_CHOICE, /* int: the place of the word in choices, or -1 */
	QUERY_LIST,   /* struct query_list: every value of that name */
};

#define QUERY_ABSENT INT64_MIN
#define QUERY_MAX_FIELDS 512 /* parameters of one request that are looked at */

struct query_list {
	const char **items;
	size_t n;
};

enum { QUERY_LENIENT = 1 };

struct query_field {
	const char *name;
	enum query_type type;
	int flags;
	size_t offset; /* in the handler's struct */
	int64_t fallback, min, max;
	const char *const *choices; /* ended by NULL */
};

/* Fills all fields of out; returns 0, or 400 with the refusal staged. */
int query_read(struct req *, const struct query_field *, size_t n, void *out);
/* One parameter by name, decoded; NULL if absent or empty. */
const char *query_text(struct req *, const char *name);

#endif
