/* SPDX-License-Identifier: MIT */
/*
 * walk: which errors a list shows, found without reading the table.
 *
 * A list is a walk along an index in the order of its sort, from where the page
 * before ended.  The index answers the filters it can: status, source, project;
 * an environment or release; a level; each in whole pages.  Filters it cannot
 * answer are asked of each row, and the walk ends when it has looked at as many
 * rows as its budget allows: then the page may be short, and the next one goes on
 * from there.  A session, ids, and words that few errors have, name so few errors
 * that all of them are read and sorted.
 */
#ifndef WALK_H
#define WALK_H

#include "errors.h"
#include "phrase.h"

enum sort { SORT_LAST_SEEN, SORT_FIRST_SEEN, SORT_COUNT };

/* A place in the order of a list, and how many errors came before it. */
struct place {
	int64_t value; /* of what is sorted by */
	int64_t id;    /* breaks ties: of the error, within a scope of the key */
	int64_t seen;
};

/* Before the first. */
#define PLACE_START ((struct place){INT64_MAX, INT64_MAX, 0})

struct filter {
	const char *project;         /* NULL: any */
	unsigned statuses;           /* bit of each enum error_status */
	unsigned sources;            /* bit 0: server, bit 1: browser */
	int level;                   /* -1: any */
	int64_t since, until;        /* last_seen, Unix seconds, both included */
	const char *session;         /* NULL: any */
	const struct phrases *words; /* NULL: any */
	const char *errors;          /* a JSON array of the only ids; NULL: any */
	int64_t scope;               /* 0: none; the counts and times are the scope's then */
	enum sort sort;
};

struct found {
	int64_t id;
	int64_t value; /* what it is sorted by */
};

struct walk {
	struct found *found; /* in order */
	size_t n;
	bool more;         /* there may be others behind next */
	struct place next; /* where the following page begins */
	int64_t total;     /* of all pages */
	bool total_is_lower_bound;
};

/*
 * Finds limit errors behind the place, passing over the first offset ones.
 * Call it inside a read transaction.  Returns 0 or DB_FAILED.
 */
int walk_list(struct req *, const struct filter *, struct place from, int64_t limit, int64_t offset,
    struct walk *);

#endif
