/* SPDX-License-Identifier: MIT */
/*
 * GET /api/metrics: one metric over time.
 *
 * name is required.  period, resolution and labels are the wire contract's and
 * lenient; the others are ours and refuse what they do not understand:
 *
 *	project, type    which of several metrics of that name
 *	label            like labels, but the whole value is one condition; may be repeated
 *	from, to         in place of period
 *	step             length of a bucket: whole minutes
 *	group_by         names of labels: a row for each of their values instead of one
 *	quantiles        numbers from 0 to 1, answered beside p50, p95 and p99
 *	fill             null: buckets without points are rows, too
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "clock.h"
#include "metrics.h"
#include "period.h"
#include "query.h"
#include "read.h"
#include "text.h"
#include "tier.h"

enum {
	MAX_BUCKETS = 11000, /* as Prometheus has it */
	MAX_ROWS = 200000,
	MAX_QUANTILES = 10,
	MAX_GROUP_BY = 8,
	CONTRACT_QUANTILES = 3,
};

static const double contract_quantiles[CONTRACT_QUANTILES] = {0.50, 0.95, 0.99};
static const char *const contract_names[CONTRACT_QUANTILES] = {"p50", "p95", "p99"};

static const char *const resolutions[] = {"minute", "hour", "day", "auto", NULL};
enum { RESOLUTION_AUTO = 3 };
static const char *const fills[] = {"none", "null", NULL};

struct params {
	const char *name, *period, *labels, *project, *step, *group_by, *quantiles;
	struct query_list label;
	int resolution, type, fill;
	int64_t from, to;
};

static const struct query_field fields[] = {
    {"name", QUERY_TEXT, 0, offsetof(struct params, name), 0, 0, METRICS_MAX_NAME, NULL},
    {"period", QUERY_TEXT, 0, offsetof(struct params, period), 0, 0, 0, NULL},
    {"resolution", QUERY_CHOICE, QUERY_LENIENT, offsetof(struct params, resolution), 0, 0, 0,
	resolutions},
    {"labels", QUERY_TEXT, 0, offsetof(struct params, labels), 0, 0, 0, NULL},
    {"label", QUERY_LIST, 0, offsetof(struct params, label), 0, 0, 0, NULL},
    {"project", QUERY_TEXT, 0, offsetof(struct params, project), 0, 0, METRICS_MAX_NAME, NULL},
    {"type", QUERY_CHOICE, 0, offsetof(struct params, type), 0, 0, 0, metric_type_words},
    {"from", QUERY_TIME, 0, offsetof(struct params, from), 0, 0, 0, NULL},
    {"to", QUERY_TIME, 0, offsetof(struct params, to), 0, 0, 0, NULL},
    {"step", QUERY_TEXT, 0, offsetof(struct params, step), 0, 0, 0, NULL},
    {"group_by", QUERY_TEXT, 0, offsetof(struct params, group_by), 0, 0, 0, NULL},
    {"quantiles", QUERY_TEXT, 0, offsetof(struct params, quantiles), 0, 0, 0, NULL},
    {"fill", QUERY_CHOICE, 0, offsetof(struct params, fill), 0, 0, 0, fills},
};

/* What is to be computed. */
struct plan {
	struct question question;
	struct span span;
	int64_t now;
	const char *period; /* as the answer repeats it; NULL if from was given */
	double quantiles[CONTRACT_QUANTILES + MAX_QUANTILES];
	size_t nquantiles;
	bool fill;
};

/* ---- what is asked ----------------------------------------------------------------- */

/* The tier whose rows are kept long enough, and are not more than a screen shows. */
static int
automatic_tier(const struct retention *keep, int64_t age, int64_t length)
{
	if (age > keep->hour)
		return TIER_DAY;
	return age > keep->minute || length > SECONDS_PER_DAY ? TIER_HOUR : TIER_MINUTE;
}

static int64_t
round_up(int64_t time, int64_t step)
{
	return time_floor(time + step - 1, step);
}

static int
plan_step(struct req *rq, const struct params *params, struct plan *plan, int64_t from, int64_t to)
{
	const struct retention keep = metrics_retention(metrics_cfg(rq));
	int tier = params->resolution;

	if (params->step != NULL) {
		if (period_parse(params->step, &plan->span.step) == -1 ||
		    plan->span.step % SECONDS_PER_MINUTE != 0)
			return req_fail(rq, 400,
			    "step must be whole minutes: a number and m, h or d, as in 5m");
	} else {
		if (tier == -1 || tier == RESOLUTION_AUTO)
			tier = automatic_tier(&keep, plan->now - from, to - from);
		plan->span.step = tiers[tier].seconds;
	}
	plan->span.grain = span_grain(plan->span.step);
	return 0;
}

