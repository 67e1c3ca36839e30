/* SPDX-License-Identifier: MIT */
/*
 * mail: an alert as an Internet message (RFC 5322), text and HTML.  Pure.
 *
 * Nothing from an event reaches the message as markup or structure: header fields
 * are encoded words (RFC 2047) or ASCII without line ends, bodies are
 * quoted-printable (RFC 2045), HTML is escaped.
 */
#ifndef MAIL_H
#define MAIL_H

#include <stddef.h>
#include <stdint.h>

#include "alert.h"
#include "buf.h"

/* Longest preformatted text a mail carries; more is cut with a mark. */
#define MAIL_TEXT_MAX ((size_t)65536)

struct mail {
	const char *from; /* addresses as configured */
	const char *to;
	const char *base_url;   /* of the service's pages, without a slash at its end */
	const char *message_id; /* without the angle brackets; the same for every attempt */
	int64_t date;           /* Unix seconds */
};

/* Appends the whole message, lines ended by CRLF. */
void mail_write(struct buf *, const struct mail *, const struct alert *);

/* Appends text as one or more RFC 2047 encoded words, or as it is if that is plain enough. */
void mail_encode_header(struct buf *, const char *text, size_t used);
/* Appends bytes as quoted-printable lines of at most 76 characters. */
void mail_encode_body(struct buf *, const char *text, size_t len);

#endif
