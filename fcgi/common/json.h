/* SPDX-License-Identifier: MIT */
/*
 * json: JSON in, by a scanner before cJSON, and JSON out, by code that escapes.
 *
 * In.  json_parse() reads one document: depth at most 64, 2^20 values, numbers as RFC 8259
 * spells them and finite, strings repaired (invalid UTF-8, lone surrogates and
 * \u0000 become U+FFFD), of duplicate keys the last.  The tree lies in the
 * arena: nobody calls cJSON_Delete().  Numbers are doubles; integers beyond
 * 2^53 lose digits, so ids on the wire stay below it.
 *
 * Out.  The functions append compact JSON to a buf.  key is the member's name
 * in an object and NULL in an array or at the top; commas are kept by the writer.
 */
#ifndef JSON_H
#define JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"

#define JSON_MAX_DEPTH 64
#define JSON_MAX_VALUES (1 << 20) /* two bytes of text may be a value, whose node takes 64 */

/*
 * Parses len bytes.  Returns the document, or NULL with *why a static sentence
 * that says what is wrong and *at the offset where.
 */
cJSON *json_parse(struct arena *, const char *text, size_t len, const char **why, size_t *at);

/*
 * The same from a file of at most max bytes.  NULL, and logs why unless there is no such file.
 */
cJSON *json_parse_file(struct arena *, const char *path, size_t max);

/* The member of that exact name, or NULL; NULL and non-objects have none. */
const cJSON *json_get(const cJSON *object, const char *name);
/* Its text, or NULL if it is absent or no string. */
const char *json_get_text(const cJSON *object, const char *name);
/* Whether the value is a whole number within [min, max]; then *out is it. */
bool json_is_int(const cJSON *, int64_t min, int64_t max, int64_t *out);

#define JSON_NUMBER_SIZE 32
/*
 * The shortest spelling that reads back as the same finite double,
 * with a NUL; returns its length.
 */
size_t json_spell(char out[JSON_NUMBER_SIZE], double);

struct json_out {
	struct buf *buf;
	bool comma; /* whether the next value needs one before it */
};

void json_object(struct json_out *, const char *key);
void json_object_end(struct json_out *);
void json_array(struct json_out *, const char *key);
void json_array_end(struct json_out *);
/* NULL text is written as null. */
void json_text(struct json_out *, const char *key, const char *text);
void json_text_len(struct json_out *, const char *key, const char *text, size_t len);
void json_int(struct json_out *, const char *key, int64_t);
/* As json_spell() spells it; not finite is null. */
void json_real(struct json_out *, const char *key, double);
void json_bool(struct json_out *, const char *key, bool);
void json_null(struct json_out *, const char *key);
/* Text that is JSON already (for one: what was stored after json_tree()). */
void json_raw(struct json_out *, const char *key, const char *text, size_t len);
/* A whole cJSON tree; members keep their order. */
void json_tree(struct json_out *, const char *key, const cJSON *);
/* Unix seconds as "YYYY-MM-DDTHH:MM:SSZ". */
void json_time(struct json_out *, const char *key, int64_t seconds);

#endif
