/* SPDX-License-Identifier: MIT */
/* totals: how many lines there are, from counts that were kept and, for the rest, by counting. */
#ifndef LOGS_TOTALS_H
#define LOGS_TOTALS_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "filter.h"
#include "level.h"
#include "sources.h"
#include "view.h"

/* Lines of one source by level. */
struct logs_tally {
	int64_t source;
	int64_t lines[LEVELS];
};

struct logs_tallies {
	struct logs_tally *items;
	size_t n;
};

/* Reads the counts of all sources that have lines, into the arena.  Returns 0 or DB_FAILED. */
int logs_tallies_read(struct db *, struct arena *, struct logs_tallies *);
/* The sum over all of one row. */
int64_t logs_tally_sum(const struct logs_tally *);
/* The sum over all rows. */
int64_t logs_tallies_sum(const struct logs_tallies *);

/*
 * How many lines pass the view's filter; counts for 200 ms at most: then *exact is false
 * and there are at least that many.  Returns 0, or the refusal staged.
 */
int logs_total(struct req *, struct logs_view *, int64_t *total, bool *exact);

#endif
