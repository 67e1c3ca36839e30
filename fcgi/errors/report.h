/* SPDX-License-Identifier: MIT */
/*
 * report: one POST /api/errors, from the body to the rows.
 *
 * report.c reads and judges it, occurrence.c packs what is kept of it as it is,
 * store.c and facets.c count it.  All memory is the request's.
 */
#ifndef REPORT_H
#define REPORT_H

#include "errors.h"

struct report {
	/* The wire contract's own; the first four are never NULL. */
	const char *project;
	const char *type;
	const char *message;
	const char *traceback;

	const char *mechanism; /* "m0" or "given" */
	char key[33];          /* 32 hex digits: the wire's fingerprint */

	const char *event_id; /* these eight may be NULL */
	const char *request_method;
	const char *request_url;
	const char *environment;
	const char *release;
	const char *server_name;
	const char *session_id;
	const char *user;  /* whatever names the person */
	const cJSON *tags; /* an object, or NULL */
	enum level level;
	bool browser;
	int64_t count; /* equal reports it stands for */
	int64_t at;    /* when it happened, Unix seconds; never in the future */

	const char *payload; /* what an occurrence keeps */
	size_t payload_len;
};

enum outcome { OUTCOME_CREATED, OUTCOME_INCREMENTED, OUTCOME_REOPENED };

/* What became of a report: what it is answered. */
struct stored {
	enum outcome outcome;
	bool repeated; /* its event_id was known: nothing was stored now */
	int64_t id;    /* of the error */
	int64_t count; /* of the error, this report included */
	int capped;    /* what limits left out */
	int crowded;   /* errors forgotten to make room */
};

/*
 * The members of the occurrence as JSON without braces, in zstd, in the arena; with scrub
 * secrets are taken out, *scrubbed of them.
 */
char *occurrence_pack(struct arena *, const cJSON *doc, bool scrub, size_t *packed, int *scrubbed);
/* The same unpacked; NULL, and a line in the log, if the blob is damaged. */
const char *occurrence_unpack(struct arena *, const void *blob, size_t len, size_t *text_len);

/*
 * Where the key's nth report, from 0, is kept: the first of them in the first slots, all later
 * ones round the ring of the last; so many of each.
 */
static inline int64_t
occurrence_slot(int64_t key_id, int64_t n, int64_t most)
{
	return key_id * SLOTS_PER_KEY + (n < most ? n : FIRST_LAST_SLOT + n % most);
}

/* Stores the report in one transaction.  Returns 0 or DB_FAILED. */
int report_store(struct req *, const struct report *, struct stored *);

/* ---- inside the transaction ---------------------------------------------------- */

/* The key and its error as they were before this report. */
struct known {
	int64_t key_id, key_count, reports;
	int64_t error_id, status, resolved_at, level, browser;
	int64_t first_seen, last_seen, rank, keys;
	int64_t ignored_until;                  /* 0: no end is set */
	int64_t ignored_count, ignored_minutes; /* so many reports in so many minutes; 0: any */
	const char *resolved_release;           /* NULL: resolved in whatever comes */

	bool reopens; /* whether this report brings it back */
};

/* Where a transaction stands. */
struct storing {
	struct req *rq;
	struct db *db;
	const struct report *report;
	struct stored *stored;
};

/* Finds out whether the report brings a resolved or ignored error back.  0 or DB_FAILED. */
int report_judge(struct storing *, struct known *);
/* Counts it in its minute, if anything asks for that.  0 or DB_FAILED. */
int report_count_minute(struct storing *, const struct known *);
/* Counts the report in its environment and release.  Returns 0 or DB_FAILED. */
int report_count_facets(struct storing *, const struct known *);
/* Puts what the stored report gives reason to tell into the alert queue.  0 or DB_FAILED. */
int report_notify(struct storing *, const struct known *);

#endif
