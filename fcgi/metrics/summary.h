/* SPDX-License-Identifier: MIT */
/* summary: the numbers that are kept of a set of points beside their sketch. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdint.h>

#include "sketch.h"

struct summary {
	uint64_t count; /* 0: the others mean nothing */
	double sum, min, max;
	double last;     /* the value with the latest time; of equal times the later arrival */
	int64_t last_at; /* that time in milliseconds since 1970 */
};

void summary_add(struct summary *, double value, int64_t time);
/* Adds what arrived after all that is counted so far. */
void summary_merge(struct summary *, const struct summary *);
/* The sketch's quantile, kept within what the summary knows exactly; NAN if there is nothing. */
double summary_quantile(const struct summary *, const struct sketch *, double q);
/* How many are at most limit, by the same rule; there is something. */
uint64_t summary_count_up_to(const struct summary *, const struct sketch *, double limit);

#endif
