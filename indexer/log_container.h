/* SPDX-License-Identifier: MIT */
/*
 * log_container: who wrote a log: what Docker's config.v2.json says about a container,
 * and the name under which its history is kept.
 */
#ifndef LOG_CONTAINER_H
#define LOG_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

/* Texts lie in the arena; NULL where nothing is said. */
struct log_container {
	const char *id;      /* name of its directory */
	const char *name;    /* the same after it was rebuilt; never NULL */
	const char *project; /* compose project or swarm stack */
	const char *service;
	const char *image;
	const char *multiline; /* label monlight.multiline */
	bool running;
	bool ours; /* the container that this program runs in */
	/* For lines that say it started or ended. */
	const char *started, *finished; /* RFC 3339 */
	int64_t exit_code, restarts;
	bool out_of_memory;
};

/*
 * Reads dir/config.v2.json.  False if it is not there or cannot be read; then id
 * and name stand for all that is known.
 */
bool log_container_read(struct arena *, const char *dir, const char *id, struct log_container *);
/* Whether a comma-separated list of names and globs has the name; an empty list has all. */
bool log_container_wanted(const char *list, const char *name);

#endif
