/* SPDX-License-Identifier: MIT */
/*
 * metrics_adopt: sums and points that another collector has taken, added to the tiers and to what
 * has arrived.  For `monlight import`.
 *
 * Used within a write transaction of the caller's, who holds the lock of the job rollup: the
 * bounds of the tiers stay where they are meanwhile.
 */
#ifndef METRICS_ADOPT_H
#define METRICS_ADOPT_H

#include "rollup.h"
#include "series.h"
#include "summary.h"

/* What is known of the values in a bucket of time beside their summary. */
struct quantiles {
	double p50, p95, p99;
};

struct adoption;

struct adoption *adoption_new(struct db *, const struct series_caps *, const struct retention *);
void adoption_free(struct adoption *);

/*
 * Takes a bucket that begins at that time; quantiles NULL: none are known.  Of a histogram
 * these quantiles come out again as they were.  Returns 0 or DB_FAILED.
 */
int adoption_add_sum(struct adoption *, const struct series_name *, int64_t time,
    const struct summary *, const struct quantiles *);
/* Takes a point; time in milliseconds.  Returns 0 or DB_FAILED. */
int adoption_add_point(struct adoption *, const struct series_name *, int64_t time, double value);
/* Writes what was taken, and is empty again.  Returns 0 or DB_FAILED. */
int adoption_write(struct adoption *, int64_t now);

#endif
