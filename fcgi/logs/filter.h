/* SPDX-License-Identifier: MIT */
/*
 * filter: which lines a request asks for.
 *
 *	container, service, project   names, each may be repeated
 *	field          NAME=VALUE of JSON and logfmt lines, see field_filter.h
 *	not_container, not_service, not_project, not_level, not_field   the same, left out
 *	stream         stdout or stderr, may be repeated
 *	level          a name or >=NAME, may be repeated; >= leaves UNKNOWN out
 *	unknown        1: lines of UNKNOWN level as well
 *	since, until   instants, both included
 *	search, q      see search_query.h; at most SEARCH_TEXTS_MAX words and phrases
 *	regex          PCRE2, anywhere in the line
 *	case           1: search and regex heed case
 *
 * All that is given must fit, of what is repeated one.  Text is looked at without its
 * terminal codes.
 */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "chunk.h"
#include "field_filter.h"
#include "level.h"
#include "line_regex.h"
#include "query.h"
#include "req.h"
#include "search_query.h"
#include "sources.h"

enum { ALL_LEVELS = (1 << LEVELS) - 1, ALL_STREAMS = 1 << STREAM_STDOUT | 1 << STREAM_STDERR };

struct filter {
	unsigned levels;      /* bit 1 << level for each that is wanted */
	unsigned streams;     /* bit 1 << stream */
	int64_t since, until; /* INT64_MIN and INT64_MAX: open */
	int64_t low_id;       /* lines below it are hidden */
	int64_t last_id;      /* and those above this one, if it is not 0 */
	struct query_list containers, services, projects; /* none: any */
	struct query_list not_containers, not_services, not_projects;
	bool heed_case;
	const struct search_query *search; /* NULL: any text */
	const char *fts;                   /* what its chunks fit; NULL: any chunk */
	struct line_regex *regex;          /* NULL: any text */
	const struct field_filter *fields; /* NULL: any */
};

/*
 * Reads the parameters of the request.  Returns 0, or the refusal staged.  All lies in the
 * request's arena but the regular expression, which filter_free() gives back.
 */
int filter_read(struct req *, struct filter *);
/* The filter that every line passes. */
struct filter filter_all(void);
void filter_free(struct filter *);

/* Whether a source is wanted. */
bool filter_wants_source(const struct filter *, const struct log_source *);
/* Whether what a line says decides, not only whose it is, when it came and how serious it is. */
bool filter_by_text(const struct filter *);

/* Room to work in; all zero at first. */
struct filter_scratch {
	struct buf plain, folded;
	struct arena *fields; /* NULL until it is wanted */
};

void filter_scratch_free(struct filter_scratch *);
/*
 * Finds the lines of a chunk of a wanted source that pass: their places, ascending, go to
 * places (room for chunk->n).  Returns how many, or -1 if the regular expression met a limit.
 */
int64_t filter_chunk(
    const struct filter *, struct filter_scratch *, const struct chunk *, uint32_t *places);

#endif
