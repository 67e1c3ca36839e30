/* SPDX-License-Identifier: MIT */
/*
 * vlq: the base64 variable-length quantities of a source map's mappings
 * (ECMA-426, "VLQ").  Pure.
 */
#ifndef VLQ_H
#define VLQ_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Takes one quantity from [*p, end) and moves *p behind it.  False if there is
 * none, if it is cut off, or if it does not fit 32 bits.
 */
bool vlq_take(const char **p, const char *end, int32_t *value);

#endif
