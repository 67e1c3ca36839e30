/* SPDX-License-Identifier: MIT */
/* dashboard: the parts of GET /api/dashboard, each in a file of its own. */
#ifndef DASHBOARD_H
#define DASHBOARD_H

#include "figures.h"
#include "req.h"

/* What is asked for. */
struct dashboard {
	int64_t length;      /* seconds */
	const char *project; /* NULL: all */
	struct label_filter filter;
	struct timespan whole;    /* the period as one bucket */
	struct timespan timeline; /* the same in minutes, hours or days */
};

/* A question about a metric of the dashboard's project; a condition more if label is not NULL. */
struct question dashboard_question(
    struct req *, const struct dashboard *, const char *name, const char *label);

/* Each writes its member, or nothing if there are no points for it.  0 or DB_FAILED. */
int dashboard_vitals(struct req *, struct json_out *, const struct dashboard *);

/* Where requests are counted and how long they took, by which labels. */
struct traffic {
	const char *member;   /* "server" */
	const char *requests; /* a counter with the label status */
	const char *duration; /* a histogram */
	const char *target;   /* the label that tells where a request went: "endpoint" */
	const char *targets;  /* the member that lists them: "endpoints" */
};
int dashboard_traffic(
    struct req *, struct json_out *, const struct dashboard *, const struct traffic *);

#endif
