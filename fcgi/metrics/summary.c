/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

void
summary_add(struct summary *s, double value, int64_t time)
{
	summary_merge(s, &(struct summary){1, value, value, value, value, time});
}

void
summary_merge(struct summary *s, const struct summary *more)
{
	if (more->count == 0)
		return;
	if (s->count == 0) {
		*s = *more;
		return;
	}
	s->count += more->count;
	/* Sums of opposite infinities would be no number at all. */
	s->sum = fmin(fmax(s->sum + more->sum, -DBL_MAX), DBL_MAX);
	s->min = fmin(s->min, more->min);
	s->max = fmax(s->max, more->max);
	if (more->last_at >= s->last_at) {
		s->last = more->last;
		s->last_at = more->last_at;
	}
}

uint64_t
summary_count_up_to(const struct summary *s, const struct sketch *sketch, double limit)
{
	return limit < s->min ? 0 : limit >= s->max ? s->count : sketch_count_up_to(sketch, limit);
}

double
summary_quantile(const struct summary *s, const struct sketch *sketch, double q)
{
	double value;

	if (s->count == 0 || sketch == NULL)
		return NAN;
	/* The middle of the outermost bin may lie beyond the outermost value. */
	value = sketch_quantile(sketch, q);
	return q <= 0 ? s->min : q >= 1 ? s->max : fmin(fmax(value, s->min), s->max);
}
