/* SPDX-License-Identifier: MIT */
/*
 * log_feed: one log file on its way into the store: records, whole lines, entries.
 *
 * What is in memory is only ahead of the cursor in logs.db: the cursor stands at the first byte of
 * the oldest line that is not stored, and says up to where the other stream is.  A process
 * that is killed loses nothing and repeats nothing.
 */
#ifndef LOG_FEED_H
#define LOG_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "docker.h"
#include "level.h"
#include "log_chain.h"
#include "multiline.h"
#include "store.h"

/* How all feeds are read. */
struct feed_rules {
	int64_t tail_buffer;     /* bytes from the end of a file seen for the first time; 0: all */
	enum level level_stderr; /* of lines on stderr that name none; LEVEL_UNKNOWN: none */
	const char *scratch;     /* directory in which archives are unpacked */
};

/* What feeds share while they are read, one after the other. */
struct feed_run {
	const struct feed_rules *rules;
	struct db *db;
	struct store_pass *out;
	struct buf buffer;   /* of bytes read */
	struct buf repaired; /* of text */
	int64_t now_ns;
	size_t enough;   /* bytes of text in out after which feed_read() returns */
	int64_t lines;   /* records read, for the log */
	int64_t damaged; /* records that could not be read */
};

struct feed;

/* key: path of the live file, which also names its cursor. */
struct feed *feed_new(
    const char *key, enum docker_format, int64_t source, const struct feed_rules *);
/*
 * Entries begin where starts() says so, or every line is one (starts NULL); before the first
 * feed_read().
 */
void feed_set_multiline(
    struct feed *, enum multiline_mode, bool (*starts)(void *, const char *, size_t), void *arg);
void feed_free(struct feed *);

enum feed_result {
	FEED_FAILED = -1, /* logged; what is in memory was forgotten, and none of it handed out */
	FEED_END,         /* all there is has been read */
	FEED_MORE,        /* there is more, but first what was read is to be stored */
};
enum feed_result feed_read(struct feed *, struct feed_run *);
/* Hands out what has been silent for long enough; all: everything. */
void feed_settle(struct feed *, struct feed_run *, bool all);
/* When feed_settle() will have something to do, in Unix nanoseconds; INT64_MAX: not yet. */
int64_t feed_due(const struct feed *, int64_t now_ns);
/* Whether the cursor would be another than the one that is stored. */
bool feed_changed(const struct feed *);
/* Writes the cursor, in the transaction that also writes what was handed out.  0 or -1. */
int feed_save(struct feed *, struct feed_run *);
/* The transaction did or did not come to be. */
void feed_saved(struct feed *, bool committed);
/* Closes its files; it goes on from the cursor when it is read again. */
void feed_rest(struct feed *);
/* Whether it holds lines that are not handed out. */
bool feed_is_open(const struct feed *);

#endif
