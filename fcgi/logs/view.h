/* SPDX-License-Identifier: MIT */
/* view: what a request sees of the store, and how every answer shows it. */
#ifndef LOGS_VIEW_H
#define LOGS_VIEW_H

#include "chunk.h"
#include "filter.h"
#include "json.h"
#include "req.h"
#include "sources.h"
#include "walk.h"

/* One moment of the store, through a filter. */
struct logs_view {
	struct filter filter;
	struct log_sources sources;
	int64_t deadline_us; /* of clock_mono_us(), for its walks */
};

/*
 * Reads the request's filter and begins to read at this moment; the reading ends with
 * the request.  Returns 0, or the refusal staged.
 */
int logs_view_open(struct req *, struct logs_view *);
/* The same with the filter that every line passes. */
int logs_view_open_all(struct req *, struct logs_view *);
/* Gives back what does not lie in the request's arena. */
void logs_view_close(struct logs_view *);
/* A walk through it, to be freed by the caller; after may be NULL and must outlive it. */
struct walk *logs_view_walk(
    struct req *, const struct logs_view *, enum walk_order, const struct position *after);
/* The refusal that fits a walk's end. */
int logs_fail_walk(struct req *, enum walk_result);

/* A line as an object with the six members of the wire contract and ours. */
void logs_write_line(
    struct json_out *, const char *key, const struct log_line *, const char *container);
/* A time with its nanoseconds, if it has any, as RFC 3339. */
void logs_write_time(struct json_out *, const char *key, int64_t ns);

#endif
