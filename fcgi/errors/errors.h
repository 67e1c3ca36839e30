/* SPDX-License-Identifier: MIT */
/* errors: the error tracker as its own files see it. */
#ifndef ERRORS_H
#define ERRORS_H

#include "alert_channels.h"
#include "app.h"
#include "errors_sql.h"

/* ALERT_SPIKE: so many reports of one error in so many minutes; 0: never. */
struct spike {
	int64_t reports, minutes;
};

struct errors_cfg {
	struct base_cfg base;
	int64_t retention_days;  /* how long a resolved error is kept */
	int64_t max_occurrences; /* kept of a key: so many first ones, so many last ones */
	int64_t max_bytes;       /* of the database; 0: no limit */
	bool scrub;
	struct alert_lists alert_lists; /* who is to be told: here only whether there is anyone */
	int64_t alert_new_after;        /* with which report a new error is told of */
	const char *alert_spike;        /* "N/M" as configured, or NULL */
	struct spike spike;             /* made from it by main.c */
};

/* The numbers of struct app's counters, in main.c. */
enum {
	COUNTER_CREATED,
	COUNTER_REOPENED,
	COUNTER_REPEATED,
	COUNTER_SCRUBBED,
	COUNTER_CAPPED,
	COUNTER_CROWDED,
};

enum error_status { STATUS_UNRESOLVED, STATUS_RESOLVED, STATUS_IGNORED };
enum level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR, LEVEL_FATAL };

/* Their words on the wire, ended by NULL. */
extern const char *const status_words[];
extern const char *const level_words[];

#define MAX_OCCURRENCES 100     /* limit of the variable: a key has 128 slots of either kind */
#define SLOTS_PER_KEY 256       /* of the table occurrence */
#define FIRST_LAST_SLOT 128     /* where the ring of the last ones begins */
#define MESSAGE_LISTED 4096     /* bytes of a message that lists and search see */
#define PAYLOAD_MAX (64 << 20)  /* bytes an occurrence may unpack to */
#define EVENT_DAYS 7            /* how long an event_id is remembered */
#define MAX_USERS 100000        /* of a key */
#define MAX_KEYS_OF_SESSION 100 /* what a session may fill: a list of it is read as a whole */
#define HOURS_PER_DAY 24
#define SECONDS_PER_MINUTE 60
#define SECONDS_PER_HOUR 3600
#define SECONDS_PER_DAY 86400

static inline const struct errors_cfg *
errors_cfg(const struct req *rq)
{
	return (const struct errors_cfg *)rq->app->cfg;
}

/* 404 "Error not found"; merged_into says what has become of one that was merged away. */
int errors_missing(struct req *, int64_t id);

#define IDS_MAX 1000
#define ID_MAX (INT64_C(1) << 53)
struct ids {
	int64_t *items;
	size_t n;
};
bool ids_have(const struct ids *, int64_t);
/* What the table event knows a report of a project by. */
int64_t errors_event(struct arena *, const char *project, const char *event_id);
/* The member ids of a document, each once; 400 if they are none. */
int want_ids(struct req *, const cJSON *doc, struct ids *);

/*
 * Counts so many of a key's reports in the hour of that time; adds up the error's counts of
 * n hours from first_hour on, hours since 1970.  Returns 0 or DB_FAILED.
 */
int errors_count_hour(struct db *, struct arena *, int64_t key_id, int64_t at, int64_t count);
int errors_hours(struct db *, int64_t id, int64_t first_hour, int64_t *counts, size_t n);

/* Adds to an error's history what the asker does with it.  0 or DB_FAILED. */
int errors_note(struct req *, int64_t id, const char *action, const char *detail);

/* Ranks an error in a scope's list by what its keys count there together.  0 or DB_FAILED. */
int errors_rank_scope(struct db *, int64_t id, int64_t scope);

/* The handlers. */
int errors_report(struct req *);      /* POST /api/errors */
int errors_list(struct req *);        /* GET /api/errors */
int errors_detail(struct req *);      /* GET /api/errors/{} */
int errors_occurrences(struct req *); /* GET /api/errors/{}/occurrences */
int errors_resolve(struct req *);     /* POST /api/errors/{}/resolve */
int errors_reopen(struct req *);      /* POST /api/errors/{}/reopen */
int errors_ignore(struct req *);      /* POST /api/errors/{}/ignore */
int errors_delete(struct req *);      /* DELETE /api/errors/{} */
int errors_bulk(struct req *);        /* POST /api/errors/bulk */
int errors_merge(struct req *);       /* POST /api/errors/merge */
int errors_unmerge(struct req *);     /* POST /api/errors/unmerge */
int errors_projects(struct req *);    /* GET /api/projects */
int errors_scopes(struct req *);      /* GET /api/scopes */
int errors_alerts(struct req *);      /* GET /api/alerts */
int errors_test_alert(struct req *);  /* POST /api/test-alert */

#endif
