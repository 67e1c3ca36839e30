/* SPDX-License-Identifier: MIT */
/*
 * GET /api/logs/histogram: how many lines of each level there are over time.
 *
 * The indexer keeps counts by minute, source and level.  They answer for whole
 * minutes when neither text nor stream is asked for; the two minutes that since and
 * until cut, and everything else, is counted line by line.
 */
#include <string.h>

#include "clock.h"
#include "logs.h"
#include "logs_sql.h"
#include "query.h"
#include "text.h"
#include "view.h"

#define NS_PER_MINUTE (60 * NS_PER_SECOND)
#define BUCKETS_MAX 500
#define COUNTING_US 2000000

struct histogram {
	struct logs_view view;
	int64_t buckets; /* asked for: at most as many */
	int64_t step;    /* nanoseconds of a bucket */
	int64_t first;   /* where the first begins, a multiple of step */
	size_t n;
	int64_t (*counts)[LEVELS];
	bool complete;
};

static const struct query_field fields[] = {
    {"buckets", QUERY_INT, 0, offsetof(struct histogram, buckets), 60, 1, BUCKETS_MAX, NULL},
};

/* Whole numbers of what a person counts time by, in seconds. */
static const int64_t steps[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
    10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000, 315360000};

/* The multiple of unit at or before value, or the first instant there is. */
static int64_t
floor_to(int64_t value, int64_t unit)
{
	int64_t rest = value % unit, floor;

	if (rest < 0)
		rest += unit;
	return __builtin_sub_overflow(value, rest, &floor) ? INT64_MIN : floor;
}

/* Takes open ends from the oldest line and from now; 0, or the refusal staged. */
static int
close_span(struct req *rq, struct filter *f)
{
	int64_t now = clock_now_ns(), oldest = now, newest = now;

	if (db_query(rq->db, SQL_SPAN, DB_NO_ARGS) != DB_ROW)
		return req_fail_db(rq);
	if (!db_is_null(rq->db, SQL_SPAN, 0)) {
		oldest = db_int(rq->db, SQL_SPAN, 0);
		newest = db_int(rq->db, SQL_SPAN, 1);
	}
	db_done(rq->db, SQL_SPAN);
	if (f->until == INT64_MAX)
		f->until = newest > now ? newest : now;
	if (f->since == INT64_MIN)
		f->since = oldest < f->until ? oldest : f->until;
	if (f->since > f->until)
		return req_fail(rq, 400, "since must not be later than until");
	return 0;
}

/* The smallest step that gives no more buckets than are asked for. */
static void
choose_buckets(struct req *rq, struct histogram *h)
{
	const struct filter *f = &h->view.filter;

	for (size_t i = 0; i < NELEM(steps); i++) {
		h->step = steps[i] * NS_PER_SECOND;
		h->first = floor_to(f->since, h->step);
		/* Unsigned: the span may be wider than an int64_t is high. */
		h->n = (size_t)(((uint64_t)f->until - (uint64_t)h->first) / (uint64_t)h->step) + 1;
		if (h->n <= (size_t)h->buckets)
			break;
	}
	if (h->n > BUCKETS_MAX)
		h->n = BUCKETS_MAX;
	h->counts = arena_alloc(rq->mem, h->n * sizeof *h->counts);
}

static int64_t *
counts_at(struct histogram *h, int64_t ns)
{
	size_t i = (size_t)(((uint64_t)ns - (uint64_t)h->first) / (uint64_t)h->step);

	return h->counts[i < h->n ? i : h->n - 1];
}

/* Counts the lines from since to until, both included, one by one. */
static enum walk_result
count_lines(struct req *rq, struct histogram *h, int64_t since, int64_t until)
{
	struct logs_view part = h->view;
	enum walk_result result;
	struct log_line line;
	struct walk *walk;
	int64_t source;

	if (since > until)
		return WALK_END;
	part.filter.since = since;
	part.filter.until = until;
	walk = logs_view_walk(rq, &part, NEWEST_FIRST, NULL);
	while ((result = walk_next(walk, &line, &source)) == WALK_LINE) {
		counts_at(h, line.ns)[line.level]++;
		if (clock_mono_us() > rq->started_us + COUNTING_US) {
			h->complete = false;
			break;
		}
	}
	walk_free(walk);
	return result == WALK_LINE ? WALK_END : result;
}

