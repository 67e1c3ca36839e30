/* SPDX-License-Identifier: MIT */
/* The dashboard's requests: how many, how many failed, how long they took, and where. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dashboard.h"
#include "text.h"

enum { TARGETS_LISTED = 20 };

/* What is counted of a stretch of time or of a target. */
struct load {
	double requests, errors;
};

/* A server's fault is 5xx; 0 is what a browser notes when no answer came at all. */
static bool
is_error(const cJSON *labels)
{
	const char *status = json_get_text(labels, "status");

	return status != NULL && (*status == '5' || strcmp(status, "0") == 0);
}

static const cJSON *
parse_labels(struct req *rq, const char *labels)
{
	const char *why;
	size_t at;

	return json_parse(rq->mem, labels, strlen(labels), &why, &at);
}

static int
ask(struct req *rq, const struct dashboard *d, const char *name, const char *group_by,
    const struct timespan *span, struct figures *out)
{
	struct question q = dashboard_question(rq, d, name, NULL);

	if (group_by != NULL)
		q.group_by = label_names_parse(rq->mem, group_by);
	return figures_read(rq->db, rq->mem, &q, span, NULL, out);
}

static void
write_load(struct json_out *out, const struct load *load, int64_t seconds)
{
	json_real(out, "requests", load->requests);
	json_real(out, "rate", load->requests / (double)seconds);
	json_real(out, "errors", load->errors);
	json_real(out, "error_rate", load->requests > 0 ? load->errors / load->requests : NAN);
}

static void
write_latency(struct json_out *out, const struct figure *f)
{
	json_real(
	    out, "avg", f->summary.count > 0 ? f->summary.sum / (double)f->summary.count : NAN);
	json_real(out, "p50", f->p50);
	json_real(out, "p95", f->p95);
	json_real(out, "p99", f->p99);
}

/* ---- where ------------------------------------------------------------------------- */

/* A target and method; its labels are {"<target>": ..., "method": ...} as the groups have them. */
struct target {
	const char *labels;
	struct load load;
};

static int
compare_labels(const void *a, const void *b)
{
	return strcmp(((const struct target *)a)->labels, ((const struct target *)b)->labels);
}

static int
compare_loads(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	if (x->load.requests != y->load.requests)
		return x->load.requests > y->load.requests ? -1 : 1;
	return strcmp(x->labels, y->labels);
}

/* Adds the statuses of each target up, and of all of them. */
static struct target *
sum_targets(struct req *rq, const struct traffic *t, const struct figures *requests, size_t *n,
    struct load *all)
{
	const struct selection *s = &requests->selection;
	const struct label_names names =
	    label_names_parse(rq->mem, arena_printf(rq->mem, "%s,method", t->target));
	struct target *targets = arena_alloc(rq->mem, (s->ngroups + 1) * sizeof *targets);
	size_t kept = 0;

	for (size_t i = 0; i < s->ngroups; i++) {
		const cJSON *labels = parse_labels(rq, s->groups[i]);
		double sum = figure_at(requests, i, 0)->summary.sum;

		targets[i].labels = labels_pick(rq->mem, labels, "", &names);
		targets[i].load = (struct load){sum, is_error(labels) ? sum : 0};
		all->requests += targets[i].load.requests;
		all->errors += targets[i].load.errors;
	}
	qsort(targets, s->ngroups, sizeof *targets, compare_labels);
	for (size_t i = 0; i < s->ngroups; i++) {
		if (kept > 0 && compare_labels(&targets[kept - 1], &targets[i]) == 0) {
			targets[kept - 1].load.requests += targets[i].load.requests;
			targets[kept - 1].load.errors += targets[i].load.errors;
		} else
			targets[kept++] = targets[i];
	}
	*n = kept;
	return targets;
}

static const struct figure *
find_latency(const struct figures *durations, const char *labels)
{
	for (size_t i = 0; i < durations->selection.ngroups; i++)
		if (strcmp(durations->selection.groups[i], labels) == 0)
			return figure_at(durations, i, 0);
	return figure_at(durations, SIZE_MAX, 0);
}

