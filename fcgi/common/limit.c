/* SPDX-License-Identifier: MIT */
/*
 * A key hashes to PROBES neighbouring slots.  The one that holds it is its bucket;
 * else it takes over a slot that is empty or whose bucket has filled up, for such
 * a bucket knows nothing worth keeping.  All changes are compare-and-swap on one
 * word.  When two processes take over a slot at the same moment a token may be
 * counted on the wrong bucket: once, harmlessly, and without a lock.
 */
#include "limit.h"

enum { PROBES = 8 };

#define US_PER_MINUTE INT64_C(60000000)
#define US_PER_SECOND INT64_C(1000000)
/* No bucket takes longer to fill. */
#define LONGEST_US (60 * US_PER_MINUTE)

/* What one token costs, and what a whole bucket does, in microseconds of refilling. */
struct cost {
	int64_t token, bucket;
};

static struct cost
cost_of(struct limit limit)
{
	struct cost c;

	c.token = US_PER_MINUTE / limit.per_minute;
	if (c.token == 0)
		c.token = 1;
	c.bucket = c.token * (limit.burst > 0 ? limit.burst : 1);
	if (c.bucket > LONGEST_US)
		c.bucket = LONGEST_US;
	return c;
}

/* The bucket of that key, or NULL. */
static const struct shm_bucket *
find(const struct shm_bucket *table, size_t n, uint64_t key)
{
	for (size_t i = 0; i < PROBES; i++) {
		const struct shm_bucket *b = &table[(key + i) % n];

		if (atomic_load(&b->key) == key)
			return b;
	}
	return NULL;
}

/*
 * Whether the bucket has filled up.  The table is a file and may be older than the
 * boot, when the clock began anew: a moment that far ahead is a past one.
 */
static bool
is_free(const struct shm_bucket *b, int64_t now_us)
{
	int64_t full_at = (int64_t)atomic_load(&b->full_at);

	return full_at <= now_us || full_at > now_us + LONGEST_US;
}

/* The bucket of that key, taken over if it has none; NULL if no slot is free. */
static struct shm_bucket *
find_or_take(struct shm_bucket *table, size_t n, uint64_t key, int64_t now_us)
{
	for (size_t i = 0; i < PROBES; i++)
		if (atomic_load(&table[(key + i) % n].key) == key)
			return &table[(key + i) % n];
	for (size_t i = 0; i < PROBES; i++) {
		struct shm_bucket *b = &table[(key + i) % n];
		uint64_t holder = atomic_load(&b->key);

		if (holder != 0 && !is_free(b, now_us))
			continue;
		if (atomic_compare_exchange_strong(&b->key, &holder, key) || holder == key)
			return b;
	}
	return NULL;
}

/* When the bucket will be full after one more token; *wait is 0, or the time until there is one. */
static int64_t
after_one_more(int64_t full_at, struct cost cost, int64_t now_us, int64_t *wait)
{
	/* Twice the bucket, not once: another process may have read its clock a little later. */
	if (full_at < now_us || full_at > now_us + 2 * cost.bucket)
		full_at = now_us;
	full_at += cost.token;
	*wait = full_at - now_us - cost.bucket;
	if (*wait < 0)
		*wait = 0;
	return full_at;
}

int64_t
limit_take(struct shm_bucket *table, size_t n, uint64_t key, struct limit limit, int64_t now_us,
    bool closed)
{
	struct shm_bucket *b;
	struct cost cost;
	uint64_t full_at;
	int64_t next, wait;

	if (limit.per_minute == 0)
		return 0;
	if ((b = find_or_take(table, n, key, now_us)) == NULL)
		return closed ? US_PER_SECOND : 0;
	cost = cost_of(limit);
	full_at = atomic_load(&b->full_at);
	do {
		next = after_one_more((int64_t)full_at, cost, now_us, &wait);
		if (wait > 0)
			return wait;
	} while (!atomic_compare_exchange_weak(&b->full_at, &full_at, (uint64_t)next));
	return 0;
}

int64_t
limit_peek(
    const struct shm_bucket *table, size_t n, uint64_t key, struct limit limit, int64_t now_us)
{
	const struct shm_bucket *b;
	int64_t wait;

	if (limit.per_minute == 0 || (b = find(table, n, key)) == NULL)
		return 0;
	(void)after_one_more((int64_t)atomic_load(&b->full_at), cost_of(limit), now_us, &wait);
	return wait;
}
