/* SPDX-License-Identifier: MIT */
/*
 * directory: the chunks that may hold lines of a filter, in order of their newest or
 * oldest time.
 *
 * When the words that are searched are in few sealed chunks, these are looked up by
 * the word index, all of them; else the table is read in order as far as one goes,
 * and chunks the index does not name are passed over.
 */
#ifndef LOGS_DIRECTORY_H
#define LOGS_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "db.h"
#include "filter.h"
#include "sources.h"
#include "store.h"

enum walk_order { NEWEST_FIRST, OLDEST_FIRST };

/* A row of the table chunk. */
struct entry {
	int64_t id, segment, source, first_id, last_id, min_ns, max_ns;
	unsigned levels;
	int64_t lines;
};

#define DIRECTORY_SEGMENTS 64 /* whose matches are remembered */

struct directory {
	struct db *db;
	struct store *store;
	const struct filter *filter;
	const struct log_sources *sources;
	enum walk_order order;
	struct arena *mem;   /* its own */
	bool *wanted;        /* by place in sources */
	int64_t only_source; /* the one that is wanted; 0: any; -1: none */
	struct {
		int64_t segment;
		struct store_ids ids;
	} matches[DIRECTORY_SEGMENTS];
	size_t nmatches;
	int statement;         /* that reads the table; -1: not begun */
	struct entry *entries; /* NULL: the table is read */
	size_t n, at;
};

/* Prepares it; what it is given must outlive it.  The database is in a read transaction. */
void directory_init(struct directory *, struct db *, struct store *, const struct filter *,
    const struct log_sources *, enum walk_order);
void directory_end(struct directory *);
/* The next one: DB_ROW, DB_NONE or DB_FAILED. */
int directory_next(struct directory *, struct entry *);

#endif
