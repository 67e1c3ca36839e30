/* SPDX-License-Identifier: MIT */
/* GET /api/metrics: one metric over time; plan.h says what may be asked. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "metrics.h"
#include "period.h"
#include "plan.h"
#include "read.h"

enum { MAX_ROWS = 200000 };

static const char *const contract_names[CONTRACT_QUANTILES] = {"p50", "p95", "p99"};
static const char *const resolutions[] = {"minute", "hour", "day"}; /* of enum tier */

/* ---- what there is ----------------------------------------------------------------- */

/* A bucket of a group, with its quantiles. */
struct row {
	int64_t bucket;
	size_t group;
	struct summary summary;
	double quantiles[CONTRACT_QUANTILES + MAX_QUANTILES];
};

struct rows {
	const struct plan *plan;
	struct row *all;
	size_t n, room;
	int scale; /* the coarsest of all sketches */
};

static void
take_group(void *arg, size_t group, const struct bucket *buckets)
{
	struct rows *rows = arg;
	const struct plan *plan = rows->plan;
	const size_t n = timespan_buckets(&plan->span);

	for (size_t i = 0; i < n; i++) {
		const struct bucket *b = &buckets[i];
		struct row *row;

		if (b->summary.count == 0 && !plan->fill)
			continue;
		rows->all = array_grow(rows->all, rows->n, &rows->room, sizeof *rows->all);
		row = &rows->all[rows->n++];
		row->bucket = plan->span.from + (int64_t)i * plan->span.step;
		row->group = group;
		row->summary = b->summary;
		for (size_t q = 0; q < plan->nquantiles; q++)
			row->quantiles[q] =
			    summary_quantile(&b->summary, b->sketch, plan->quantiles[q]);
		if (b->sketch != NULL && sketch_scale(b->sketch) < rows->scale)
			rows->scale = sketch_scale(b->sketch);
	}
}

static int
compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return (x->group > y->group) - (x->group < y->group);
}

/* A group and its points. */
struct weight {
	size_t group;
	uint64_t points;
};

static int
compare_weights(const void *a, const void *b)
{
	const struct weight *x = a, *y = b;

	if (x->points != y->points)
		return x->points > y->points ? -1 : 1;
	return (x->group > y->group) - (x->group < y->group);
}

/* Leaves the rows of the groups with the most points. */
static void
keep_top(struct req *rq, const struct selection *selection, struct rows *rows)
{
	const size_t n = selection->ngroups;
	struct weight *weights = arena_alloc(rq->mem, (n + 1) * sizeof *weights);
	bool *kept = arena_alloc(rq->mem, n + 1);
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		weights[i] = (struct weight){.group = i};
	for (size_t i = 0; i < rows->n; i++)
		weights[rows->all[i].group].points += rows->all[i].summary.count;
	qsort(weights, n, sizeof *weights, compare_weights);
	for (size_t i = 0; i < rows->plan->top; i++)
		kept[weights[i].group] = true;
	for (size_t i = 0; i < rows->n; i++)
		if (kept[rows->all[i].group])
			rows->all[left++] = rows->all[i];
	rows->n = left;
}

/* ---- what is answered -------------------------------------------------------------- */

/* Events or their sum each second, by what the type counts. */
static double
rate(const struct plan *plan, enum metric_type type, const struct summary *s)
{
	const double seconds = (double)plan->span.step;

	switch (type) {
	case METRIC_COUNTER:
		return s->count > 0 ? s->sum / seconds : 0;
	case METRIC_HISTOGRAM:
		return (double)s->count / seconds;
	case METRIC_GAUGE:
		break;
	}
	return NAN;
}

static void
write_row(struct json_out *out, const struct plan *plan, const struct selection *selection,
    const struct row *row)
{
	const struct summary *s = &row->summary;
	const bool any = s->count > 0;
	char number[JSON_NUMBER_SIZE];

	json_object(out, NULL);
	json_time(out, "bucket", row->bucket);
	if (selection->groups[row->group] != NULL)
		json_raw(out, "labels", selection->groups[row->group],
		    strlen(selection->groups[row->group]));
	json_int(out, "count", (int64_t)s->count);
	json_real(out, "sum", s->sum);
	json_real(out, "min", any ? s->min : NAN);
	json_real(out, "max", any ? s->max : NAN);
	json_real(out, "avg", any ? s->sum / (double)s->count : NAN);
	for (size_t i = 0; i < CONTRACT_QUANTILES; i++)
		json_real(out, contract_names[i], row->quantiles[i]);
	json_real(out, "last", any ? s->last : NAN);
	json_real(out, "rate", rate(plan, selection->type, s));
	if (plan->nquantiles > CONTRACT_QUANTILES) {
		json_object(out, "quantiles");
		for (size_t i = CONTRACT_QUANTILES; i < plan->nquantiles; i++) {
			number[json_spell(number, plan->quantiles[i])] = '\0';
			json_real(out, number, row->quantiles[i]);
		}
		json_object_end(out);
	}
	json_object_end(out);
}

static void
write_types(struct json_out *out, const struct selection *selection)
{
	json_text(out, "type", selection->types != 0 ? metric_type_words[selection->type] : NULL);
	json_array(out, "types");
	for (int type = 0; type < METRIC_TYPES; type++)
		if (selection->types & 1U << type)
			json_text(out, NULL, metric_type_words[type]);
	json_array_end(out);
}

static int
answer(struct req *rq, const struct plan *plan, const struct selection *selection,
    const struct rows *rows)
{
	const int tier = plan->span.grain;
	struct json_out *out = req_json(rq);
	char text[PERIOD_TEXT_SIZE];

	json_object(out, NULL);
	json_text(out, "name", plan->question.name);
	json_text(out, "resolution", resolutions[tier]);
	json_text(out, "period",
	    plan->period != NULL ? plan->period
				 : period_format(text, plan->span.to - plan->span.from));
	json_text(out, "step", period_format(text, plan->span.step));
	json_time(out, "from", plan->span.from);
	json_time(out, "to", plan->span.to);
	write_types(out, selection);
	if (selection->type == METRIC_HISTOGRAM)
		json_real(out, "quantile_error", sketch_error(rows->scale));
	json_int(out, "groups", (int64_t)selection->ngroups);
	json_array(out, "data");
	for (size_t i = 0; i < rows->n; i++)
		write_row(out, plan, selection, &rows->all[i]);
	json_array_end(out);
	json_object_end(out);
	return 200;
}

/* GET /api/metrics: 200 with the rows, 400 without a name. */
int
metrics_query(struct req *rq)
{
	struct plan plan = {0};
	struct selection selection;
	struct rows rows = {.plan = &plan, .scale = SKETCH_SCALE};
	int st;

	if ((st = want_plan(rq, &plan)) != 0)
		return st;
	if (db_begin_read(rq->db) == -1 ||
	    select_series(rq->db, rq->mem, &plan.question, &selection) == -1)
		return req_fail_db(rq);
	if (selection.ngroups * timespan_buckets(&plan.span) > MAX_ROWS)
		return req_fail(rq, 400,
		    "%zu groups are too many for so many buckets: choose by labels or a larger "
		    "step",
		    selection.ngroups);
	st = read_span(rq->db, &selection, &plan.span, take_group, &rows);
	if (st == 0 && plan.top > 0 && selection.ngroups > plan.top)
		keep_top(rq, &selection, &rows);
	if (rows.n > 0)
		qsort(rows.all, rows.n, sizeof *rows.all, compare_rows);
	st = st == 0 ? answer(rq, &plan, &selection, &rows) : req_fail_db(rq);
	free(rows.all);
	return st;
}