/* Adds the kept counts of the minutes from first to before last. */
static enum walk_result
add_minutes(struct req *rq, struct histogram *h, int64_t first, int64_t last)
{
	const struct filter *f = &h->view.filter;
	int st;

	for (st = db_query(rq->db, SQL_HISTOGRAM, DB_ARGS(DB_INT(first), DB_INT(last)));
	     st == DB_ROW; st = db_next(rq->db, SQL_HISTOGRAM)) {
		const struct log_source *source =
		    log_sources_find(&h->view.sources, db_int(rq->db, SQL_HISTOGRAM, 1));
		int64_t *counts = counts_at(h, db_int(rq->db, SQL_HISTOGRAM, 0) * NS_PER_MINUTE);

		if (source == NULL || !filter_wants_source(f, source))
			continue;
		for (int level = 0; level < LEVELS; level++)
			if (f->levels & 1U << level)
				counts[level] += db_int(rq->db, SQL_HISTOGRAM, 2 + level);
	}
	return st == DB_FAILED ? WALK_FAILED : WALK_END;
}

static enum walk_result
fill(struct req *rq, struct histogram *h)
{
	const struct filter *f = &h->view.filter;
	int64_t since = f->since, until = f->until, first, last;
	enum walk_result result;

	/* Whole minutes: [first, last). */
	last = floor_to(until, NS_PER_MINUTE);
	first = floor_to(since, NS_PER_MINUTE);
	if (first < since && first <= INT64_MAX - NS_PER_MINUTE)
		first += NS_PER_MINUTE;
	if (h->step < NS_PER_MINUTE || filter_by_text(f) || f->streams != ALL_STREAMS ||
	    first >= last)
		return count_lines(rq, h, since, until);
	if ((result = count_lines(rq, h, last, until)) == WALK_END &&
	    (result = count_lines(rq, h, since, first - 1)) == WALK_END)
		result = add_minutes(rq, h, first / NS_PER_MINUTE, last / NS_PER_MINUTE);
	return result;
}

static void
write_histogram(struct req *rq, const struct histogram *h)
{
	struct json_out *out = req_json(rq);

	json_object(out, NULL);
	logs_write_time(out, "since", h->view.filter.since);
	logs_write_time(out, "until", h->view.filter.until);
	json_int(out, "bucket_seconds", h->step / NS_PER_SECOND);
	json_bool(out, "complete", h->complete);
	json_array(out, "buckets");
	for (size_t i = 0; i < h->n; i++) {
		int64_t sum = 0;

		json_object(out, NULL);
		json_time(
		    out, "time", h->first / NS_PER_SECOND + (int64_t)i * (h->step / NS_PER_SECOND));
		json_object(out, "levels");
		for (int level = LEVELS - 1; level >= 0; level--) {
			sum += h->counts[i][level];
			if (h->counts[i][level] > 0)
				json_int(out, level_name((enum level)level), h->counts[i][level]);
		}
		json_object_end(out);
		json_int(out, "count", sum);
		json_object_end(out);
	}
	json_array_end(out);
	json_object_end(out);
}

/*
 * GET /api/logs/histogram?buckets=60: counts of the lines that pass the filter, in at
 * most so many buckets of a round length, from since (the oldest line) to until (now).
 * "complete": false if counting took over 2 s; then the older buckets fall short.
 */
int
logs_histogram(struct req *rq)
{
	struct histogram h = {.complete = true};
	enum walk_result result;
	int st;

	if ((st = query_read(rq, fields, NELEM(fields), &h)) != 0 ||
	    (st = logs_view_open(rq, &h.view)) != 0)
		return st;
	if ((st = close_span(rq, &h.view.filter)) == 0) {
		choose_buckets(rq, &h);
		result = fill(rq, &h);
		if (result == WALK_END)
			write_histogram(rq, &h);
		st = result == WALK_END ? 200 : logs_fail_walk(rq, result);
	}
	logs_view_close(&h.view);
	return st;
}
