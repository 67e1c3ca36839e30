/* SPDX-License-Identifier: MIT */
/*
 * shm: the one page a pool's processes share, a small file mapped by all.
 *
 * It holds the token buckets and the counters behind GET /metrics.  All of it is
 * changed by atomic operations on single words: a process that dies leaves
 * nothing locked and nothing half done.  Counters start at zero when the file is
 * new or another version's, which for a counter is a restart like any other.
 */
#ifndef SHM_H
#define SHM_H

#include <stdatomic.h>
#include <stdint.h>

#define SHM_BUCKETS 4096  /* token buckets of credentials and addresses */
#define SHM_FAILURES 1024 /* those of wrong keys, apart so that no one can crowd them out */
#define SHM_ROUTES 64     /* rows of the routing table that are counted */
#define SHM_STATUSES 6    /* [1] to [5]: 1xx to 5xx */
#define SHM_LATENCIES 14  /* histogram buckets, the last is +Inf */
#define SHM_SERVICE 32    /* counters a service names itself */

/* The key of a bucket and when, by clock_mono_us(), it would be empty again (GCRA). */
struct shm_bucket {
	_Atomic uint64_t key;
	_Atomic uint64_t full_at;
};

struct shm {
	_Atomic uint64_t version; /* a hash of that of the program which made it */
	struct shm_bucket buckets[SHM_BUCKETS];
	struct shm_bucket failures[SHM_FAILURES];
	_Atomic uint64_t requests[SHM_ROUTES][SHM_STATUSES];
	_Atomic uint64_t latency[SHM_ROUTES][SHM_LATENCIES];
	_Atomic uint64_t latency_us[SHM_ROUTES]; /* sum */
	_Atomic uint64_t service[SHM_SERVICE];
};

/*
 * Maps the file, making it when it is missing and emptying it when another version made
 * it.  Never unmapped.  On failure logs why and returns private memory: the pool works on,
 * each process with limits of its own.
 */
struct shm *shm_open_pool(const char *path);

#endif
