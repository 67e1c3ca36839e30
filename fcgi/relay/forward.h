/* SPDX-License-Identifier: MIT */
/*
 * forward: a kept connection to another service, and one POST at a time over it.
 *
 * A destination that does not answer costs its whole timeout, so after a failure
 * nothing is tried for a while; the pause doubles from one second to half a
 * minute, and an answer, whatever it says, ends it.
 */
#ifndef FORWARD_H
#define FORWARD_H

#include <stddef.h>
#include <stdint.h>

struct forward;

struct forward_answer {
	int status;       /* 0: none came; why says what happened instead */
	const char *body; /* at most 64 KiB; valid until the next call */
	size_t len;
	const char *why; /* a sentence without its full stop; valid until the next call */
};

/* url is the whole address to post to; key goes as X-API-Key and may be NULL.  Both are copied. */
struct forward *forward_new(const char *url, const char *key, long connect_ms, long total_ms);
void forward_free(struct forward *);

/* Posts JSON; event goes as Idempotency-Key and may be NULL. */
struct forward_answer forward_post(
    struct forward *, const char *event, const void *body, size_t len);

/* Microseconds until something will be tried again; 0: now. */
int64_t forward_pause_us(const struct forward *);

#endif
