/* SPDX-License-Identifier: MIT */
/*
 * log_source: the rows of the table source, which say whose the stored lines are.
 *
 * A source goes by the container's name, which outlives the container: one that is made
 * anew under the name goes on with its lines.
 */
#ifndef LOG_SOURCE_H
#define LOG_SOURCE_H

#include "db.h"
#include "log_container.h"

/* The id of the container's source, made or brought up to date, in a transaction of its own; -1 failed. */
int64_t log_source_of(struct db *, const struct log_container *);
/*
 * What is known from before of a container whose description cannot be read now: fills in
 * name, project, service and image by its id, in the arena; leaves them if nothing is known.
 */
void log_source_recall(struct db *, struct arena *, struct log_container *);

#endif
