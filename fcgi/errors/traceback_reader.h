/* SPDX-License-Identifier: MIT */
/* traceback_reader: what the readers of the languages have in common, and the readers. */
#ifndef TRACEBACK_READER_H
#define TRACEBACK_READER_H

#include "traceback.h"

struct reader {
	struct arena *mem;
	struct traceback *out;
	size_t nframes; /* of all exceptions */
};

/* A frame of which nothing is known yet. */
extern const struct traceback_frame reader_no_frame;

/*
 * Opens an exception behind the others.  It is never NULL: one too many is written to
 * a place that nobody reads.
 */
struct traceback_exception *reader_open(struct reader *, int depth, enum relation);
/* The same for texts that begin with the oldest, which makes room. */
struct traceback_exception *reader_open_last(struct reader *, int depth, enum relation);

/* Puts a frame behind the others; one too many is left out. */
struct traceback_frame *reader_frame(
    struct reader *, struct traceback_exception *, struct traceback_frame);
/* The same for texts that end where it was raised: the outermost makes room. */
struct traceback_frame *reader_frame_last(
    struct reader *, struct traceback_exception *, struct traceback_frame);

/* Turns the frames of an exception round, or the exceptions, each then the cause of the next. */
void reader_turn_frames(struct traceback_exception *);
void reader_turn_exceptions(struct traceback *);

/* "pkg.Type: message", "pkg.Type"; what does not begin with a name is all message. */
void reader_title(struct traceback_exception *, struct span);
/* The message goes on to the end of the line. */
void reader_continue(struct traceback_exception *, struct span line);

/* Whether a file belongs to a library, by its folders; both kinds of slashes. */
bool reader_is_library(struct span file);

/* The readers, each of the whole text. */
void read_python(struct reader *, struct span text);
void read_go(struct reader *, struct span text);
void read_php(struct reader *, struct span text);
void read_ruby(struct reader *, struct span text);
void read_java(struct reader *, struct span text);
void read_dotnet(struct reader *, struct span text);
void read_v8(struct reader *, struct span text);
void read_gecko(struct reader *, struct span text);

#endif
