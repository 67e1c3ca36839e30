/* SPDX-License-Identifier: MIT */
/*
 * alert_mail: an alert as an Internet message (RFC 5322), text and HTML.  Pure.
 *
 * Nothing from an event reaches the message as markup or structure: header fields
 * are encoded words (RFC 2047) or ASCII without line ends, bodies are
 * quoted-printable (RFC 2045), HTML is escaped.
 */
#ifndef ALERT_MAIL_H
#define ALERT_MAIL_H

#include "alert_channels.h"

/* Reads one item of ALERT_EMAILS, an address: 0, or -1 if it is none. */
int alert_mail_read(const char *item, int number, struct arena *, struct alert_channel *);
/* Appends the whole message, lines ended by CRLF. */
void alert_mail_write(struct buf *, const struct alert_letter *, const struct alert *);

#endif
