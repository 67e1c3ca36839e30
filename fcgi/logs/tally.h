/* SPDX-License-Identifier: MIT */
/*
 * tally: lines counted by level, minute and source, and the moving of such counts from
 * one segment to another.  Between the files of the store only.
 */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "chunk.h"
#include "db.h"
#include "level.h"

struct tally_row {
	int64_t source, minute;
	int64_t lines[LEVELS];
};

/* Counts being gathered, a row for each stretch of lines of one source and minute. */
struct tally {
	struct tally_row *rows;
	size_t n, size;
};

void tally_add(struct tally *, int64_t source, const struct log_line *);
/*
 * Adds the counts (times sign, 1 or -1) to the segment's histogram and totals, within a
 * transaction.  Returns 0 or -1.
 */
int tally_write(const struct tally *, struct db *, int64_t segment, int sign);
void tally_clear(struct tally *);
void tally_free(struct tally *);

#endif
