/* SPDX-License-Identifier: MIT */
/*
 * stack: the text that engines keep in error.stack, taken apart and put together
 * again.  Pure.
 *
 *	V8       at name (file:line:column), at file:line:column, at async name (...),
 *	         at eval (eval at name (file:line:column), <anonymous>:1:1)
 *	Firefox  name@file:line:column, async*name@..., name@file line 3 > eval:1:1
 *	Safari   name@file:line:column, file:line:column, name@[native code]
 */
#ifndef STACK_H
#define STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "span.h"

#define STACK_MAX_FRAMES 100

struct stack_frame {
	struct span line; /* in the text, without blanks at its ends */
	struct span name; /* of the function, as printed; empty if there is none */
	struct span file; /* as printed; of an eval, where eval was called */
	uint32_t number;  /* line of the file, from 1; 0: none */
	uint32_t column;  /* from 1; 0: none */
	bool v8;
	bool async;  /* resumed by, not called from, the next frame */
	bool native; /* the engine's own: there is no file */
};

/* Where a frame comes from. */
struct stack_origin {
	const char *name; /* NULL or empty: none */
	const char *file; /* NULL: not known, the frame stays as it is */
	uint32_t number, column;
};

/* Finds the frames in order; the spans point into the text.  Returns how many, at most max. */
size_t stack_parse(const char *text, struct stack_frame *, size_t max);
/* Whether a line without blanks at its ends is a frame of V8, or of Firefox or Safari. */
bool stack_is_v8(struct span line, struct stack_frame *);
bool stack_is_gecko(struct span line, struct stack_frame *);

/* Appends the text with the frames that have an origin in their new places. */
void stack_rewrite(struct buf *, const char *text, const struct stack_frame *,
    const struct stack_origin *, size_t n);

/*
 * The path under which a script's map is kept: without origin, query and fragment,
 * with a slash at its beginning.
 */
const char *stack_path(struct arena *, const char *file, size_t len);

/* A source's name for people: what bundlers put before it and behind it is left out. */
const char *stack_source_name(struct arena *, const char *source);

/* Whether a source is code of the project, by its name after stack_source_name(). */
bool stack_is_own(const char *source);

#endif
