/* SPDX-License-Identifier: MIT */
/*
 * ingest: what the files of the job `ingest` share: the log files that are followed, how
 * they are found (ingest_find.c), read and stored (ingest.c), and waited for (ingest_watch.c).
 */
#ifndef INGEST_H
#define INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "indexer.h"
#include "lifecycle.h"
#include "line_regex.h"
#include "log_feed.h"
#include "store.h"

/* A log file that is followed. */
struct tail {
	char *path;      /* of the live file; tails are sorted by it */
	char *container; /* its id; NULL for a plain file */
	struct feed *feed;
	int64_t source;
	struct line_regex *starts; /* label monlight.multiline; NULL: none */
	uint64_t config_seen;      /* tells whether config.v2.json is the one that was read */
	int64_t scan;              /* the scan that met it last */
	bool running;              /* it may grow: its file stays open under -f */
	bool dirty;                /* it is to be read in this pass */
	bool touched;              /* what it handed out is not yet stored */
};

struct ingest {
	struct store *store;
	struct store_pass *out;
	struct feed_rules rules;
	struct feed_run run;
	struct lifecycle lifecycle;
	char *scratch;
	struct tail **tails;
	size_t n, size;
	int64_t scan;      /* number of the last scan */
	int64_t scan_due;  /* clock_mono_us() at which to look for new files */
	int64_t poll_due;  /* and at known ones without being told to */
	int64_t slice_end; /* and at which other jobs want their turn; INT64_MAX: there is none */
	int sources;       /* of LOG_SOURCES: SOURCES_DENIED, SOURCES_READ or SOURCES_ABSENT */
	int64_t noted;     /* Unix seconds at which a pass that read all was last noted */

	/* Under -f; -1 else. */
	int inotify, timer, epoll;
	struct buf watched; /* char *[]: directories by watch descriptor */
};

/* The tail of that path, or NULL. */
struct tail *ingest_find_tail(struct ingest *, const char *path);
/* The next item of a comma-separated list, in the arena; NULL at its end. */
char *ingest_next_item(struct arena *, const char **list);
/*
 * Looks through LOG_SOURCES and LOG_FILES for new files and for those that are gone.  A
 * directory that cannot be read is said once and shown by /health; the others are read.
 */
void ingest_scan(struct ingest *, struct pass *);
void ingest_forget_tail(struct ingest *, size_t i);

/* Makes the descriptor that becomes readable when there is something to read; -1: none. */
int ingest_start_watching(struct ingest *, const struct pass *);
void ingest_watch_directory(struct ingest *, const char *dir);
/* Marks tails that have news dirty; asks for a scan if something else stirred. */
void ingest_take_events(struct ingest *);
/* Wakes the job at that Unix time in nanoseconds; INT64_MAX: not by itself. */
void ingest_wake_at(struct ingest *, int64_t ns);

#endif
