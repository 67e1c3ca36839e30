/* SPDX-License-Identifier: MIT */
#include "figures.h"

#include <math.h>

static const struct figure nothing = {.p50 = NAN, .p75 = NAN, .p95 = NAN, .p99 = NAN};

struct taking {
	struct figures *figures;
	const double *limits;
};

static void
take(struct figures *figures, struct figure *f, const struct bucket *b, const double *limits)
{
	*f = nothing;
	f->summary = b->summary;
	if (b->sketch == NULL || b->summary.count == 0)
		return;
	f->p50 = summary_quantile(&b->summary, b->sketch, 0.50);
	f->p75 = summary_quantile(&b->summary, b->sketch, 0.75);
	f->p95 = summary_quantile(&b->summary, b->sketch, 0.95);
	f->p99 = summary_quantile(&b->summary, b->sketch, 0.99);
	for (size_t i = 0; i < FIGURES_LIMITS && limits != NULL; i++)
		f->up_to[i] = summary_count_up_to(&b->summary, b->sketch, limits[i]);
	if (sketch_scale(b->sketch) < figures->scale)
		figures->scale = sketch_scale(b->sketch);
}

static void
take_group(void *arg, size_t group, const struct bucket *buckets)
{
	const struct taking *t = arg;
	const size_t n = t->figures->nbuckets;

	for (size_t i = 0; i < n; i++)
		take(t->figures, &t->figures->all[group * n + i], &buckets[i], t->limits);
}

int
figures_read(struct db *db, struct arena *mem, const struct question *question,
    const struct timespan *span, const double limits[FIGURES_LIMITS], struct figures *out)
{
	struct taking taking = {out, limits};

	*out = (struct figures){.nbuckets = timespan_buckets(span), .scale = SKETCH_SCALE};
	if (select_series(db, mem, question, &out->selection) == -1)
		return DB_FAILED;
	out->all =
	    arena_alloc(mem, (out->selection.ngroups * out->nbuckets + 1) * sizeof *out->all);
	return read_span(db, &out->selection, span, take_group, &taking);
}

const struct figure *
figure_at(const struct figures *figures, size_t group, size_t bucket)
{
	if (group >= figures->selection.ngroups)
		return &nothing;
	return &figures->all[group * figures->nbuckets + bucket];
}
