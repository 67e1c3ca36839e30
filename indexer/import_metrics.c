/* SPDX-License-Identifier: MIT */
/*
 * The original's metrics.  It keeps sums of minutes for a day and of hours for a month, and
 * points for an hour or two.  Each moment is taken once, from the finest sums there are: the
 * minutes; the hours of which there are no minutes; the points of which there is no minute.
 */
#include <math.h>
#include <string.h>

#include "clock.h"
#include "import.h"
#include "json.h"
#include "labels.h"
#include "metrics_adopt.h"

#define PORTION 2000 /* rows of a transaction */
#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)

/*
 * A sum that stands there twice counts once: the original also wrote
 * one for each type of a name.
 */
#define SUMS                                                                                       \
	"SELECT id, name, labels, bucket, project, count, sum, min, max, p50, p95, p99, "          \
	"resolution"                                                                               \
	" FROM metrics_aggregated a WHERE id > ?1 AND resolution IN ('minute', 'hour')"            \
	" AND NOT EXISTS (SELECT 1 FROM metrics_aggregated b WHERE b.name = a.name"                \
	" AND b.resolution = a.resolution AND b.bucket = a.bucket"                                 \
	" AND b.labels IS a.labels AND b.id < a.id)"                                               \
	" AND (resolution = 'minute' OR NOT EXISTS (SELECT 1 FROM metrics_aggregated m"            \
	" WHERE m.name = a.name AND m.resolution = 'minute'"                                       \
	" AND m.bucket BETWEEN a.bucket AND substr(a.bucket, 1, 13) || ':59:59Z'"                  \
	" AND m.labels IS a.labels)) ORDER BY id LIMIT ?2"
#define SUM_TEXT                                                                                   \
	"SELECT bucket || ' ' || name || ' ' || count FROM metrics_aggregated WHERE id = ?1"

#define POINTS                                                                                     \
	"SELECT id, name, labels, timestamp, project, value, type"                                 \
	" FROM metrics_raw r WHERE id > ?1"                                                        \
	" AND NOT EXISTS (SELECT 1 FROM metrics_aggregated a WHERE a.name = r.name"                \
	" AND a.resolution = 'minute' AND a.bucket = substr(r.timestamp, 1, 16) || ':00Z'"         \
	" AND a.labels IS r.labels) ORDER BY id LIMIT ?2"
#define POINT_TEXT "SELECT timestamp || ' ' || name || ' ' || value FROM metrics_raw WHERE id = ?1"

#define TYPE "SELECT type FROM metrics_raw WHERE name = ?1 LIMIT 1"

static enum metric_type
type_of(const char *word, enum metric_type fallback)
{
	for (int i = 0; word != NULL && i < METRIC_TYPES; i++)
		if (strcmp(word, metric_type_words[i]) == 0)
			return (enum metric_type)i;
	return fallback;
}

/* Sums do not say their type: points may, and only histograms have quantiles. */
static int
find_type(struct import *in, const char *name, bool quantiles, enum metric_type *type)
{
	int find = import_prepare(in, TYPE);
	int row = find == DB_FAILED ? DB_FAILED : db_query(in->from, find, DB_ARGS(DB_TEXT(name)));

	*type = quantiles ? METRIC_HISTOGRAM : METRIC_COUNTER;
	if (row == DB_ROW) {
		*type = type_of(db_text(in->from, find, 0), *type);
		db_done(in->from, find);
	}
	/* Without quantiles it cannot be added up as a histogram. */
	if (quantiles != (*type == METRIC_HISTOGRAM))
		*type = quantiles ? METRIC_HISTOGRAM : METRIC_COUNTER;
	return row == DB_FAILED ? -1 : 0;
}

/* The series of the row that the statement stands at: columns 1, 2 and 4. */
static struct series_name
read_series(struct import *in, int q)
{
	const char *labels = db_text_copy(in->from, q, 2, in->mem);
	const char *project = db_text_copy(in->from, q, 4, in->mem), *inside = NULL, *why;
	struct series_name series = {.name = db_text_copy(in->from, q, 1, in->mem)};
	const cJSON *doc = import_json(in->mem, labels);

	if (cJSON_IsObject(doc))
		series.labels = labels_canonical(in->mem, doc, &inside, &why);
	if (series.labels == NULL)
		series.labels = "{}";
	series.project = project != NULL ? project : inside != NULL ? inside : "";
	return series;
}

/* The original checked nothing: a value of 1e999 made its sums infinite. */
static bool
is_possible(const struct summary *s)
{
	return s->count > 0 && s->count <= IMPORT_COUNT_MAX && isfinite(s->sum) &&
	       isfinite(s->min) && isfinite(s->max) && s->min <= s->max;
}

static bool
are_finite(const struct quantiles *q)
{
	return isfinite(q->p50) && isfinite(q->p95) && isfinite(q->p99);
}

static int
take_sum(struct import *in, int q, void *out)
{
	struct series_name series = read_series(in, q);
	int64_t time = import_time(db_text(in->from, q, 3), -1) / NS_PER_SECOND;
	bool quantiles = !db_is_null(in->from, q, 9) && !db_is_null(in->from, q, 11);
	struct quantiles known = {
	    db_real(in->from, q, 9), db_real(in->from, q, 10), db_real(in->from, q, 11)};
	struct summary summary = {
	    .count = (uint64_t)db_int(in->from, q, 5),
	    .sum = db_real(in->from, q, 6),
	    .min = db_real(in->from, q, 7),
	    .max = db_real(in->from, q, 8),
	    .last_at = time * MS_PER_SECOND,
	};

	if (time < 0 || !is_possible(&summary) || (quantiles && !are_finite(&known))) {
		in->passed_over++;
		return 0;
	}
	/* The last value is not known; one of those in between stands for it. */
	summary.last = summary.sum / (double)summary.count;
	in->taken[0]++;
	if (find_type(in, series.name, quantiles, &series.type) == -1)
		return -1;
	return adoption_add_sum(out, &series, time, &summary, quantiles ? &known : NULL);
}

static int
take_point(struct import *in, int q, void *out)
{
	struct series_name series = read_series(in, q);
	int64_t ns = import_time(db_text(in->from, q, 3), -1);
	double value = db_real(in->from, q, 5);

	if (ns < 0 || !isfinite(value)) {
		in->passed_over++;
		return 0;
	}
	series.type = type_of(db_text(in->from, q, 6), METRIC_COUNTER);
	in->taken[1]++;
	return adoption_add_point(out, &series, ns / 1000000, value);
}

static int
write_taken(struct import *in, void *out)
{
	(void)in;
	return adoption_write(out, clock_now());
}

static const struct import_rows tables[] = {
    {"sums", SUMS, SUM_TEXT, PORTION, "rollup", take_sum, write_taken},
    {"points", POINTS, POINT_TEXT, PORTION, "rollup", take_point, write_taken},
};

int
import_metrics(struct import *in)
{
	const struct metrics_settings *cfg = &in->cfg->metrics;
	const struct series_caps caps = {
	    cfg->series_per_metric, cfg->series_per_project, cfg->series_total};
	const struct retention keep = {.raw = cfg->raw_hours * HOUR,
	    .minute = cfg->minute_hours * HOUR,
	    .hour = cfg->hourly_days * DAY,
	    .day = cfg->daily_days * DAY};
	struct adoption *out = adoption_new(in->to, &caps, &keep);
	int st = 0;

	for (size_t i = 0; st == 0 && i < sizeof tables / sizeof tables[0]; i++)
		st = import_all_rows(in, &tables[i], out);
	adoption_free(out);
	return st;
}
