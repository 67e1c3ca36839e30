/* SPDX-License-Identifier: MIT */
/* relay: the browser relay as its own files see it. */
#ifndef RELAY_H
#define RELAY_H

#include "app.h"
#include "outbox.h"
#include "relay_sql.h"

struct relay_cfg {
	struct base_cfg base;
	const char *urls[DESTINATIONS]; /* of tracker and collector; NULL: by their ports */
	const char *keys[DESTINATIONS]; /* where RELAY_INTERNAL_KEY is not set */
	const char *cors_origins;
	const char *dsn_keys; /* "project:key, ..." to begin with */
	int64_t retention_days;
	int64_t max_source_map_size;
	int64_t outbox_max_bytes;
};

/* The numbers of struct app's counters, in main.c. */
enum {
	COUNTER_FORWARDED,
	COUNTER_QUEUED,
	COUNTER_TURNED_AWAY,
	COUNTER_MAPPED,
	COUNTER_UNMAPPED,
};

#define PROJECT_MAX 100
#define BROWSER_PATH "/api/browser/"

static inline const struct relay_cfg *
relay_cfg(const struct req *rq)
{
	return (const struct relay_cfg *)rq->app->cfg;
}

/* The gate of the public routes; see gate.c. */
void relay_greet(struct req *);
int relay_authorize(struct req *);

/* Whether there is a body; 400 "Empty request body" if not. */
int want_body(struct req *);
/* The id in the path; 400 "Invalid ID" if it is none, as the wire contract has it. */
int want_number(struct req *, int64_t *);
/* A member of 1 to max bytes; 400 in the words of the wire contract. */
int want_name(struct req *, const cJSON *, const char *name, size_t max, const char **);
/* The same question of a text that is at hand. */
int check_name(struct req *, const char *name, const char *text, size_t max);

/*
 * Runs a statement with the id in the path and, unless it is NULL, the value behind it: 200
 * with that status, or 404 with that detail if it changed no row.
 */
int relay_change(struct req *, int statement, const struct db_value *value, const char *missing,
    const char *status);

/*
 * The id that every attempt to hand something on carries: the sender's own if it has one of
 * at most max bytes, a digest of one that no header could hold, a new one for none.
 */
const char *relay_event(struct req *, const char *given, size_t max);
/*
 * Hands the body to its destination, or else to the outbox, counts it for the DSN
 * key as so many reports and points, and stages the answer; returns its status.
 */
int relay_send(struct req *, enum destination, const char *event, const struct buf *body,
    int64_t errors, int64_t points);
/* The connections of relay_send(), made before the first request. */
void relay_connect(const struct app *);
/* Writes down what could not be counted yet. */
void relay_finish(struct db *);

/* The handlers. */
int relay_preflight(struct req *);  /* OPTIONS /api/browser/errors, /api/browser/metrics */
int browser_errors(struct req *);   /* POST /api/browser/errors */
int browser_metrics(struct req *);  /* POST /api/browser/metrics */
int keys_create(struct req *);      /* POST /api/dsn-keys */
int keys_list(struct req *);        /* GET /api/dsn-keys */
int keys_deactivate(struct req *);  /* DELETE /api/dsn-keys/{} */
int keys_activate(struct req *);    /* POST /api/dsn-keys/{}/activate */
int keys_set_origins(struct req *); /* POST /api/dsn-keys/{}/origins */
int maps_upload(struct req *);      /* POST /api/source-maps */
int maps_list(struct req *);        /* GET /api/source-maps */
int maps_delete(struct req *);      /* DELETE /api/source-maps/{} */
int relay_outbox(struct req *);     /* GET /api/outbox */

#endif
