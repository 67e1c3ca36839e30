/* SPDX-License-Identifier: MIT */
/*
 * resolve: a browser's stack, read with the source maps of its project: the text with
 * original places, and the frames with the source around them.
 */
#ifndef RESOLVE_H
#define RESOLVE_H

#include "json.h"
#include "req.h"

struct trace_frame;

struct trace {
	const char *text; /* the stack, rewritten where a map had an answer */
	struct trace_frame *frames;
	size_t nframes;
	size_t mapped; /* of them */
};

/* What the stacks of one report have in common: the maps and sources that were looked up. */
struct resolver;

/*
 * For the request's project; its memory is the request's.  release and debug_ids (an object,
 * file to id) may be NULL.
 */
struct resolver *resolver_new(struct req *, const char *release, const cJSON *debug_ids);

/* Reads a stack, which must outlive the resolver.  Returns 0 or DB_FAILED. */
int trace_read(struct resolver *, const char *stack, struct trace *);

/* Writes the member "frames"; nothing if there are none. */
void trace_write_frames(struct json_out *, const struct trace *);

#endif
