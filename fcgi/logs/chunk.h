/* SPDX-License-Identifier: MIT */
/*
 * chunk: many lines of one source as one small blob, and back.
 *
 * A chunk is one zstd frame.  Inside lie columns, because equal things compress
 * well beside each other:
 *
 *	byte     format, CHUNK_FORMAT
 *	varint   number of runs; for each: first id minus the id after the run before
 *	         (the first run: minus 0), then how many lines it has
 *	varint   number of lines (the sum of the runs)
 *	varints  time of each line, zigzag difference from the line before (the first
 *	         from 0), nanoseconds
 *	bytes    one for each line: level in bits 0 to 2, stream in bit 3, kind in
 *	         bits 4 and 5, "cut" in bit 6
 *	varints  length of each text
 *	bytes    all texts, one behind the other, without separators
 *
 * Lines keep the order of their ids.  Times are as the program's output arrived
 * and so are nearly, but not surely, in order.  Varints are little-endian base 128.
 */
#ifndef CHUNK_H
#define CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"

#define CHUNK_FORMAT 1
#define CHUNK_TEXT_TARGET 65536   /* bytes of text at which a chunk is full */
#define CHUNK_TEXT_MAX (16 << 20) /* what a reader accepts before it calls a chunk broken */

enum log_stream { STREAM_STDOUT, STREAM_STDERR };

/* What a line is: a container's own, or one that we wrote into its history. */
enum log_kind {
	KIND_LINE,
	KIND_GAP,       /* lines were lost here; the text says between which times */
	KIND_LIFECYCLE, /* the container started, ended, ran out of memory */
};

/* An entry: one line, or the lines of one trace joined by newlines. */
struct log_line {
	int64_t id;       /* arrival number, 1 and up, below 2^53; never reused, never changed */
	int64_t ns;       /* when it was written, UTC */
	const char *text; /* valid UTF-8, no NUL byte; terminal codes are still in it */
	size_t len;
	uint8_t level;  /* enum level, level.h */
	uint8_t stream; /* enum log_stream */
	uint8_t kind;   /* enum log_kind */
	bool cut;       /* it was longer than we keep */
};

/* A chunk unpacked: lines in the order of their ids, text lying in one piece. */
struct chunk {
	size_t n;
	struct log_line *lines; /* lines[i].text points into text */
	const char *text;       /* all texts, one behind the other */
	size_t text_len;
};

/* Lines being gathered for a chunk; all zero is an empty one. */
struct chunk_draft {
	struct buf runs, times, marks, lengths, texts;
	size_t n;
	size_t nruns;
	int64_t first_id, last_id; /* of what is in it */
	int64_t run_first, run_end, run_before;
	int64_t min_ns, max_ns, last_ns;
	unsigned levels; /* bit 1 << level for each level in it */
};

/* Adds a copy of the line; its id is greater than all before it. */
void chunk_add(struct chunk_draft *, const struct log_line *);
/* The blob, lying in the arena; the draft is left as it is.  Level: zstd's, 1 to 19. */
char *chunk_pack(struct arena *, struct chunk_draft *, int level, size_t *packed);
/* Empties the draft and keeps its memory for the next. */
void chunk_clear(struct chunk_draft *);
void chunk_free(struct chunk_draft *);

/* Unpacks a blob into the arena.  Returns 0, or -1 if it is no whole chunk of this format. */
int chunk_unpack(struct arena *, const void *, size_t packed_len, struct chunk *);

#endif
