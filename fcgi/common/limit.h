/* SPDX-License-Identifier: MIT */
/*
 * limit: token buckets by the generic cell rate algorithm (ITU-T I.371), in a
 * table that the pool shares.  Pure but for the table: now is a parameter.
 *
 * A bucket is one word, the moment at which it would be full again; a request
 * pushes that moment on by the cost of one token and is refused when it would lie
 * further ahead than the burst.  Buckets that have filled up are free for others.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shm.h"

struct limit {
	uint32_t per_minute; /* tokens that come back a minute; 0: no limit */
	uint32_t burst;      /* tokens a full bucket holds */
};

/*
 * Takes a token for key.  now_us is clock_mono_us().  Returns 0, or the
 * microseconds until there is one.  In a crowded table a key without a bucket is
 * let through, or refused for a second if closed is set.
 */
int64_t limit_take(
    struct shm_bucket *, size_t n, uint64_t key, struct limit, int64_t now_us, bool closed);
/* The same question without taking a token. */
int64_t limit_peek(const struct shm_bucket *, size_t n, uint64_t key, struct limit, int64_t now_us);

#endif
