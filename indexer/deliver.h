/* SPDX-License-Identifier: MIT */
/*
 * deliver: carries the alerts of one database to the channels.
 *
 * A pass does three things, each in transactions of its own: it gives new alerts
 * to the channels (or holds them when the hour's cap is reached), it tells of the
 * held ones in one digest when the hour is over, and it makes the attempts that
 * are due.  An attempt that fails is repeated with growing pauses for a day; after one
 * that was not answered in time the channel's other alerts wait as long.
 * A process killed between a server's yes and our note repeats that one message,
 * with the same Message-ID; one that cannot note it sends nothing more until it can.
 */
#ifndef DELIVER_H
#define DELIVER_H

#include <stddef.h>
#include <stdint.h>

#include "alert_channels.h"
#include "arena.h"
#include "db.h"
#include "send.h"

struct deliver_cfg {
	struct alert_lists lists;
	const char *smtp_from;
	int64_t hourly_cap, cap_seconds;
	/* made by the program from what is configured */
	struct smtp smtp;
	struct alert_channels channels;
};

/* What became of an attempt, to be noted in the database; all zero at first. */
struct deliver_outcome {
	int64_t delivery, alert; /* ids; delivery 0: there is nothing to be noted */
	enum send_result result;
	char detail[SEND_DETAIL_SIZE];
	int64_t at, next_at, give_up_at; /* Unix seconds */
};

struct deliver_queue {
	struct db *db;
	const char *service;  /* "errors" */
	const char *base_url; /* of its pages */
	/* Of the last attempt: kept from pass to pass, for a disk may be full for hours. */
	struct deliver_outcome *outcome;
};

/*
 * For a clock that was set back: attempts that would wait for longer than any pause are
 * due now.  Returns 0 or DB_FAILED.
 */
int deliver_anew(struct deliver_queue *, int64_t now);

/*
 * One pass over a queue.  *next is when the next attempt or digest is due, in Unix
 * seconds, or INT64_MAX.  Returns 0, or -1 when the database failed (logged).
 */
int deliver_pass(
    const struct deliver_cfg *, struct deliver_queue *, struct arena *, int64_t now, int64_t *next);

#endif