static int
write_targets(struct req *rq, struct json_out *out, const struct dashboard *d,
    const struct traffic *t, struct target *targets, size_t n)
{
	struct figures durations;

	if (ask(rq, d, t->duration, arena_printf(rq->mem, "%s,method", t->target), &d->whole,
		&durations) == -1)
		return DB_FAILED;
	qsort(targets, n, sizeof *targets, compare_loads);
	json_array(out, t->targets);
	for (size_t i = 0; i < n && i < TARGETS_LISTED && targets[i].load.requests > 0; i++) {
		const cJSON *labels = parse_labels(rq, targets[i].labels);

		json_object(out, NULL);
		json_text(out, t->target, json_get_text(labels, t->target));
		json_text(out, "method", json_get_text(labels, "method"));
		write_load(out, &targets[i].load, d->length);
		write_latency(out, find_latency(&durations, targets[i].labels));
		json_object_end(out);
	}
	json_array_end(out);
	return 0;
}

/* ---- over time --------------------------------------------------------------------- */

/* The loads of a timeline's stretches, while the statuses are added to them one by one. */
struct loading {
	struct req *rq;
	const struct selection *selection;
	struct load *loads;
	size_t n;
};

static void
add_status(void *arg, size_t group, const struct bucket *buckets)
{
	const struct loading *l = arg;
	bool error = is_error(parse_labels(l->rq, l->selection->groups[group]));

	for (size_t i = 0; i < l->n; i++) {
		l->loads[i].requests += buckets[i].summary.sum;
		l->loads[i].errors += error ? buckets[i].summary.sum : 0;
	}
}

/* One status after the other: who reports may make up as many as a metric has series. */
static int
read_loads(struct req *rq, const struct dashboard *d, const struct traffic *t, struct load *loads)
{
	struct question q = dashboard_question(rq, d, t->requests, NULL);
	struct selection selection;
	struct loading loading = {rq, &selection, loads, timespan_buckets(&d->timeline)};

	q.group_by = label_names_parse(rq->mem, "status");
	if (select_series(rq->db, rq->mem, &q, &selection) == -1)
		return DB_FAILED;
	return read_span(rq->db, &selection, &d->timeline, add_status, &loading);
}

static int
write_timeline(
    struct req *rq, struct json_out *out, const struct dashboard *d, const struct traffic *t)
{
	const size_t n = timespan_buckets(&d->timeline);
	struct load *loads = arena_alloc(rq->mem, (n + 1) * sizeof *loads);
	struct figures durations;

	if (read_loads(rq, d, t, loads) == -1 ||
	    ask(rq, d, t->duration, NULL, &d->timeline, &durations) == -1)
		return DB_FAILED;
	json_array(out, "timeseries");
	for (size_t i = 0; i < n; i++) {
		const struct figure *latency = figure_at(&durations, 0, i);

		if (loads[i].requests == 0 && latency->summary.count == 0)
			continue;
		json_object(out, NULL);
		json_time(out, "bucket", d->timeline.from + (int64_t)i * d->timeline.step);
		write_load(out, &loads[i], d->timeline.step);
		write_latency(out, latency);
		json_object_end(out);
	}
	json_array_end(out);
	return 0;
}

int
dashboard_traffic(
    struct req *rq, struct json_out *out, const struct dashboard *d, const struct traffic *t)
{
	struct figures requests, duration;
	struct target *targets;
	struct load all = {0};
	size_t n;

	if (ask(rq, d, t->requests, arena_printf(rq->mem, "%s,method,status", t->target), &d->whole,
		&requests) == -1 ||
	    ask(rq, d, t->duration, NULL, &d->whole, &duration) == -1)
		return DB_FAILED;
	targets = sum_targets(rq, t, &requests, &n, &all);
	if (all.requests == 0 && figure_at(&duration, 0, 0)->summary.count == 0)
		return 0;
	json_object(out, t->member);
	write_load(out, &all, d->length);
	json_object(out, "latency");
	write_latency(out, figure_at(&duration, 0, 0));
	json_object_end(out);
	if (write_targets(rq, out, d, t, targets, n) == -1 || write_timeline(rq, out, d, t) == -1)
		return DB_FAILED;
	json_object_end(out);
	return 0;
}
