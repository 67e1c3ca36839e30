/* SPDX-License-Identifier: MIT */
/*
 * errors_adopt: what another tracker has counted already, added to the tracker's own: groups with
 * their counts and states, and their occurrences.  For `monlight import`.
 *
 * All of it within a transaction of the caller's.  Returns 0 or DB_FAILED if not said
 * otherwise.
 */
#ifndef ERRORS_ADOPT_H
#define ERRORS_ADOPT_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "db.h"
#include "json.h"

/* Reports that were grouped by the fingerprint m0; times are Unix seconds. */
struct adopted {
	const char *project, *type, *message;
	const char *fingerprint; /* 32 hex digits */
	bool browser;            /* browsers reported it */
	int64_t count;           /* reports to add; 0: none have come since it was last adopted */
	int64_t first_seen, last_seen;
	int64_t resolved_at; /* 0: it is not resolved */
};

/*
 * Adds the group to the error of its key, which is made if need be.  A new error is
 * resolved if the group is; one that is there keeps its state, but is reopened by reports
 * to add of a group that is not resolved.  *key is for the next function.
 */
int error_adopt(struct db *, const struct adopted *, int64_t *key);

/* An occurrence of such a group: what a report would be with the same members. */
struct adopted_occurrence {
	int64_t id; /* where it came from: tells those of one second apart */
	int64_t at;
	const cJSON *doc; /* the wire contract's members */
	bool scrub;
	int64_t most; /* MAX_OCCURRENCES */
};
/* Puts it to the key's; oldest first. */
int error_adopt_occurrence(
    struct db *, struct arena *, int64_t key, const struct adopted_occurrence *);

#endif
