/* SPDX-License-Identifier: MIT */
/*
 * line_stream: one stream of a log file, stdout or stderr: from records to whole lines, from
 * lines to entries, from entries into the store's pass.
 */
#ifndef LINE_STREAM_H
#define LINE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "docker.h"
#include "fragments.h"
#include "level.h"
#include "multiline.h"
#include "store.h"

/* Where entries go. */
struct log_out {
	struct store_pass *pass;
	int64_t source;
	enum level level_stderr; /* of lines on stderr that name none; LEVEL_UNKNOWN: none */
	struct buf *repaired;    /* room for text */
};

struct line_stream {
	const struct log_out *out;
	uint8_t stream; /* enum log_stream */
	struct fragments line;
	struct multiline *entries;
	int64_t done;     /* records before that offset are stored */
	int64_t taken_ns; /* the clock when the last record was taken */
	int64_t ahead_ns; /* by which that record was ahead of it; 0: by no more than a moment */
};

void line_stream_start(struct line_stream *, uint8_t stream, const struct log_out *);
void line_stream_stop(struct line_stream *);
/* Forgets what is open without handing it out. */
void line_stream_reset(struct line_stream *);

/*
 * Takes the record at that offset; cut: it was longer than was read, and nothing of it follows.
 */
void line_stream_take(
    struct line_stream *, const struct docker_record *, int64_t at, bool cut, int64_t now_ns);
/* Hands out what has been silent for long enough at that moment, or everything (INT64_MAX). */
void line_stream_settle(struct line_stream *, int64_t now_ns);
/* When line_stream_settle() will have something to do; INT64_MAX: not before the next record. */
int64_t line_stream_due(const struct line_stream *, int64_t now_ns);
/* Where the oldest line begins that is not handed out; -1 if there is none. */
int64_t line_stream_oldest(const struct line_stream *);

#endif
