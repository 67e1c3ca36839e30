/* SPDX-License-Identifier: MIT */
/*
 * alert: the queue between who notices something and who tells people of it.
 *
 * An alert says what any channel needs, so that a channel knows nothing of errors
 * or metrics and a new source of alerts nothing of mail.  Its tables (alert.sql)
 * stand in the database of the service that alerts.
 */
#ifndef ALERT_H
#define ALERT_H

#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "json.h"

#define ALERT_MAX_FACTS 12

struct alert {
	const char *kind;    /* "new", "regression", "spike", "rule", "digest", "test" */
	int64_t subject_id;  /* 0: none */
	const char *title;   /* one line: a mail's subject */
	const char *heading; /* one sentence: "New error in shop" */
	struct {
		const char *name, *value;
	} facts[ALERT_MAX_FACTS]; /* in the order of telling; a NULL value is left out */
	size_t nfacts;
	const char *text; /* preformatted, a stack for one; NULL for none */
	const char *path; /* of its page: "/errors/12" */
};

/* Appends a fact; more than there is room for are dropped. */
void alert_fact(struct alert *, const char *name, const char *value);

/* Puts it in the queue, inside the caller's transaction.  Returns 0 or DB_FAILED. */
int alert_enqueue(struct db *, struct arena *, const struct alert *, int64_t now);

/* Reads what alert_enqueue() wrote as content; texts lie in the arena.  Returns 0 or -1. */
int alert_read(struct arena *, const char *content, struct alert *);

/* So many alerts, the newest of those with an id below. */
struct alert_page {
	int64_t limit, below;
};

#define ALERT_ID_MAX (INT64_C(1) << 53)
/* A page as a handler's parameters: all of its table (query.h), read into a struct alert_page. */
#define ALERT_PAGE_FIELDS                                                                          \
	{"limit", QUERY_INT, 0, offsetof(struct alert_page, limit), 50, 1, 200, NULL},             \
	{                                                                                          \
		"cursor", QUERY_INT, 0, offsetof(struct alert_page, below), ALERT_ID_MAX, 1,       \
		    ALERT_ID_MAX, NULL                                                             \
	}

/*
 * Writes a page of alerts with their deliveries as the members alerts and next_cursor of an
 * open JSON object (GET /api/alerts).  Returns 0 or DB_FAILED.
 */
int alert_list(struct db *, struct json_out *, const struct alert_page *);
/*
 * The outcome of one alert: 'w' waiting, 's' sent everywhere, 'f' failed somewhere;
 * *detail is what the last attempt said, in the arena, or NULL.
 */
int alert_outcome(struct db *, struct arena *, int64_t id, char *outcome, const char **detail);

/* Deletes alerts of more than 90 days ago with their deliveries.  Returns 0 or DB_FAILED. */
int alert_forget(struct db *, int64_t now);

#endif
