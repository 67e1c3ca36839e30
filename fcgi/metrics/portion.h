/* SPDX-License-Identifier: MIT */
/*
 * portion: a bounded piece of the roll-up's work.
 *
 * Points are collected, sorted by series and minute, and each run becomes a row to
 * add; the rows of a metric's series become a row of its total.  All of that is
 * done before the write lock is taken, which is held only while rows are added.
 */
#ifndef PORTION_H
#define PORTION_H

#include <stdbool.h>

#include "points.h"
#include "rollup.h"
#include "tier.h"

/* One point to add; there are many at once, so it is small. */
struct entry {
	int64_t key; /* of its minute's row */
	double value;
	uint16_t ms; /* since its minute began */
};

/* A row to add. */
struct delta {
	struct tier_row row;
	int64_t metric; /* 0: the row is a total */
	uint32_t total; /* the series that sums up the metric */
};

struct portion {
	struct arena *mem;
	struct tier_state state; /* as it was when the work was read */
	struct tier_scratch scratch;
	struct entry *entries;
	size_t nentries, entries_room;
	struct delta *deltas;
	size_t ndeltas, deltas_room;
};

struct portion *portion_new(void);
void portion_free(struct portion *);

void portion_add_point(struct portion *, const struct point *);
/* A new row at the end, all zero; valid until the next one. */
struct delta *portion_add_row(struct portion *);
/* Makes the scratch's sketch that of the row. */
void portion_keep_sketch(struct portion *, struct tier_row *);

/* Makes the rows of the points, and those of the totals.  Returns 0 or DB_FAILED. */
int portion_sum_up(struct db *, struct portion *);
/* Adds the rows to every tier they belong to; in a transaction.  Returns 0 or DB_FAILED. */
int portion_write(struct db *, struct portion *, const struct retention *, int64_t now);

#endif
