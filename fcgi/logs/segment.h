/* SPDX-License-Identifier: MIT */
/*
 * segment: the store's files beside logs.db, each with the blobs and the word index of
 * sealed chunks.  Between the files of the store only.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "db.h"
#include "logs_sql.h"

#define SEGMENTS_OPEN 6 /* files kept open: each costs three descriptors and a small cache */

struct store {
	struct db *db;
	char *path; /* of logs.db */
	struct {
		int64_t id; /* 0: the place is free */
		struct db *db;
		uint64_t used; /* when, for closing the least recently used */
	} open[SEGMENTS_OPEN];
	uint64_t uses;
	int64_t merge_from; /* the source at which the next merge begins */
};

/* segment.state */
enum { SEGMENT_OPEN, SEGMENT_FULL, SEGMENT_UNLISTED };

/* Statements of a segment file. */
enum {
	SQL_SEALED,       /* chunk -> data */
	SQL_SEALED_ADD,   /* chunk, data */
	SQL_SEALED_WORDS, /* chunk, its words */
	SQL_SEALED_MATCH, /* expression -> chunks, ascending */
	SQL_SEALED_LAST,  /* -> greatest chunk or null */
	SQL_SEALED__COUNT
};

/*
 * The segment's file, open until another one needs its place.  NULL if that failed, or if
 * the file is not there and make is false.
 */
struct db *segment_open(struct store *, int64_t id, bool make);
void segment_close(struct store *, int64_t id);
/* Its file's name, in the arena. */
char *segment_path(const struct store *, struct arena *, int64_t id);

#endif
