/* SPDX-License-Identifier: MIT */
/*
 * traceback: exceptions and their frames, out of the text that runtimes print.  Pure.
 *
 * Known are Python, Go, PHP, Ruby, Java, .NET, V8 (Node too), Firefox and Safari.  None
 * of these forms is specified: what does not look like a frame is left alone, and a text
 * without frames has no exceptions.  The spans point into the text.
 */
#ifndef TRACEBACK_H
#define TRACEBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "span.h"

#define TRACEBACK_MAX_FRAMES 100    /* of an exception; the outermost are left out */
#define TRACEBACK_MAX_EXCEPTIONS 16 /* of a text */

/* What an exception is to the one it stands behind. */
enum relation {
	RELATION_NONE,       /* it is the first, which was reported */
	RELATION_CAUSE,      /* it led to that one */
	RELATION_CONTEXT,    /* it was being handled when that one was raised */
	RELATION_GROUPED,    /* it is a member of that one, or of that one's group */
	RELATION_SUPPRESSED, /* it was raised while that one was on its way */
};

struct traceback_frame {
	struct span function;  /* as printed, without arguments; empty if there is none */
	struct span file;      /* empty if there is none */
	struct span source;    /* the line of the file, where the text shows it */
	uint32_t line, column; /* from 1; 0: not told */
	bool in_app;           /* neither a library's nor the runtime's, as far as names tell */
};

struct traceback_exception {
	enum relation relation;
	struct span type, message;      /* empty where the text does not name them */
	struct traceback_frame *frames; /* from where it was raised outwards */
	size_t nframes;
	int depth; /* of what it is nested in; the readers' own */
};

struct traceback {
	/* The one that was reported, then what is behind it; one more than counts, see below. */
	struct traceback_exception exceptions[TRACEBACK_MAX_EXCEPTIONS + 1];
	size_t n;
};

/* Reads the text, of whichever language it is; n is 0 if it has no frames. */
void traceback_read(struct arena *, const char *text, struct traceback *);

#endif
