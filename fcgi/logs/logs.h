/* SPDX-License-Identifier: MIT */
/*
 * logs: the log viewer as its own files see it.
 *
 * Two programs answer for it: monlight-logs, in one pool for all and in another for
 * exports, and monlight-tail, which serves the live tail alone.  They have the same
 * configuration and share the page of counters.
 */
#ifndef LOGS_H
#define LOGS_H

#include "app.h"
#include "json.h"
#include "store.h"

struct logs_cfg {
	struct base_cfg base;
	int64_t tail_clients;     /* streams at a time */
	int64_t tail_heartbeat_s; /* between two signs of life */
	int64_t tail_duration_s;  /* after which a stream ends and the page comes back */
};

extern struct logs_cfg logs_cfg;

/* What the shared page counts beside requests. */
enum logs_counter {
	COUNT_TAIL_STREAMS,
	COUNT_TAIL_REFUSED,
	COUNT_TAIL_EVENTS,
	COUNT_TAIL_DROPPED,
	LOGS_COUNTERS
};

/*
 * The program's struct app: all but its name and its routes, of which the live tail
 * is the first in both programs, since requests are counted by the place of their row.
 */
struct app logs_app(const char *program, const struct route *, size_t n);

/* The store beside the database; it opens with it. */
struct store *logs_store(void);

/* The endpoints; the contract of each stands above it. */
int logs_list(struct req *);
int logs_entry(struct req *);
int logs_context(struct req *);
int logs_histogram(struct req *);
int logs_containers(struct req *);
int logs_stats(struct req *);
int logs_top_fields(struct req *);
int logs_export(struct req *);

#endif
