/* SPDX-License-Identifier: MIT */
/* watch: what the rules of METRIC_ALERT_n have come to, and telling of it. */
#ifndef WATCH_H
#define WATCH_H

#include "db.h"
#include "rule.h"

enum watch_state {
	WATCH_OK,
	WATCH_PENDING, /* true, but not yet for as long as the rule wants */
	WATCH_FIRING,
};
/* Their words on the wire. */
extern const char *const watch_state_words[];

/* What is kept of a rule. */
struct watch {
	enum watch_state state;
	int64_t since;   /* of the state */
	double value;    /* when it was last computed; NAN: there was no data */
	int64_t checked; /* 0: never */
};

/*
 * Computes all rules and moves their states; a change to or from firing goes into
 * the alert queue in the same transaction.  Returns 0 or DB_FAILED.
 */
int watch_pass(struct db *, struct arena *, const struct rule *, size_t n, int64_t now);
/* What is kept of the rule; of one that is new, nothing.  Returns 0 or DB_FAILED. */
int watch_get(struct db *, const struct rule *, struct watch *);

#endif
