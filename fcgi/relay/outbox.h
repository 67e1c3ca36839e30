/* SPDX-License-Identifier: MIT */
/*
 * outbox: what tracker or collector could not take when it came.  The relay adds,
 * monlight-deliver takes; both link this.
 *
 * Items of a destination leave in the order in which they came, but for one that
 * makes the destination itself fail: it is put off, and others pass it.  Delivery
 * is at least once; each attempt carries the item's event, by which the other end
 * knows it again, so it is stored once.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "db.h"
#include "destination.h"

/* Tracker and collector know an event for 7 days; what is older could be stored twice. */
#define OUTBOX_MAX_AGE (6 * 86400)

struct outbox_item {
	int64_t id;
	const char *event;
	int64_t attempts; /* that this item alone made fail */
	char *body;
	size_t len;
};

enum outbox_result { OUTBOX_ADDED, OUTBOX_FULL, OUTBOX_FAILED };

/*
 * Keeps a body.  OUTBOX_FULL: the bodies that wait take max_bytes already (counted
 * as turned away); OUTBOX_FAILED: the database failed, see db_fault().
 */
enum outbox_result outbox_add(struct db *, struct arena *, enum destination, const char *event,
    const void *body, size_t len, int64_t max_bytes);

/*
 * The first item behind that id that is due; texts lie in the arena.  DB_ROW,
 * DB_NONE or DB_FAILED.  An item that is damaged is dropped as refused.
 */
int outbox_next(struct db *, struct arena *, enum destination, int64_t behind, int64_t now,
    struct outbox_item *);

enum outbox_outcome { OUTBOX_DELIVERED, OUTBOX_REFUSED, OUTBOX_EXPIRED, OUTBOX_PUT_OFF };

/* What became of an item. */
struct outbox_verdict {
	int64_t id;
	enum outbox_outcome outcome;
	int64_t next_at; /* of OUTBOX_PUT_OFF: when it may be tried again, Unix seconds */
};

/* Notes n verdicts in one transaction.  Returns 0 or DB_FAILED. */
int outbox_settle(struct db *, const struct outbox_verdict *, size_t n);

/*
 * Drops what is older than OUTBOX_MAX_AGE and adds how many to
 * *dropped.  Returns 0 or DB_FAILED.
 */
int outbox_expire(struct db *, enum destination, int64_t now, int64_t *dropped);

/* Makes due now what would have to wait for longer than so many seconds.  0 or DB_FAILED. */
int outbox_unwait(struct db *, int64_t now, int64_t longest);

/* When the soonest item of the destination is due; INT64_MAX if there is none.  0 or DB_FAILED. */
int outbox_soonest(struct db *, enum destination, int64_t *next_at);

struct outbox_totals {
	int64_t waiting, bytes, queued, delivered, refused, expired, turned_away;
	int64_t oldest_at; /* of those that wait, Unix seconds; 0: none waits */
};

/* Returns 0 or DB_FAILED. */
int outbox_totals(struct db *, struct outbox_totals[DESTINATIONS]);

#endif
