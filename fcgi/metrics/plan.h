/* SPDX-License-Identifier: MIT */
/*
 * plan: what a request asks of the collector, read from its query string.
 *
 * GET /api/metrics.  name is required.  period, resolution and labels are the wire
 * contract's and lenient; the others are ours and refuse what they do not understand:
 *
 *	project, type    which of several metrics of that name
 *	label            like labels, but the whole value is one condition; may be repeated
 *	from, to         in place of period
 *	step             length of a bucket: whole minutes
 *	points           in place of step: how many buckets are enough
 *	group_by         names of labels: a row for each of their values instead of one
 *	top              rows of so many groups alone, those with the most points
 *	quantiles        numbers from 0 to 1, answered beside p50, p95 and p99
 *	fill             null: buckets without points are rows, too
 */
#ifndef PLAN_H
#define PLAN_H

#include "read.h"
#include "req.h"
#include "selection.h"

enum {
	MAX_QUANTILES = 10,
	CONTRACT_QUANTILES = 3, /* p50, p95 and p99 */
};

/* What is to be computed. */
struct plan {
	struct question question;
	struct timespan span;
	int64_t now;
	const char *period; /* as the answer repeats it; NULL if from was given */
	double quantiles[CONTRACT_QUANTILES + MAX_QUANTILES]; /* the contract's first */
	size_t nquantiles;
	size_t top; /* 0: all groups */
	bool fill;
};

/* Texts are the request's.  0, or 400. */
int want_plan(struct req *, struct plan *);

/*
 * The seconds that from and to name, each nanoseconds or QUERY_ABSENT; without to up
 * to now.  0, or 400.
 */
int want_range(
    struct req *, int64_t from_ns, int64_t to_ns, int64_t now, int64_t *from, int64_t *to);

/* Of the usual lengths of buckets the first from `base` that makes at most so many of a span. */
int64_t usual_step(int64_t base, int64_t span, int64_t points);

#endif
