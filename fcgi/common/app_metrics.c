/* SPDX-License-Identifier: MIT */
/*
 * The service's metrics about itself, in the text format of Prometheus
 * (version 0.0.4).  They are the pool's, not the process's: they live in the page
 * that all its processes share.
 */
#include <string.h>

#include "app.h"
#include "clock.h"
#include "text.h"

/* Upper bounds in microseconds; the last bucket has none. */
static const int64_t latency_bounds[SHM_LATENCIES - 1] = {
    250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000};

void
app_count(const struct req *rq, int i, uint64_t n)
{
	atomic_fetch_add_explicit(&rq->app->shm->service[i], n, memory_order_relaxed);
}

void
app_count_request(const struct req *rq, int status)
{
	struct shm *shm = rq->app->shm;
	int64_t us = clock_mono_us() - rq->started_us;
	/* What no row answers is counted in the last place. */
	int route = rq->route_index >= 0 ? rq->route_index : SHM_ROUTES - 1;
	int bucket = 0;

	while (bucket < SHM_LATENCIES - 1 && us > latency_bounds[bucket])
		bucket++;
	atomic_fetch_add_explicit(&shm->requests[route][status / 100], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&shm->latency[route][bucket], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&shm->latency_us[route], (uint64_t)us, memory_order_relaxed);
}

static void
head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static uint64_t
read_counter(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* method="GET",route="/api/errors" of place i in the shared page. */
static const char *
route_labels(struct req *rq, int i)
{
	const struct route *r = app_route(rq->app, (size_t)i);

	if (r == NULL)
		return "method=\"\",route=\"other\"";
	return arena_printf(rq->mem, "method=\"%s\",route=\"%s\"", method_name(r->method), r->path);
}

static void
write_requests(struct req *rq)
{
	const struct shm *shm = rq->app->shm;

	head(&rq->out, "monlight_http_requests_total", "counter",
	    "Requests answered, by route and class of status.");
	for (int i = 0; i < SHM_ROUTES; i++)
		for (int status = 1; status < SHM_STATUSES; status++) {
			uint64_t n = read_counter(&shm->requests[i][status]);

			if (n > 0)
				buf_printf(&rq->out,
				    "monlight_http_requests_total{%s,status=\"%dxx\"} %llu\n",
				    route_labels(rq, i), status, (unsigned long long)n);
		}
}

static void
write_latency(struct req *rq, int i)
{
	const struct shm *shm = rq->app->shm;
	const char *labels = route_labels(rq, i);
	uint64_t n = 0;

	for (int b = 0; b < SHM_LATENCIES; b++)
		n += read_counter(&shm->latency[i][b]);
	if (n == 0)
		return;
	n = 0;
	for (int b = 0; b < SHM_LATENCIES; b++) {
		n += read_counter(&shm->latency[i][b]);
		if (b < SHM_LATENCIES - 1)
			buf_printf(&rq->out,
			    "monlight_http_request_duration_seconds_bucket{%s,le=\"%g\"} %llu\n",
			    labels, (double)latency_bounds[b] / 1e6, (unsigned long long)n);
	}
	buf_printf(&rq->out,
	    "monlight_http_request_duration_seconds_bucket{%s,le=\"+Inf\"} %llu\n"
	    "monlight_http_request_duration_seconds_sum{%s} %.6f\n"
	    "monlight_http_request_duration_seconds_count{%s} %llu\n",
	    labels, (unsigned long long)n, labels, (double)read_counter(&shm->latency_us[i]) / 1e6,
	    labels, (unsigned long long)n);
}

void
app_gauge(struct buf *out, const char *name, const char *help, double value)
{
	head(out, name, "gauge", help);
	buf_printf(out, "%s %.17g\n", name, value);
}

int
app_metrics(struct req *rq)
{
	const struct app *app = rq->app;

	rq->out.len = 0;
	rq->type = "text/plain; version=0.0.4; charset=utf-8";
	head(&rq->out, "monlight_build_info", "gauge", "Which version answers.");
	buf_printf(&rq->out, "monlight_build_info{service=\"%s\",version=\"%s\"} 1\n", app->name,
	    MONLIGHT_VERSION);
	write_requests(rq);
	head(&rq->out, "monlight_http_request_duration_seconds", "histogram",
	    "From the arrival at the responder to its answer.");
	for (int i = 0; i < SHM_ROUTES; i++)
		write_latency(rq, i);
	for (size_t i = 0; i < app->ncounters; i++) {
		head(&rq->out, app->counters[i].name, "counter", app->counters[i].help);
		buf_printf(&rq->out, "%s %llu\n", app->counters[i].name,
		    (unsigned long long)read_counter(&app->shm->service[i]));
	}
	app_gauge(&rq->out, "monlight_database_bytes", "Size of the database and its WAL on disk.",
	    (double)db_bytes(rq->db));
	app_gauge(&rq->out, "monlight_database_free_bytes",
	    "Bytes inside the database that wait to be used again.", (double)db_free_bytes(rq->db));
	if (app->metrics != NULL)
		app->metrics(rq, &rq->out);
	return 200;
}
