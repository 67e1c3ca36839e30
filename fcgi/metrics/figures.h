/* SPDX-License-Identifier: MIT */
/* figures: the few numbers of each bucket that a page or a rule looks at. */
#ifndef FIGURES_H
#define FIGURES_H

#include "read.h"

#define FIGURES_LIMITS 2

struct figure {
	struct summary summary;         /* count 0: there is nothing in it */
	double p50, p75, p95, p99;      /* NAN if there is no sketch */
	uint64_t up_to[FIGURES_LIMITS]; /* how many values are at most that limit */
};

struct figures {
	struct selection selection;
	size_t nbuckets;
	struct figure *all; /* of group g and bucket b at [g * nbuckets + b] */
	int scale;          /* the coarsest of all sketches */
};

/*
 * Answers a question over a span; limits may be NULL.  Everything lies in the
 * arena.  To be called in a read transaction.  Returns 0 or DB_FAILED.
 */
int figures_read(struct db *, struct arena *, const struct question *, const struct timespan *,
    const double limits[FIGURES_LIMITS], struct figures *);

/* Of one group and bucket; that of nothing if there is no such group. */
const struct figure *figure_at(const struct figures *, size_t group, size_t bucket);

#endif
