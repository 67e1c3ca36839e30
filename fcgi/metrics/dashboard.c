/* SPDX-License-Identifier: MIT */
/*
 * GET /api/dashboard?period=&project=: what is going on, at a glance.
 *
 * Every number covers the whole period, to the minute where minutes are kept; from and to
 * may stand in its place.  labels= narrows the vitals and the traffic, not the summary.
 */
#include "dashboard.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "metrics.h"
#include "period.h"
#include "plan.h"
#include "query.h"
#include "text.h"
#include "tier.h"

enum {
	TOP_METRICS = 10,
	MAX_POINTS = 4000,
	LONGEST_IN_MINUTES = SECONDS_PER_DAY,
	LONGEST_IN_HOURS = 31 * 24 * 3600
};

static const struct traffic server = {
    "server", "http_requests_total", "http_request_duration_seconds", "endpoint", "endpoints"};
static const struct traffic browser = {
    "browser", "browser_http_requests_total", "browser_http_request_duration_ms", "host", "hosts"};

struct question
dashboard_question(struct req *rq, const struct dashboard *d, const char *name, const char *label)
{
	struct question q = {
	    .name = name, .type = SELECTION_ANY_TYPE, .project = d->project, .filter = d->filter};

	if (label != NULL)
		(void)label_filter_add(rq->mem, label, &q.filter);
	return q;
}

/* ---- all metrics ------------------------------------------------------------------- */

/* A name and type with its points in the period. */
struct top {
	const char *name;
	enum metric_type type;
	struct summary summary;
};

static void
take_total(void *arg, size_t group, const struct bucket *bucket)
{
	struct top *top = arg;

	top[group].summary = bucket->summary;
}

