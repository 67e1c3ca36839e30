/* SPDX-License-Identifier: MIT */
/*
 * sourcemap: a source map (ECMA-426) taken apart when it is uploaded, so that a
 * position is found later by reading one small block.  Pure.
 *
 * The mappings become blocks of up to SOURCEMAP_BLOCK segments in order of their
 * generated position; each block is kept under the position of its first segment.
 * An index map (sections) is flattened on the way.  All lines and columns are
 * counted from 0, as in the file; engines print them from 1.
 */
#ifndef SOURCEMAP_H
#define SOURCEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "json.h"

#define SOURCEMAP_BLOCK 1024
#define SOURCEMAP_MAX_SECTIONS_DEPTH 4

struct sourcemap_position {
	uint32_t line, column;
};

/* Where a generated position comes from. */
struct sourcemap_origin {
	int32_t source; /* place in the list of sources */
	int32_t name;   /* place in the list of names; -1: none */
	uint32_t line, column;
};

/* What sourcemap_read() calls with each part; 0, or not 0 to stop. */
struct sourcemap_sink {
	void *arg;
	/* A block of segments; start is sourcemap_key() of its first one. */
	int (*block)(void *arg, int64_t start, const void *bytes, size_t len);
	/* Source number i: its path joined with sourceRoot, whether it is on the ignore list. */
	int (*source)(void *arg, size_t i, const char *path, bool ignored);
	/* Its text, if the map has it. */
	int (*content)(void *arg, size_t i, const char *text, size_t len);
	/* Name number i. */
	int (*name)(void *arg, size_t i, const char *name);
};

enum sourcemap_result { SOURCEMAP_OK, SOURCEMAP_INVALID, SOURCEMAP_STOPPED };

/* The order of generated positions as one number. */
int64_t sourcemap_key(uint32_t line, uint32_t column);

/*
 * Takes the document apart.  On SOURCEMAP_INVALID *why is a static sentence;
 * parts may have been handed over already.
 */
enum sourcemap_result sourcemap_read(
    struct arena *, const cJSON *doc, const struct sourcemap_sink *, const char **why);

/* The debug id of the document ("debugId" or "debug_id"), or NULL. */
const char *sourcemap_debug_id(const cJSON *doc);

/*
 * Looks the position up in the block with the greatest start not after it: the
 * segment with the greatest column not after the position, on the same line.
 * False if there is none, if it maps to nothing, or if the block is broken.
 */
bool sourcemap_find(const void *block, size_t len, int64_t start, struct sourcemap_position,
    struct sourcemap_origin *);

#endif
