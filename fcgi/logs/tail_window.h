/* SPDX-License-Identifier: MIT */
/* tail_window: the lines of all sources with ids in a range, in the order of their ids. */
#ifndef TAIL_WINDOW_H
#define TAIL_WINDOW_H

#include <stdint.h>

#include "chunk.h"
#include "db.h"
#include "filter.h"
#include "sources.h"
#include "store.h"

struct window_chunk {
	struct chunk chunk;
	int64_t source;
	unsigned levels;
	size_t first; /* number of its first line among all lines loaded */
};

/* A line of the range, and where it lies. */
struct window_line {
	const struct log_line *line;
	int64_t source;
	size_t number;     /* among all lines loaded */
	const char *event; /* its text on the wire, once someone has asked for it */
	size_t event_len;
};

struct window {
	int64_t after, to; /* ids: after < id <= to */
	int64_t asked;     /* what to was before it was drawn in for the size of the lines */
	struct arena *mem; /* all of it lies here */
	struct window_chunk *chunks;
	size_t nchunks;
	size_t nloaded; /* lines of all chunks, those outside the range too */
	struct window_line *lines;
	size_t nlines;
};

/*
 * Loads the range into mem, which is reset first; less of it, but a line at least, if its
 * lines are very long.  Returns 0 or DB_FAILED.
 */
int window_load(
    struct window *, struct db *, struct store *, struct arena *mem, int64_t after, int64_t to);
/*
 * Marks the lines that pass the filter: passes[number], nloaded of them.  Returns 0, or -1
 * if its regular expression met a limit.
 */
int window_filter(const struct window *, const struct filter *, const struct log_sources *,
    struct filter_scratch *, bool *passes);

#endif
