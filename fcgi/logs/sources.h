/* SPDX-License-Identifier: MIT */
/* sources: whose lines there are, a row for each container or file. */
#ifndef LOGS_SOURCES_H
#define LOGS_SOURCES_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "db.h"

struct log_source {
	int64_t id;
	const char *name;
	const char *project, *service; /* NULL if it has none */
};

struct log_sources {
	const struct log_source *items; /* ascending by id */
	size_t n;
};

/* Reads all of them into the arena.  Returns 0 or DB_FAILED. */
int log_sources_read(struct db *, struct arena *, struct log_sources *);
/* The source of that id, or NULL. */
const struct log_source *log_sources_find(const struct log_sources *, int64_t id);
/* Its name, or "" if it is not known. */
const char *log_sources_name(const struct log_sources *, int64_t id);

#endif
