/* SPDX-License-Identifier: MIT */
/*
 * field_filter: lines by the values of their fields (line_fields.h).
 *
 * A wish is NAME=VALUE; in NAME a backslash stands before "=" and before itself.  Of several
 * for one name one must hold, of different names all; of those that are not wanted none.
 * Values are compared as line_fields spells them.
 */
#ifndef FIELD_FILTER_H
#define FIELD_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

struct field_filter;

/*
 * A filter by n wishes and nnot that must not hold, in the arena, which keeps pointers to
 * them; NULL if one of them is not NAME=VALUE.
 */
const struct field_filter *field_filter_new(struct arena *, const char *const *wishes, size_t n,
    const char *const *not_wishes, size_t nnot);
/* Whether a line passes.  The arena is for the line's fields: the caller resets it. */
bool field_filter_passes(const struct field_filter *, struct arena *, const char *line, size_t len);
/* What the chunks of lines that pass hold, for store_match(), in the arena; NULL: any may. */
const char *field_filter_fts(const struct field_filter *, struct arena *);

#endif
