/* SPDX-License-Identifier: MIT */
/*
 * What the catalogue knows: names, series, labels and projects.  It keeps what was
 * ever seen, as long as there is anything of it in a tier, so what paused is there.
 */
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "labels.h"
#include "metrics.h"
#include "query.h"
#include "text.h"

/* ---- names and projects ------------------------------------------------------------ */

/* GET /api/metrics/names?project=: 200 {"metrics": [{name, type, series, last_seen}]}. */
int
metrics_names(struct req *rq)
{
	const char *project = query_text(rq, "project");
	struct db *db = rq->db;
	struct json_out *out = req_json(rq);
	const char *name = NULL;
	int64_t type = -1, series = 0, last_seen = 0;
	int found = db_query(db, SQL_METRIC_LIST, DB_ARGS(DB_TEXT(project)));

	json_object(out, NULL);
	json_array(out, "metrics");
	for (;; found = db_next(db, SQL_METRIC_LIST)) {
		/* The rows of one name and type, a row for each project, are one entry. */
		if (name != NULL && (found != DB_ROW || db_int(db, SQL_METRIC_LIST, 1) != type ||
					strcmp(db_text(db, SQL_METRIC_LIST, 0), name) != 0)) {
			json_object(out, NULL);
			json_text(out, "name", name);
			json_text(out, "type", metric_type_words[type]);
			json_int(out, "series", series);
			json_time(out, "last_seen", last_seen);
			json_object_end(out);
			name = NULL;
		}
		if (found != DB_ROW)
			break;
		if (name == NULL) {
			name = db_text_copy(db, SQL_METRIC_LIST, 0, rq->mem);
			type = db_int(db, SQL_METRIC_LIST, 1);
			series = last_seen = 0;
		}
		series += db_int(db, SQL_METRIC_LIST, 3);
		if (db_int(db, SQL_METRIC_LIST, 4) > last_seen)
			last_seen = db_int(db, SQL_METRIC_LIST, 4);
	}
	json_array_end(out);
	json_object_end(out);
	return found == DB_FAILED ? req_fail_db(rq) : 200;
}

/* GET /api/projects: 200 {"projects": [...]}. */
int
metrics_projects(struct req *rq)
{
	struct json_out *out = req_json(rq);
	int found = db_query(rq->db, SQL_PROJECT_LIST, DB_NO_ARGS);

	json_object(out, NULL);
	json_array(out, "projects");
	for (; found == DB_ROW; found = db_next(rq->db, SQL_PROJECT_LIST))
		json_text(out, NULL, db_text(rq->db, SQL_PROJECT_LIST, 0));
	json_array_end(out);
	json_object_end(out);
	return found == DB_FAILED ? req_fail_db(rq) : 200;
}

/* ---- the series of a name ---------------------------------------------------------- */

struct params {
	const char *name, *project, *labels;
	int64_t limit;
};

static const struct query_field fields[] = {
    {"name", QUERY_TEXT, 0, offsetof(struct params, name), 0, 0, METRICS_MAX_NAME, NULL},
    {"project", QUERY_TEXT, 0, offsetof(struct params, project), 0, 0, METRICS_MAX_NAME, NULL},
    {"labels", QUERY_TEXT, 0, offsetof(struct params, labels), 0, 0, 0, NULL},
    {"limit", QUERY_INT, 0, offsetof(struct params, limit), 100, 1, 10000, NULL},
};

/* A series of the name that was asked for. */
struct found {
	const char *labels; /* canonical */
	const cJSON *parsed;
	const char *project;
	int64_t type, last_seen;
};

struct search {
	struct params params;
	struct label_filter filter;
	struct found *all;
	size_t n, room;
};

static int
want_search(struct req *rq, struct search *s)
{
	int st = query_read(rq, fields, NELEM(fields), &s->params);

	if (st == 0 && s->params.name == NULL)
		st = req_fail(rq, 400, "Missing required parameter: name");
	if (st == 0 && s->params.labels != NULL)
		label_filter_parse(rq->mem, s->params.labels, &s->filter);
	return st;
}

static int
read_series(struct req *rq, struct search *s, int64_t metric, int64_t type, const char *project)
{
	struct db *db = rq->db;
	int found = db_query(db, SQL_METRIC_SERIES, DB_ARGS(DB_INT(metric)));

	for (; found == DB_ROW; found = db_next(db, SQL_METRIC_SERIES)) {
		struct found f = {
		    .labels = db_text_copy(db, SQL_METRIC_SERIES, 1, rq->mem),
		    .project = project,
		    .type = type,
		    .last_seen = db_int(db, SQL_METRIC_SERIES, 2),
		};
		const char *why;
		size_t at;

		if (*f.labels == '\0')
			continue;
		f.parsed = json_parse(rq->mem, f.labels, strlen(f.labels), &why, &at);
		if (!label_filter_matches(&s->filter, f.parsed, project))
			continue;
		s->all = array_grow(s->all, s->n, &s->room, sizeof *s->all);
		s->all[s->n++] = f;
	}
	return found;
}

