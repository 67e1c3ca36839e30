/* SPDX-License-Identifier: MIT */
/* metrics: the metrics collector as its own files see it. */
#ifndef METRICS_H
#define METRICS_H

#include "app.h"
#include "metrics_sql.h"
#include "rollup.h"
#include "series.h"

struct metrics_cfg {
	struct base_cfg base;
	int64_t raw_hours, minute_hours, hourly_days, daily_days;
	int64_t series_per_metric, series_per_project, series_total;
	const char **rules; /* METRIC_ALERT_n at [n - 1], RULES_MAX of them; NULL: not set */
};

/* The numbers of struct app's counters, in main.c. */
enum {
	COUNTER_POINTS,
	COUNTER_DROPPED,
	COUNTER_OVERFLOWED,
	COUNTER_REPEATED,
};

#define METRICS_MAX_BATCH 1000
#define METRICS_MAX_NAME 200
#define METRICS_MAX_AHEAD 600 /* seconds a point's time may lie ahead of ours */

static inline const struct metrics_cfg *
metrics_cfg(const struct req *rq)
{
	return (const struct metrics_cfg *)rq->app->cfg;
}

static inline struct retention
metrics_retention(const struct metrics_cfg *cfg)
{
	return (struct retention){
	    .raw = cfg->raw_hours * SECONDS_PER_HOUR,
	    .minute = cfg->minute_hours * SECONDS_PER_HOUR,
	    .hour = cfg->hourly_days * SECONDS_PER_DAY,
	    .day = cfg->daily_days * SECONDS_PER_DAY,
	};
}

/* The handlers. */
int metrics_ingest(struct req *);    /* POST /api/metrics */
int metrics_query(struct req *);     /* GET /api/metrics */
int metrics_names(struct req *);     /* GET /api/metrics/names */
int metrics_series(struct req *);    /* GET /api/metrics/series */
int metrics_labels(struct req *);    /* GET /api/metrics/labels */
int metrics_projects(struct req *);  /* GET /api/projects */
int metrics_dashboard(struct req *); /* GET /api/dashboard */
int metrics_alerts(struct req *);    /* GET /api/alerts */

#endif
