/* SPDX-License-Identifier: MIT */
/* selection: which series a question is about, and how their points are put together. */
#ifndef SELECTION_H
#define SELECTION_H

#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "labels.h"
#include "metrics_sql.h"

#define SELECTION_ANY_TYPE (-1)

struct question {
	const char *name;
	int type; /* enum metric_type, or SELECTION_ANY_TYPE: of several the one seen last */
	const char *project; /* NULL: all */
	struct label_filter filter;
	struct label_names group_by; /* none: all in one group */
};

/* A series and the group its points belong to. */
struct member {
	uint32_t series;
	uint32_t group;
};

struct selection {
	enum metric_type type;
	unsigned types;      /* of that name: bit 1 << type for each */
	const char **groups; /* canonical labels, in byte order; one group: NULL */
	size_t ngroups; /* 0: there is no such metric, or no series that meets the conditions */
	/*
	 * Where the tiers are read: the totals of the metrics when everything counts;
	 * and whose points that are in no tier yet count.  Both ascending by series.
	 */
	struct member *stored, *waiting;
	size_t nstored, nwaiting;
};

/* Everything lies in the arena.  Returns 0 or DB_FAILED. */
int select_series(struct db *, struct arena *, const struct question *, struct selection *);
/* What a group of select_metrics() stands for. */
struct metric_name {
	const char *name;
	enum metric_type type;
};

/*
 * Every metric of the project, or of all if it is NULL: a group for each name and
 * type, in the order of their names; what it stands for at (*names)[group].
 */
int select_metrics(struct db *, struct arena *, const char *project, struct selection *,
    struct metric_name **names);

/* The group of a series among n members, or -1. */
int64_t member_group(const struct member *, size_t n, uint32_t series);

#endif