static int
find_series(struct req *rq, struct search *s)
{
	struct db *db = rq->db;
	int found, st = 0;

	if (db_begin_read(db) == -1)
		return DB_FAILED;
	found = db_query(db, SQL_METRICS_OF_NAME, DB_ARGS(DB_TEXT(s->params.name)));
	for (; found == DB_ROW && st == 0; found = db_next(db, SQL_METRICS_OF_NAME)) {
		const char *project = db_text_copy(db, SQL_METRICS_OF_NAME, 2, rq->mem);

		if ((s->params.project != NULL && strcmp(s->params.project, project) != 0) ||
		    (s->filter.project != NULL && strcmp(s->filter.project, project) != 0))
			continue;
		st = read_series(rq, s, db_int(db, SQL_METRICS_OF_NAME, 0),
		    db_int(db, SQL_METRICS_OF_NAME, 1), project);
	}
	return found == DB_FAILED ? found : st;
}

/*
 * GET /api/metrics/series?name=: 200 {"series": [{name, type, project,
 * labels, last_seen}], total}.
 */
int
metrics_series(struct req *rq)
{
	struct search s = {0};
	struct json_out *out;
	int st;

	if ((st = want_search(rq, &s)) != 0)
		return st;
	if (find_series(rq, &s) == -1) {
		free(s.all);
		return req_fail_db(rq);
	}
	out = req_json(rq);
	json_object(out, NULL);
	json_array(out, "series");
	for (size_t i = 0; i < s.n && i < (size_t)s.params.limit; i++) {
		const struct found *f = &s.all[i];

		json_object(out, NULL);
		json_text(out, "name", s.params.name);
		json_text(out, "type", metric_type_words[f->type]);
		json_text(out, "project", *f->project != '\0' ? f->project : NULL);
		json_raw(out, "labels", f->labels, strlen(f->labels));
		json_time(out, "last_seen", f->last_seen);
		json_object_end(out);
	}
	json_array_end(out);
	json_int(out, "total", (int64_t)s.n);
	json_int(out, "limit", s.params.limit);
	json_object_end(out);
	free(s.all);
	return 200;
}

/* ---- their labels ------------------------------------------------------------------ */

struct pair {
	const char *name, *value;
};

static int
compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : strcmp(x->value, y->value);
}

/* Every label of every series, in order. */
static struct pair *
collect_pairs(struct req *rq, const struct search *s, size_t *n)
{
	struct pair *pairs;

	*n = 0;
	for (size_t i = 0; i < s->n; i++)
		*n += (size_t)cJSON_GetArraySize(s->all[i].parsed);
	pairs = arena_alloc(rq->mem, (*n + 1) * sizeof *pairs);
	*n = 0;
	for (size_t i = 0; i < s->n; i++)
		for (const cJSON *l = s->all[i].parsed->child; l != NULL; l = l->next)
			pairs[(*n)++] = (struct pair){l->string, l->valuestring};
	qsort(pairs, *n, sizeof *pairs, compare_pairs);
	return pairs;
}

/* The values of the label that begins at pairs[from]; returns where the next label begins. */
static size_t
write_values(struct json_out *out, const struct pair *pairs, size_t n, size_t from, int64_t limit)
{
	size_t i = from, same;
	int64_t values = 0;

	json_object(out, NULL);
	json_text(out, "name", pairs[from].name);
	json_array(out, "values");
	for (; i < n && strcmp(pairs[i].name, pairs[from].name) == 0; i += same, values++) {
		for (same = 1; i + same < n && compare_pairs(&pairs[i], &pairs[i + same]) == 0;)
			same++;
		if (values >= limit)
			continue;
		json_object(out, NULL);
		json_text(out, "value", pairs[i].value);
		json_int(out, "series", (int64_t)same);
		json_object_end(out);
	}
	json_array_end(out);
	json_int(out, "total", values);
	json_object_end(out);
	return i;
}

/* GET /api/metrics/labels?name=: 200 {"labels": [{name, values: [{value, series}], total}]}. */
int
metrics_labels(struct req *rq)
{
	struct search s = {0};
	struct json_out *out;
	struct pair *pairs;
	size_t n;
	int st;

	if ((st = want_search(rq, &s)) != 0)
		return st;
	if (find_series(rq, &s) == -1) {
		free(s.all);
		return req_fail_db(rq);
	}
	pairs = collect_pairs(rq, &s, &n);
	free(s.all);
	out = req_json(rq);
	json_object(out, NULL);
	json_array(out, "labels");
	for (size_t i = 0; i < n;)
		i = write_values(out, pairs, n, i, s.params.limit);
	json_array_end(out);
	json_object_end(out);
	return 200;
}
