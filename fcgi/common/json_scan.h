/* SPDX-License-Identifier: MIT */
/*
 * json_scan: the strict reader before cJSON.  It accepts exactly the documents
 * json.h describes and writes them as a clean copy that cJSON reads as they are
 * meant: compact, valid UTF-8, without lone surrogates, \u0000 or long numbers.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stddef.h>

#include "arena.h"

/*
 * Returns the clean copy (with a NUL behind its *clean_len bytes), or NULL with
 * *why a static sentence and *at the offset in text.
 */
char *json_scan(
    struct arena *, const char *text, size_t len, size_t *clean_len, const char **why, size_t *at);

#endif
