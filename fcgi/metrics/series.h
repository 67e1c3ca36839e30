/* SPDX-License-Identifier: MIT */
/*
 * series: the catalogue of what is measured, and the numbers of its entries.
 *
 * Its size has bounds.  A set of labels beyond a bound does not become a series;
 * its points count under a series that is there, or may always be made:
 *
 *	the metric's own overflow    {monlight_overflow: "true"}
 *	the project's                the metric monlight_overflow of that type
 *	everybody's                  the same in the project monlight_overflow
 */
#ifndef SERIES_H
#define SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "metrics_sql.h"

#define SERIES_OVERFLOW "monlight_overflow"

struct series_caps {
	int64_t per_metric, per_project, total;
};

struct series_name {
	const char *project; /* "" for the one without a name */
	const char *name;
	enum metric_type type;
	const char *labels; /* canonical */
};

/*
 * The number of a series, which is made if need be; inside a write transaction.
 * *overflowed says whether it is another than the one asked for.  Returns 0 or
 * DB_FAILED.
 */
int series_number(struct db *, const struct series_caps *, const struct series_name *, int64_t now,
    uint32_t *series, bool *overflowed);

/*
 * The same through a cache of the process.  series_cache_sync() comes first in
 * each write transaction; series_cache_clear() after one that failed, whose
 * series do not exist.
 */
int series_cache_sync(struct db *);
int series_cached(struct db *, const struct series_caps *, const struct series_name *, int64_t now,
    uint32_t *series, bool *overflowed);
void series_cache_clear(void);

/*
 * Deletes series not seen since that time, their metrics and projects with them,
 * so that the caps have room again; those that in_use[] names are passed over (it
 * is sorted here).  Inside a write transaction; at most so many at once, going on
 * after *after.  Returns 1 if there may be more, 0 if not, DB_FAILED.
 */
int series_forget(
    struct db *, int64_t seen_before, uint32_t *in_use, size_t n, int limit, int64_t *after);

#endif
