/* SPDX-License-Identifier: MIT */
/*
 * log_chain: a log file together with what it was rotated into, read as one.
 *
 * The live file is PATH; its predecessors are PATH.1, PATH.2, ... or PATH.1.gz, ....
 * A chain is those of them that are still to be read, the oldest first, the live one last.
 * Offsets in a chain go on from file to file: that of a file's first byte is the sum of
 * the sizes before it, which no longer change.
 */
#ifndef LOG_CHAIN_H
#define LOG_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log_file.h"

/* How a chain relates to the mark it was opened with. */
enum chain_fit {
	CHAIN_ABSENT, /* there is no live file */
	CHAIN_FRESH,  /* no mark: from the beginning of all there is */
	CHAIN_GOES_ON,
	CHAIN_COPIED, /* the rest was found in a copy; before the cut lines may have been lost */
	CHAIN_LOST,   /* what lies between the mark and the chain is gone */
};

struct chain;

/* scratch: the directory in which archives are unpacked. */
struct chain *chain_new(const char *path, const char *scratch);
void chain_free(struct chain *);
/* Closes its files; the next chain_open() looks anew. */
void chain_close(struct chain *);
bool chain_is_open(const struct chain *);

/*
 * Looks for the files and opens them; reading goes on at mark->offset of its first file.  mark:
 * NULL for none.
 */
enum chain_fit chain_open(struct chain *, const struct log_mark *mark);

enum chain_news {
	CHAIN_SAME,    /* the live file is the one that is open, and no shorter than read */
	CHAIN_CUT,     /* it was truncated: close, open anew */
	CHAIN_ROTATED, /* there are newer files; they have been added, nothing is missing */
	CHAIN_BROKEN,  /* the same, but files in between are gone */
	CHAIN_GONE,    /* there is no live file any more; what is open can still be read */
};
/*
 * Looks whether the last file of an open chain, read up to that offset, is still the live
 * one.  mark: what was last noted about it, or NULL.
 */
enum chain_news chain_look(struct chain *, int64_t read_to, const struct log_mark *mark);

/*
 * Reads up to len bytes at an offset of the chain.  Returns how many, never across
 * the end of a file; 0 at the end of the last file; -1 failed and logged.
 */
int64_t chain_read(struct chain *, int64_t offset, char *out, size_t len);
/*
 * Whether the offset is the end of a file that will not grow: what stands there unfinished stays
 * so.
 */
bool chain_at_end_of_file(struct chain *, int64_t offset);
/*
 * Whether the offset lies behind the place where CHAIN_COPIED, CHAIN_LOST or CHAIN_BROKEN says
 * that something is missing.
 */
bool chain_is_past_loss(const struct chain *, int64_t offset);
/* Closes all but the live file, before anything was read; returns its size. */
int64_t chain_only_live(struct chain *);

/*
 * The mark for that offset of the chain (last_ns is left to the caller), and the offset of the
 * marked file's first byte.
 */
int chain_mark(struct chain *, int64_t offset, struct log_mark *, int64_t *base);
/*
 * Whether the offset lies in a file before the live one that has lost its name: a new process
 * could not find it.
 */
bool chain_is_nameless(struct chain *, int64_t offset);
/* Closes files that lie wholly before the offset. */
void chain_drop_before(struct chain *, int64_t offset);

#endif
