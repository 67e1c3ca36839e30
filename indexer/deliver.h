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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "arena.h"
#include "db.h"
#include "send.h"
#include "webhook.h"

#define DELIVER_MAX_CHANNELS 32

struct channel {
	const char *name; /* as shown: "mail ops@example.com", "webhook 1 slack hooks.slack.com" */
	const char *address; /* of a mail, else NULL */
	struct webhook webhook;
};

struct deliver_cfg {
	/* as configured */
	const char *smtp_host, *smtp_username, *smtp_password, *smtp_from, *smtp_ca_file;
	int64_t smtp_port;
	int smtp_tls_required; /* enum: 0 auto (on with a user name), 1 on, 2 off */
	const char *alert_emails, *alert_webhooks;
	int64_t hourly_cap, cap_seconds;

	/* made from it by deliver_channels() */
	struct smtp smtp;
	struct channel channels[DELIVER_MAX_CHANNELS];
	size_t nchannels;
	char *texts[2]; /* what the channels point into */
};

struct deliver_queue {
	struct db *db;
	const char *service;  /* "errors" */
	const char *base_url; /* of its pages */
};

/*
 * Makes the channels from the lists of addresses and URLs.  Texts live until the
 * process ends.  Returns how many items were bad, each reported on errors.
 */
int deliver_channels(struct deliver_cfg *, FILE *errors);
/* The channel of that name, or NULL when it is configured no longer. */
const struct channel *deliver_channel(const struct deliver_cfg *, const char *name);

/*
 * One pass over a queue.  *next is when the next attempt or digest is due, in Unix
 * seconds, or INT64_MAX.  Returns 0, or -1 when the database failed (logged).
 */
int deliver_pass(
    const struct deliver_cfg *, struct deliver_queue *, struct arena *, int64_t now, int64_t *next);

#endif