static int
compare_tops(const void *a, const void *b)
{
	const struct top *x = a, *y = b;

	if (x->summary.count != y->summary.count)
		return x->summary.count > y->summary.count ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void
write_summary(struct json_out *out, const struct top *tops, size_t n)
{
	uint64_t points = 0;
	int64_t names = 0;

	/* The catalogue is in the order of names: types of one name are neighbours. */
	for (size_t i = 0, last = SIZE_MAX; i < n; i++) {
		points += tops[i].summary.count;
		if (tops[i].summary.count == 0)
			continue;
		names += last == SIZE_MAX || strcmp(tops[last].name, tops[i].name) != 0;
		last = i;
	}
	json_object(out, "summary");
	json_int(out, "total_datapoints", (int64_t)points);
	json_int(out, "distinct_metrics", names);
	json_object_end(out);
}

static void
write_tops(struct json_out *out, struct top *tops, size_t n)
{
	qsort(tops, n, sizeof *tops, compare_tops);
	json_array(out, "top_metrics");
	for (size_t i = 0; i < n && i < TOP_METRICS && tops[i].summary.count > 0; i++) {
		json_object(out, NULL);
		json_text(out, "name", tops[i].name);
		json_text(out, "type", metric_type_words[tops[i].type]);
		json_int(out, "count", (int64_t)tops[i].summary.count);
		json_real(out, "total", tops[i].summary.sum);
		json_object_end(out);
	}
	json_array_end(out);
}

static int
write_metrics(struct req *rq, struct json_out *out, const struct dashboard *d)
{
	struct selection selection;
	struct metric_name *names;
	struct timespan whole = d->whole;
	struct top *tops;

	whole.sketches = false;
	if (select_metrics(rq->db, rq->mem, d->project, &selection, &names) == -1)
		return DB_FAILED;
	tops = arena_alloc(rq->mem, (selection.ngroups + 1) * sizeof *tops);
	for (size_t i = 0; i < selection.ngroups; i++)
		tops[i] = (struct top){.name = names[i].name, .type = names[i].type};
	if (read_span(rq->db, &selection, &whole, take_total, tops) == -1)
		return DB_FAILED;
	write_summary(out, tops, selection.ngroups);
	write_tops(out, tops, selection.ngroups);
	return 0;
}

/* ---- the handler ------------------------------------------------------------------- */

struct params {
	const char *period, *project, *labels;
	int64_t from, to, points;
};

static const struct query_field fields[] = {
    {"period", QUERY_TEXT, 0, offsetof(struct params, period), 0, 0, 0, NULL},
    {"project", QUERY_TEXT, 0, offsetof(struct params, project), 0, 0, METRICS_MAX_NAME, NULL},
    {"labels", QUERY_TEXT, 0, offsetof(struct params, labels), 0, 0, 0, NULL},
    {"from", QUERY_TIME, 0, offsetof(struct params, from), 0, 0, 0, NULL},
    {"to", QUERY_TIME, 0, offsetof(struct params, to), 0, 0, 0, NULL},
    {"points", QUERY_INT, 0, offsetof(struct params, points), MAX_POINTS, 1, MAX_POINTS, NULL},
};

/* The numbers of from to end; `last` is the moment up to which there is something to see. */
static void
plan(struct dashboard *d, int64_t from, int64_t last, int64_t end, int64_t points)
{
	const int64_t length = last - from;
	int tier = length > LONGEST_IN_HOURS     ? TIER_DAY
		   : length > LONGEST_IN_MINUTES ? TIER_HOUR
						 : TIER_MINUTE;
	const int64_t step = usual_step(tiers[tier].seconds, length, points);

	d->length = length;
	d->whole = timespan_whole(from, end);
	from = time_floor(from, step);
	/* No longer than what is kept in days could fill. */
	if (from < end - MAX_POINTS * step)
		from = time_floor(end - MAX_POINTS * step, step);
	d->timeline = (struct timespan){
	    from, time_floor(end + step - 1, step), step, timespan_grain(step), true};
}

/* The last period, and what lies in the future; or from and to.  0, or 400. */
static int
want_time(struct req *rq, const struct params *params, struct dashboard *d, const char **period)
{
	const int64_t now = clock_now();
	int64_t length = SECONDS_PER_DAY, from = 0, to = 0;
	int st;

	*period = "24h";
	if (params->from == QUERY_ABSENT && params->to == QUERY_ABSENT) {
		if (params->period != NULL && period_parse(params->period, &length) == 0)
			*period = params->period;
		plan(d, now > length ? now - length : 0, now, now + METRICS_MAX_AHEAD + 1,
		    params->points);
		return 0;
	}
	if ((st = want_range(rq, params->from, params->to, now, &from, &to)) != 0)
		return st;
	*period = NULL;
	/* Until now is with this second, of which something may have come. */
	plan(d, from, to, params->to == QUERY_ABSENT ? to + 1 : to, params->points);
	return 0;
}

/* GET /api/dashboard: 200 with summary, top_metrics and, if there are points, the other parts. */
int
metrics_dashboard(struct req *rq)
{
	struct dashboard d = {0};
	struct params params;
	struct json_out *out;
	char text[PERIOD_TEXT_SIZE];
	const char *period;
	int st;

	if ((st = query_read(rq, fields, NELEM(fields), &params)) != 0 ||
	    (st = want_time(rq, &params, &d, &period)) != 0)
		return st;
	if (params.labels != NULL)
		label_filter_parse(rq->mem, params.labels, &d.filter);
	d.project = params.project;
	out = req_json(rq);
	json_object(out, NULL);
	json_text(out, "period", period != NULL ? period : period_format(text, d.length));
	json_time(out, "from", d.timeline.from);
	json_time(out, "to", d.timeline.to);
	json_text(out, "step", period_format(text, d.timeline.step));
	if (db_begin_read(rq->db) == -1 || write_metrics(rq, out, &d) == -1 ||
	    dashboard_vitals(rq, out, &d) == -1 || dashboard_traffic(rq, out, &d, &server) == -1 ||
	    dashboard_traffic(rq, out, &d, &browser) == -1)
		return req_fail_db(rq);
	json_object_end(out);
	return 200;
}
