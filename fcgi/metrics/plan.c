/* SPDX-License-Identifier: MIT */
#include "plan.h"

#include <string.h>

#include "clock.h"
#include "metrics.h"
#include "period.h"
#include "query.h"
#include "text.h"
#include "tier.h"

enum {
	MAX_BUCKETS = 11000, /* as Prometheus has it */
	MAX_GROUP_BY = 8,
	MAX_TOP = 1000,
};

static const double contract_quantiles[CONTRACT_QUANTILES] = {0.50, 0.95, 0.99};

static const char *const resolutions[] = {"minute", "hour", "day", "auto", NULL};
enum { RESOLUTION_AUTO = 3 };
static const char *const fills[] = {"none", "null", NULL};

struct params {
	const char *name, *period, *labels, *project, *step, *group_by, *quantiles;
	struct query_list label;
	int resolution, type, fill;
	int64_t from, to, top, points;
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
    {"points", QUERY_INT, 0, offsetof(struct params, points), MAX_BUCKETS, 1, MAX_BUCKETS, NULL},
    {"group_by", QUERY_TEXT, 0, offsetof(struct params, group_by), 0, 0, 0, NULL},
    {"top", QUERY_INT, 0, offsetof(struct params, top), 0, 1, MAX_TOP, NULL},
    {"quantiles", QUERY_TEXT, 0, offsetof(struct params, quantiles), 0, 0, 0, NULL},
    {"fill", QUERY_CHOICE, 0, offsetof(struct params, fill), 0, 0, 0, fills},
};

/* The finest tier that still has what is so many seconds old. */
static int
kept_tier(const struct retention *keep, int64_t age)
{
	return age > keep->hour ? TIER_DAY : age > keep->minute ? TIER_HOUR : TIER_MINUTE;
}

/* The tier whose rows are kept long enough, and are not more than a screen shows. */
static int
automatic_tier(const struct retention *keep, int64_t age, int64_t length)
{
	int tier = kept_tier(keep, age);

	return tier == TIER_MINUTE && length > SECONDS_PER_DAY ? TIER_HOUR : tier;
}

static int64_t
round_up(int64_t time, int64_t step)
{
	return time_floor(time + step - 1, step);
}

int64_t
usual_step(int64_t base, int64_t span, int64_t points)
{
	static const int64_t minutes[] = {
	    1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 43200};
	size_t i;

	for (i = 0; i < NELEM(minutes) - 1; i++) {
		int64_t step = minutes[i] * SECONDS_PER_MINUTE;

		if (step >= base && span / step <= points)
			break;
	}
	return minutes[i] * SECONDS_PER_MINUTE;
}

static int
plan_step(struct req *rq, const struct params *params, struct plan *plan, int64_t from, int64_t to)
{
	const struct retention keep = metrics_retention(metrics_cfg(rq));
	int tier = params->resolution, kept = kept_tier(&keep, plan->now - to);
	char multiple[PERIOD_TEXT_SIZE];

	if (params->step != NULL) {
		if (period_parse(params->step, &plan->span.step) == -1 ||
		    plan->span.step % SECONDS_PER_MINUTE != 0)
			return req_fail(rq, 400,
			    "step must be whole minutes: a number and m, h or d, as in 5m");
		/* Nothing would be found, which is not the same as that nothing was there. */
		if (timespan_grain(plan->span.step) < kept)
			return req_fail(rq, 400,
			    "step must be a multiple of %s: nothing finer is kept of a time so far "
			    "back",
			    period_format(multiple, tiers[kept].seconds));
	} else {
		if (tier == -1 || tier == RESOLUTION_AUTO)
			tier = automatic_tier(&keep, plan->now - from, to - from);
		else if (tier < kept)
			tier = kept;
		plan->span.step = usual_step(tiers[tier].seconds, to - from, params->points);
	}
	plan->span.grain = timespan_grain(plan->span.step);
	return 0;
}

int
want_range(struct req *rq, int64_t from_ns, int64_t to_ns, int64_t now, int64_t *from, int64_t *to)
{
	if (from_ns == QUERY_ABSENT)
		return req_fail(rq, 400, "to needs from");
	*from = from_ns / NS_PER_SECOND;
	*to = to_ns == QUERY_ABSENT ? now : to_ns / NS_PER_SECOND;
	if (*from < 0 || *from >= *to)
		return req_fail(rq, 400, "from must be before to, and not before 1970");
	return 0;
}

/* from and to as given, whole buckets. */
static int
plan_range(struct req *rq, const struct params *params, struct plan *plan)
{
	int64_t from = 0, to = 0;
	int st;

	if ((st = want_range(rq, params->from, params->to, plan->now, &from, &to)) != 0 ||
	    (st = plan_step(rq, params, plan, from, to)) != 0)
		return st;
	plan->span.from = time_floor(from, plan->span.step);
	/* Until now is with this second, of which something may have come. */
	plan->span.to = round_up(params->to == QUERY_ABSENT ? to + 1 : to, plan->span.step);
	if (timespan_buckets(&plan->span) > MAX_BUCKETS)
		return req_fail(rq, 400,
		    "from, to and step make more than %d buckets: use a larger step", MAX_BUCKETS);
	return 0;
}

/*
 * The buckets that begin within the last period, as the contract has it, and what lies in
 * the future; at least the one that it is now.  Who says how long they are gets the one
 * that the period begins in, too: a day of days would end at midnight.
 */
static int
plan_period(struct req *rq, const struct params *params, struct plan *plan)
{
	struct timespan *span = &plan->span;
	int64_t seconds = SECONDS_PER_DAY;
	int st;

	plan->period = "24h";
	if (params->period != NULL && period_parse(params->period, &seconds) == 0)
		plan->period = params->period;
	if ((st = plan_step(rq, params, plan, plan->now - seconds, plan->now)) != 0)
		return st;
	span->to = round_up(plan->now + METRICS_MAX_AHEAD + 1, span->step);
	span->from = params->step != NULL ? time_floor(plan->now - seconds, span->step)
					  : round_up(plan->now - seconds, span->step);
	if (span->from > plan->now)
		span->from = time_floor(plan->now, span->step);
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

int
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
	plan->top = (size_t)params.top;
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
