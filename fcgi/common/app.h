/* SPDX-License-Identifier: MIT */
/*
 * app: what a service is, as data, and the gates that every request passes.
 *
 * Order of the gates: key (401), rate limit (429), route (404, 405), size (413).
 * A handler never asks again for what the table already says.
 */
#ifndef APP_H
#define APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cfg.h"
#include "db.h"
#include "req.h"
#include "route.h"
#include "shm.h"

#define APP_SERVICES 4

/* What every service configures; a service's own struct begins with it. */
struct base_cfg {
	const char *home;
	const char *database_path;
	const char *run_dir;
	const char *api_key; /* ADMIN_API_KEY on the relay */
	const char *ingest_api_key;
	const char *relay_internal_key;
	const char *session_secret;
	const char *ui_password;
	const char *cookie_domain;
	const char *bind_address;
	const char *public_urls[APP_SERVICES]; /* errors, logs, metrics, relay; NULL: by port */
	int64_t ports[APP_SERVICES];
	int64_t rate_limit; /* a minute; 0 switches every limit off */
	int64_t ingest_rate_limit;
	int64_t max_body_size;
	int log_level;
	int durability; /* enum durability */
};

enum durability { DURABILITY_DEFAULT, DURABILITY_PROCESS, DURABILITY_POWER };

/* A counter a service keeps in the shared page; its place in the table is its number. */
struct app_counter {
	const char *name; /* "monlight_errors_scrubbed_total" */
	const char *help;
};

struct app {
	const char *name;     /* "errors": in the cookie and in the names of files */
	const char *program;  /* "monlight-errors": in log lines */
	const char *title;    /* "error tracker" */
	const char *prefix;   /* of its variables: "ERROR_TRACKER" */
	const char *key_name; /* "API_KEY" */
	const char *database; /* its default file: "data/errors.db" */
	int64_t rate_limit;   /* defaults of the table every service shares */
	int64_t max_body_size;
	enum db_sync sync;  /* what DURABILITY unset means */
	bool open_404;      /* an unknown path is 404 even without a key */
	bool needs_network; /* reads /etc and /usr for resolving and for certificates */

	struct base_cfg *cfg; /* the service's own struct, whose first member it is */
	const struct cfg_field *fields;
	size_t nfields;
	const struct route *routes;
	size_t nroutes;
	const struct db_schema *schema;
	const struct app_counter *counters;
	size_t ncounters;

	/* All may be NULL. */
	int (*check)(const struct app *, FILE *errors); /* how many variables more are bad */
	int (*start)(
	    const struct app *, struct db *); /* after opening; 0, or -1 ends the process */
	int (*authorize)(struct req *);       /* the gate of ACCESS_SERVICE; 0 or a refusal */
	void (*always)(struct req *);         /* headers every answer carries (CORS) */
	void (*health)(struct req *, struct json_out *); /* members of /health beside status */
	void (*metrics)(struct req *, struct buf *);     /* gauges beside the counters */
	void (*tend)(void);          /* between requests, each minute, whether or not any come */
	void (*finish)(struct db *); /* before closing, at an orderly end: in half a second */

	struct shm *shm; /* set by app_open() */
};

/* Rows of the shared and the service's own configuration, for -n, -h and the manual. */
size_t app_fields(const struct app *, struct cfg_field *out, size_t max);
#define APP_MAX_FIELDS 64 /* room for app_fields() */
/* Loads the configuration; returns how many variables were bad, each reported on errors. */
int app_configure(const struct app *, FILE *errors);
/* Maps the shared page and opens the database; NULL if that failed. */
struct db *app_open(struct app *);

/* Route number i over the shared rows and then the service's own; NULL after the last. */
const struct route *app_route(const struct app *, size_t i);

/* Answers the request: gates, handler.  Returns the status; the reply is staged. */
int app_serve(struct req *);
/* The number a client's address counts under: a host of IPv4, a /64 of IPv6. */
uint64_t app_address_key(const struct req *);
/* Counts a wrong key for the address: 401 with that detail, or 429 when there were too many. */
int app_refuse_key(struct req *, const char *detail);
/* 429 if the address has used up its wrong guesses, else 0: asked before a password is compared. */
int app_refuse_guess(struct req *);

/* Counts the answered request and its time in the shared page. */
void app_count_request(const struct req *, int status);
/* Adds n to the service's counter number i. */
void app_count(const struct req *, int i, uint64_t n);

/* GET /metrics: the counters of the pool and the service's gauges as Prometheus text. */
int app_metrics(struct req *);
/* A gauge of the service itself, for the metrics hook. */
void app_gauge(struct buf *, const char *name, const char *help, double value);

#endif
