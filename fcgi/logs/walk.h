/* SPDX-License-Identifier: MIT */
/*
 * walk: the lines that pass a filter, one by one in order of (time, id), newest or
 * oldest first.
 *
 * Chunks of different sources overlap in time, so it merges: it takes chunks from the
 * directory in order of their newest (oldest) time, unpacks those that may hold
 * lines, and gives out the best line of those at hand once no chunk further down the
 * directory can hold a better one.  So it looks at no more than it has to, and what
 * it holds at a time are the chunks that overlap.
 */
#ifndef LOGS_WALK_H
#define LOGS_WALK_H

#include <stdint.h>

#include "chunk.h"
#include "db.h"
#include "directory.h"
#include "filter.h"
#include "sources.h"
#include "store.h"

/* A line's place in the order. */
struct position {
	int64_t ns, id;
};

/* What a step gives beside its line. */
enum walk_result {
	WALK_FAILED = -1, /* the database; logged */
	WALK_END = 0,
	WALK_LINE = 1,
	WALK_REGEX = 2,   /* the regular expression met a limit */
	WALK_TIMEOUT = 3, /* the deadline has passed */
};

struct walk;

struct walk_request {
	struct db *db; /* of the store, in a read transaction */
	struct store *store;
	const struct filter *filter;
	const struct log_sources *sources;
	enum walk_order order;
	const struct position *after; /* lines beyond it in that order; NULL: all */
	int64_t deadline_us;          /* of clock_mono_us(); 0: none */
};

/* What is pointed to by the request must outlive the walk. */
struct walk *walk_new(const struct walk_request *);
void walk_free(struct walk *);
/* The next line, valid until the next call, and its source. */
enum walk_result walk_next(struct walk *, struct log_line *, int64_t *source);

/*
 * How many lines pass, looked at in the same way but in no order.  Ends when the
 * deadline has passed: *all says whether everything was counted.
 */
enum walk_result walk_count(const struct walk_request *, int64_t *lines, bool *all);

#endif
