/* SPDX-License-Identifier: MIT */
/*
 * store: log lines on disk, for the indexer that writes and the responder that reads.
 *
 * Lines lie in chunks (chunk.h).  The directory of all chunks is the table chunk
 * of logs.db, to be asked by SQL (schema/001.sql says what each column and index is
 * for); what a chunk holds is fetched here.  Small chunks (segment 0) have
 * their blob in logs.db and no word index: they are few and are always scanned.
 * Sealed ones have their blob in a segment file, a SQLite file of its own beside
 * logs.db, together with an FTS5 index whose documents are whole chunks:
 *
 *	words     as words.h splits them, of the texts with terminal codes stripped
 *	          (ansi.h); an expression quotes each: "word"
 *	answers   which chunks hold all the words; detail=none: no phrases and no
 *	          positions, so ask for the words of a phrase with AND and look at the
 *	          lines afterwards; "pre"* works
 *
 * How a reader does it: db_begin_read() on logs.db, so that directory and small
 * chunks are of one moment; walk the directory by chunk_newest or chunk_oldest
 * (a chunk whose max_ns lies before the time at hand cannot hold a newer line: stop);
 * skip what source, levels and times rule out; for each segment met ask
 * store_match() once and skip chunks it does not name; store_load() the rest.
 * Lines with an id below the number low_id are hidden.
 *
 * Those who return int: 0, or -1 failed and logged, if not said otherwise.
 */
#ifndef LOGS_STORE_H
#define LOGS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "chunk.h"
#include "db.h"
#include "level.h"

struct store;

/*
 * A store over an open logs.db.  path is that file's, from which those of its segments
 * follow; it is copied.  Segments open at their first use, a few stay open.
 */
struct store *store_new(struct db *, const char *path);
/* The file of a segment beside the logs.db at path: logs.db -> logs-000001.db; in the arena. */
char *store_segment_path(struct arena *, const char *path, int64_t id);
/* Closes the segments, not logs.db.  NULL is allowed. */
void store_free(struct store *);
/* Closes segments whose file was unlinked, so that its space is free: call it now and then. */
void store_refresh(struct store *);

/* ---- reading ---------------------------------------------------------------- */

/*
 * The lines of a chunk of the directory, in the arena.  STORE_LOST: its lines are not there or
 * damaged, and will not be read another time either (logged); -1 also if its segment file is gone.
 */
enum { STORE_LOST = 1 };
int store_load(struct store *, struct arena *, int64_t segment, int64_t chunk, struct chunk *);

/* Chunk ids, ascending. */
struct store_ids {
	const int64_t *ids;
	size_t n;
};
/*
 * The chunks of a sealed segment that an FTS5 expression matches, in the arena; with
 * some of them unlisted (ask the directory).  The expression is our own making.
 */
int store_match(
    struct store *, struct arena *, int64_t segment, const char *expression, struct store_ids *);
bool store_ids_have(const struct store_ids *, int64_t id);

/* A number of the table number; 0 if it is not there. */
int64_t store_number(struct store *, const char *name);

/* What the number sources_readable says of LOG_SOURCES. */
enum { SOURCES_DENIED, SOURCES_READ, SOURCES_ABSENT };

/* ---- writing: the indexer alone ------------------------------------------------ */

/* The lines of one transaction, gathered by source. */
struct store_pass;

struct store_pass *store_pass_new(struct store *);
void store_pass_free(struct store_pass *);
/* Adds a copy of the line; its id is given later. */
void store_pass_add(struct store_pass *, int64_t source, const struct log_line *);
/* Forgets what is in it. */
void store_pass_clear(struct store_pass *);
/* Bytes of text in it. */
size_t store_pass_bytes(const struct store_pass *);
/*
 * Gives out ids, in the order in which lines were added, and writes chunks, histogram
 * and counts; empties the pass.  Within a transaction of the caller's, who also
 * writes the cursors there.
 */
int store_pass_write(struct store_pass *);
/* Sets a number. */
int store_set_number(struct store *, const char *name, int64_t value);

/*
 * Seals what is ripe: sources with a full chunk of text, and small chunks older than
 * an hour; gathers many small chunks of a source into one.  Does a bounded piece of
 * work.  Returns 1 if there is more to do, 0 if not, -1 if it failed.
 */
int store_merge(struct store *, int64_t segment_bytes, int64_t now);

/*
 * Keeps the store within max_bytes, takes off what is older than max_age seconds,
 * hides all but the newest max_entries (0: all are shown), unlinks what
 * an earlier call took off.
 */
int store_retain(
    struct store *, int64_t max_bytes, int64_t max_age, int64_t max_entries, int64_t now);
/* Bytes on disk: logs.db and its segments. */
int64_t store_bytes(struct store *);

#endif
