/* SPDX-License-Identifier: MIT */
/*
 * alert_channels: where alerts go.
 *
 * The one list of channels: which variables name them, how an item of such a list is
 * read, and who writes what is sent there.  Who queues alerts asks whether there are
 * any; who delivers them asks for each, and how to send what it wrote.
 */
#ifndef ALERT_CHANNELS_H
#define ALERT_CHANNELS_H

#include <stddef.h>
#include <stdio.h>

#include "alert.h"
#include "buf.h"
#include "cfg.h"

#define ALERT_CHANNELS_MAX 32

/* As configured: comma-separated lists, NULL for none. */
struct alert_lists {
	const char *smtp_host; /* NULL: nothing is mailed */
	const char *emails, *webhooks;
};

/* Their rows in a program's table of variables; at is where its struct alert_lists lies. */
#define ALERT_LIST_FIELDS(at)                                                                      \
	ALERT_LIST(at, smtp_host, "SMTP_HOST", 0, "mail server; unset: alerts are not mailed"),    \
	    ALERT_LIST(at, emails, "ALERT_EMAILS", 0, "whom to mail alerts to, comma-separated"),  \
	    ALERT_LIST(at, webhooks, "ALERT_WEBHOOKS", CFG_SECRET,                                 \
		"where to post alerts to, comma-separated: [json|slack|discord] URL")
#define ALERT_LIST(at, member, name, flags, help)                                                  \
	{                                                                                          \
		name, CFG_TEXT, flags, (at) + offsetof(struct alert_lists, member), NULL, 0, 0,    \
		    NULL, help                                                                     \
	}

/* What is to be written beside the alert. */
struct alert_letter {
	const char *service;  /* that alerts: "errors" */
	const char *base_url; /* of its pages, without a slash at its end */
	const char *from;     /* a mail's sender: an address or "Name <address>" */
	const char *to;       /* the channel's own */
	const char *id;       /* of a mail, without angle brackets; the same for every attempt */
	int64_t date;         /* Unix seconds: when the alert came about */
};

enum alert_way { ALERT_BY_MAIL, ALERT_BY_POST };

struct alert_channel {
	const char *name; /* as shown: "mail ops@example.com", "webhook 1 slack hooks.slack.com" */
	enum alert_way way;
	const char *to; /* a mail address, or the URL that takes a POST of JSON */
	void (*write)(struct buf *, const struct alert_letter *, const struct alert *);
};

struct alert_channels {
	struct alert_channel items[ALERT_CHANNELS_MAX];
	size_t n;
};

/* The variable that would have to be set for alerts to go anywhere; NULL when they do. */
const char *alert_channels_missing(const struct alert_lists *);
/*
 * Makes the channels from the lists, their texts in the arena.  Returns how many items
 * were bad, each reported on errors.
 */
int alert_channels_read(
    const struct alert_lists *, struct arena *, struct alert_channels *, FILE *errors);
/* The channel of that name, or NULL when it is configured no longer. */
const struct alert_channel *alert_channels_find(const struct alert_channels *, const char *name);

/* The address of a sender, which is one or "Name <address>"; NULL if it is none. */
const char *alert_channels_sender(struct arena *, const char *sender);

#endif
