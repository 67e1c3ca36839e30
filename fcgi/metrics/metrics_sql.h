/* SPDX-License-Identifier: MIT */
/*
 * metrics_sql: the collector's database as its programs see it: the schema and
 * the statements that are compiled when it is opened.
 */
#ifndef METRICS_SQL_H
#define METRICS_SQL_H

#include "db.h"

#define SECONDS_PER_MINUTE 60
#define SECONDS_PER_HOUR 3600
#define SECONDS_PER_DAY 86400
#define MS_PER_SECOND 1000

/* An Idempotency-Key is known for a week. */
#define METRICS_ANSWERED_SECONDS (7 * SECONDS_PER_DAY)

enum metric_type { METRIC_COUNTER, METRIC_HISTOGRAM, METRIC_GAUGE };
#define METRIC_TYPES 3
/* Their words on the wire, ended by NULL. */
extern const char *const metric_type_words[];

/* Parameters and columns stand beside each text in sql.c. */
enum {
	/* the catalogue: series.c */
	SQL_SERIES_FIND,
	SQL_PROJECT_FIND,
	SQL_PROJECT_ADD,
	SQL_PROJECT_COUNT,
	SQL_METRIC_FIND,
	SQL_METRIC_ADD,
	SQL_METRIC_COUNT,
	SQL_SERIES_ADD,
	SQL_SERIES_COUNT,
	SQL_SERIES_UNSEEN,
	SQL_SERIES_DELETE,
	SQL_METRIC_TOTALS_DELETE,
	SQL_METRIC_DELETE,
	SQL_PROJECT_DELETE,
	SQL_GENERATION_ADD,

	/* arrival: ingest.c */
	SQL_ANSWERED_FIND,
	SQL_ANSWERED_ADD,
	SQL_BATCH_ADD,

	/* the tiers: tier.c; in each group the same order */
	SQL_MINUTE_GET,
	SQL_MINUTE_PUT,
	SQL_MINUTE_RANGE,
	SQL_MINUTE_TRIM,
	SQL_HOUR_GET,
	SQL_HOUR_PUT,
	SQL_HOUR_RANGE,
	SQL_HOUR_TRIM,
	SQL_DAY_GET,
	SQL_DAY_PUT,
	SQL_DAY_RANGE,
	SQL_DAY_TRIM,

	/* roll-up and retention: rollup.c, retain.c */
	SQL_STATE,
	SQL_BATCHES_AFTER,
	SQL_SERIES_PLACE,
	SQL_OPEN_PUT,
	SQL_OPEN_EXPIRED,
	SQL_OPEN_DELETE,
	SQL_ARRIVED_ADD,
	SQL_METRIC_SEEN,
	SQL_SERIES_SEEN,
	SQL_WATERMARK_SET,
	SQL_COMPACTED,
	SQL_BOUNDS_SET,
	SQL_SERIES_AFTER,
	SQL_BATCH_KEPT,
	SQL_BATCH_TRIM,
	SQL_ANSWERED_TRIM,
	SQL_ARRIVED_TRIM,

	/* questions: selection.c, read.c, names.c, main.c */
	SQL_METRICS_OF_NAME,
	SQL_METRIC_SERIES,
	SQL_SERIES_LIST,
	SQL_OPEN_OF_SERIES,
	SQL_METRIC_LIST,
	SQL_PROJECT_LIST,
	SQL_WAITING,
	SQL_ARRIVED_SINCE,
	SQL_CATALOGUE_COUNTS,

	/* rules: watch.c */
	SQL_RULE_GET,
	SQL_RULE_PUT,
	SQL_RULE_LIST,
	SQL_RULE_DELETE,

	SQL_COUNT
};

extern const struct db_schema metrics_schema;

#endif
