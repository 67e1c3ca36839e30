/* SPDX-License-Identifier: MIT */
/*
 * webhook: an alert as the JSON that a chat or a program takes.  Pure.
 * What comes from an event is shown as text: no mention, no link, no markup of it works.
 */
#ifndef WEBHOOK_H
#define WEBHOOK_H

#include <stdint.h>

#include "alert.h"
#include "buf.h"

enum webhook_format {
	WEBHOOK_JSON,    /* every member of the alert, for a program */
	WEBHOOK_SLACK,   /* {"text": ...} in Slack's mrkdwn */
	WEBHOOK_DISCORD, /* {"content": ..., "allowed_mentions": {"parse": []}} */
};

struct webhook {
	enum webhook_format format;
	const char *url;
};

/*
 * Reads one item of ALERT_WEBHOOKS: an https or http URL, alone or behind "json ",
 * "slack " or "discord "; alone, the host decides.  Returns 0, or -1 if it is none.
 */
int webhook_parse(const char *item, struct webhook *);
/* "json", "slack" or "discord". */
const char *webhook_format_name(enum webhook_format);

/* Appends the request's body; base_url is that of the service's pages. */
void webhook_write(struct buf *, enum webhook_format, const struct alert *, const char *service,
    const char *base_url, int64_t created_at);

#endif
