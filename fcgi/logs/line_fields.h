/* SPDX-License-Identifier: MIT */
/*
 * line_fields: the keys and values that a line of JSON or logfmt holds.  Pure.
 *
 * JSON: members of the object, those of an object in it as "outer.inner".  logfmt: two
 * or more key=value, of which a value may stand in quotes.  Only values of a line's size
 * that one would filter by are given: texts up to LINE_FIELD_MAX bytes, numbers, true
 * and false.
 */
#ifndef LINE_FIELDS_H
#define LINE_FIELDS_H

#include <stddef.h>

#include "arena.h"

#define LINE_FIELD_MAX 128
#define LINE_FIELDS_MAX 64 /* of one line; the rest is passed over */

struct line_field {
	const char *name, *value;
};

/* Writes the fields of a line, memory from the arena; returns how many. */
size_t line_fields(
    struct arena *, const char *line, size_t len, struct line_field out[LINE_FIELDS_MAX]);

#endif
