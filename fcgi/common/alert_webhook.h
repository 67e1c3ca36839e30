/* SPDX-License-Identifier: MIT */
/*
 * alert_webhook: an alert as the JSON that a chat or a program takes.  Pure.
 * What comes from an event is shown as text: no mention of it works, no markup, and no link
 * but one that is seen whole.
 */
#ifndef ALERT_WEBHOOK_H
#define ALERT_WEBHOOK_H

#include "alert_channels.h"

/*
 * Reads one item of ALERT_WEBHOOKS: an https or http URL, alone or behind the name of a
 * dialect and a blank; alone, the host decides.  The URL's path is a secret and stays out
 * of the channel's name.  Returns 0, or -1 if it is none.
 */
int alert_webhook_read(const char *item, int number, struct arena *, struct alert_channel *);

#endif