/* from and to as given, whole buckets. */
static int
plan_range(struct req *rq, const struct params *params, struct plan *plan)
{
	int64_t to = params->to == QUERY_ABSENT ? plan->now : params->to / NS_PER_SECOND;
	int64_t from = params->from / NS_PER_SECOND;
	int st;

	if (params->from == QUERY_ABSENT)
		return req_fail(rq, 400, "to needs from");
	if (from < 0 || from >= to)
		return req_fail(rq, 400, "from must be before to, and not before 1970");
	if ((st = plan_step(rq, params, plan, from, to)) != 0)
		return st;
	plan->span.from = time_floor(from, plan->span.step);
	plan->span.to = round_up(to, plan->span.step);
	if (span_buckets(&plan->span) > MAX_BUCKETS)
		return req_fail(rq, 400,
		    "from, to and step make more than %d buckets: use a larger step", MAX_BUCKETS);
	return 0;
}

/* The buckets that begin within the last period, and what lies in the future. */
static int
plan_period(struct req *rq, const struct params *params, struct plan *plan)
{
	struct span *span = &plan->span;
	int64_t seconds = SECONDS_PER_DAY;
	int st;

	plan->period = "24h";
	if (params->period != NULL && period_parse(params->period, &seconds) == 0)
		plan->period = params->period;
	if ((st = plan_step(rq, params, plan, plan->now - seconds, plan->now)) != 0)
		return st;
	span->to = round_up(plan->now + METRICS_MAX_AHEAD + 1, span->step);
	span->from = round_up(plan->now - seconds, span->step);
	/* What the contract lets through without a limit ends at ours. */
	if (span->from < span->to - MAX_BUCKETS * span->step)
		span->from = span->to - MAX_BUCKETS * span->step;
	if (span->from < 0)
		span->from = 0;
	return 0;
}

static int
plan_quantiles(struct req *rq, const char *text, struct plan *plan)
{
	memcpy(plan->quantiles, contract_quantiles, sizeof contract_quantiles);
	plan->nquantiles = CONTRACT_QUANTILES;
	while (text != NULL) {
		const char *comma = strchrnul(text, ',');
		double *q = &plan->quantiles[plan->nquantiles];

		if (plan->nquantiles == NELEM(plan->quantiles) ||
		    text_double(text, (size_t)(comma - text), q) == -1 || *q < 0 || *q > 1)
			return req_fail(rq, 400,
			    "quantiles must be at most %d numbers from 0 to 1, as in 0.5,0.9",
			    MAX_QUANTILES);
		plan->nquantiles++;
		text = *comma == ',' ? comma + 1 : NULL;
	}
	return 0;
}

static int
want_plan(struct req *rq, struct plan *plan)
{
	struct params params;
	struct question *q = &plan->question;
	int st;

	if ((st = query_read(rq, fields, NELEM(fields), &params)) != 0)
		return st;
	if (params.name == NULL)
		return req_fail(rq, 400, "Missing required parameter: name");
	plan->now = clock_now();
	plan->fill = params.fill == 1;
	*q = (struct question){.name = params.name, .type = params.type, .project = params.project};
	if (params.labels != NULL)
		label_filter_parse(rq->mem, params.labels, &q->filter);
	for (size_t i = 0; i < params.label.n; i++)
		if (label_filter_add(rq->mem, params.label.items[i], &q->filter) == -1)
			return req_fail(rq, 400, "label must be NAME:VALUE or NAME!=VALUE");
	if (params.group_by != NULL)
		q->group_by = label_names_parse(rq->mem, params.group_by);
	if (q->group_by.n > MAX_GROUP_BY)
		return req_fail(rq, 400, "group_by takes at most %d labels", MAX_GROUP_BY);
	if ((st = plan_quantiles(rq, params.quantiles, plan)) != 0)
		return st;
	plan->span.sketches = true;
	if (params.from != QUERY_ABSENT || params.to != QUERY_ABSENT)
		return plan_range(rq, &params, plan);
	return plan_period(rq, &params, plan);
}

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
	const size_t n = span_buckets(&plan->span);

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
	if (selection.ngroups * span_buckets(&plan.span) > MAX_ROWS)
		return req_fail(rq, 400,
		    "%zu groups are too many for so many buckets: choose by labels or a larger "
		    "step",
		    selection.ngroups);
	st = read_span(rq->db, &selection, &plan.span, take_group, &rows);
	if (rows.n > 0)
		qsort(rows.all, rows.n, sizeof *rows.all, compare_rows);
	st = st == 0 ? answer(rq, &plan, &selection, &rows) : req_fail_db(rq);
	free(rows.all);
	return st;
}
