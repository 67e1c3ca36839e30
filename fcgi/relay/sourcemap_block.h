/* SPDX-License-Identifier: MIT */
/* sourcemap_block: the segments of a map as blocks.  Pure; of use to sourcemap.c alone. */
#ifndef SOURCEMAP_BLOCK_H
#define SOURCEMAP_BLOCK_H

#include "buf.h"
#include "sourcemap.h"

enum kind { UNMAPPED, MAPPED, NAMED };

struct segment {
	uint32_t line, column;
	enum kind kind;
	int32_t source, original_line, original_column, name;
	size_t order; /* among its line's, for a stable sort */
};

/* The block that is being filled; all but sink begin as zero. */
struct blocks {
	const struct sourcemap_sink *sink;
	struct buf bytes;
	size_t n; /* segments in it */
	int64_t start;
	struct segment last;
};

/* Adds a segment; they come in order.  False if the sink wanted to stop. */
bool blocks_add(struct blocks *, const struct segment *);
/* Hands the last block over and frees its memory; false as above. */
bool blocks_end(struct blocks *);

#endif
