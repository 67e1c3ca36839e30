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

struct span {
	int64_t from, to; /* Unix seconds; to is not within it */
	int64_t step;     /* of a bucket, in seconds; the first one begins at from */
	/*
	 * The coarsest tier that may be read (enum in tier.h).  from and step are
	 * multiples of its buckets.
	 */
	int grain;
	bool sketches; /* of histograms */
};

/* How many buckets a span has. */
size_t span_buckets(const struct span *);
/* The coarsest tier whose buckets divide the step. */
int span_grain(int64_t step);

struct bucket {
	struct summary summary; /* count 0: there is nothing in it */
	struct sketch *sketch;  /* NULL: none wanted or none kept */
};

/*
 * Calls visit(arg, group, buckets) for each group of the selection, in order;
 * buckets are span_buckets() many and gone when it returns.  Selection and reading
 * belong in one read transaction.  Returns 0 or DB_FAILED.
 */
int read_span(struct db *, const struct selection *, const struct span *,
    void (*visit)(void *arg, size_t group, const struct bucket *), void *arg);

#endif
