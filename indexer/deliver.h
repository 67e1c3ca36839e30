/* SPDX-License-Identifier: MIT */
/*
 * deliver: carries the alerts of one database to the channels.
 *
 * A pass does three things, each in transactions of its own: it gives new alerts
 * to the channels (or holds them when the hour's cap is reached), it tells of the
 * held ones in one digest when the hour is over, and it makes the attempts that
 * are due.  An attempt that fails is repeated with growing pauses for a day.
 * A process killed between a server's yes and our note repeats that one message,
 * with the same Message-ID.
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

struct deliver_queue {
	struct db *db;
	const char *service;  /* "errors" */
	const char *base_url; /* of its pages */
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
