/* SPDX-License-Identifier: MIT */
/*
 * send: a message over SMTP, a body over HTTP.
 * Each call waits for its outcome, at most 30 s for mail and 15 s for HTTP.
 */
#ifndef SEND_H
#define SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#define SEND_DETAIL_SIZE 256
#define SMTPS_PORT 465 /* TLS from the start */

struct smtp {
	const char *host;
	int64_t port;
	const char *username, *password; /* both or none */
	const char *ca_file;             /* NULL: the system's certificates */
	bool tls_required;               /* refuse to go on in clear */
};

/* Call once before the others, and once at the end. */
void send_init(void);
void send_end(void);

enum send_result {
	SEND_TAKEN,
	SEND_FAILED,
	SEND_TIMED_OUT, /* the next one to the same place would likely wait as long */
};

/* Detail says what was answered, or what went wrong. */
enum send_result send_mail(const struct smtp *, const char *from, const char *to,
    const struct buf *message, char detail[SEND_DETAIL_SIZE]);
enum send_result send_json(
    const char *url, const char *ca_file, const struct buf *body, char detail[SEND_DETAIL_SIZE]);

#endif
