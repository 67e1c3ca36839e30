/* SPDX-License-Identifier: MIT */
/*
 * read: what the tiers and what is not yet in them say together.
 *
 * Whatever has been compacted and whatever has not, the answer is the same: a
 * point counts from the moment it is accepted.
 */
#ifndef READ_H
#define READ_H

#include <stdbool.h>

#include "selection.h"
#include "summary.h"

struct timespan {
	int64_t from, to; /* Unix seconds; to is not within it */
	int64_t step;     /* of a bucket, in seconds; the first one begins at from */
	/*
	 * The coarsest tier that may be read (enum in tier.h): one whose buckets lie
	 * each within one of ours.  Ends that it has no whole buckets for are read
	 * from the tiers below, as long as those keep them.
	 */
	int grain;
	bool sketches; /* of histograms */
};

/* How many buckets a span has. */
size_t timespan_buckets(const struct timespan *);
/* The coarsest tier whose buckets divide the step; from must be a multiple of it, too. */
int timespan_grain(int64_t step);
/* All of it as one bucket: whole minutes, by the coarsest tiers that have them. */
struct timespan timespan_whole(int64_t from, int64_t to);

struct bucket {
	struct summary summary; /* count 0: there is nothing in it */
	struct sketch *sketch;  /* NULL: none wanted or none kept */
};

/*
 * Calls visit(arg, group, buckets) for each group of the selection, in order;
 * buckets are timespan_buckets() many and gone when it returns.  Selection and reading
 * belong in one read transaction.  Returns 0 or DB_FAILED.
 */
int read_span(struct db *, const struct selection *, const struct timespan *,
    void (*visit)(void *arg, size_t group, const struct bucket *), void *arg);

#endif
