/* SPDX-License-Identifier: MIT */
#include "selection.h"

#include <stdlib.h>
#include <string.h>

#include "array.h"

#define LABELS_KEEP ((size_t)4096)

/* A metric of the name, that is of one type in one project. */
struct metric {
	int64_t id;
	int type;
	const char *project;
	int64_t last_seen;
};

/* A series found, with the text that decides its group. */
struct found {
	uint32_t series;
	bool total;
	const char *group;
};

struct search {
	struct db *db;
	struct arena *mem;
	const struct question *question;
	struct found *found;
	size_t n, room;
};

static int
read_metrics(struct search *s, struct metric **metrics, size_t *n)
{
	struct db *db = s->db;
	size_t room = 0;
	int st = db_query(db, SQL_METRICS_OF_NAME, DB_ARGS(DB_TEXT(s->question->name)));

	for (*n = 0; st == DB_ROW; st = db_next(db, SQL_METRICS_OF_NAME)) {
		*metrics = array_grow(*metrics, *n, &room, sizeof **metrics);
		(*metrics)[(*n)++] = (struct metric){
		    .id = db_int(db, SQL_METRICS_OF_NAME, 0),
		    .type = (int)db_int(db, SQL_METRICS_OF_NAME, 1),
		    .project = db_text_copy(db, SQL_METRICS_OF_NAME, 2, s->mem),
		    .last_seen = db_int(db, SQL_METRICS_OF_NAME, 3),
		};
	}
	return st;
}

static bool
in_project(const struct question *q, const char *project)
{
	return (q->project == NULL || strcmp(q->project, project) == 0) &&
	       (q->filter.project == NULL || strcmp(q->filter.project, project) == 0);
}

/* The type asked for, or the one whose metrics were seen last. */
static int
choose_type(const struct question *q, const struct metric *metrics, size_t n, unsigned *types)
{
	const struct metric *latest = NULL;

	*types = 0;
	for (size_t i = 0; i < n; i++) {
		if (!in_project(q, metrics[i].project))
			continue;
		*types |= 1U << metrics[i].type;
		if (latest == NULL || metrics[i].last_seen > latest->last_seen)
			latest = &metrics[i];
	}
	if (q->type != SELECTION_ANY_TYPE)
		return q->type;
	return latest != NULL ? latest->type : METRIC_COUNTER;
}

/* Whether the question is about all series of a metric as one. */
static bool
wants_all(const struct question *q)
{
	return q->filter.n == 0 && q->group_by.n == 0;
}

static int
read_series(struct search *s, const struct metric *metric)
{
	const struct question *q = s->question;
	struct db *db = s->db;
	struct arena *mem = arena_new(LABELS_KEEP); /* of one series after the other */
	int st = db_query(db, SQL_METRIC_SERIES, DB_ARGS(DB_INT(metric->id)));

	for (; st == DB_ROW; st = db_next(db, SQL_METRIC_SERIES), arena_reset(mem)) {
		const char *text = db_text(db, SQL_METRIC_SERIES, 1), *why;
		struct found found = {
		    .series = (uint32_t)db_int(db, SQL_METRIC_SERIES, 0),
		    .total = *text == '\0',
		    .group = "",
		};
		size_t at;

		if (!wants_all(q)) {
			const cJSON *labels;

			if (found.total)
				continue;
			labels = json_parse(mem, text, strlen(text), &why, &at);
			if (!label_filter_matches(&q->filter, labels, metric->project))
				continue;
			if (q->group_by.n > 0)
				found.group =
				    labels_pick(s->mem, labels, metric->project, &q->group_by);
		}
		s->found = array_grow(s->found, s->n, &s->room, sizeof *s->found);
		s->found[s->n++] = found;
	}
	arena_free(mem);
	return st;
}

static int
compare_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = strcmp(x->group, y->group);

	return order != 0 ? order : (x->series > y->series) - (x->series < y->series);
}

static int
compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return (x->series > y->series) - (x->series < y->series);
}

/* Numbers the groups and divides what was found. */
static void
divide(const struct search *s, struct selection *out)
{
	const size_t room = s->n + 1;

	out->groups = arena_alloc(s->mem, room * sizeof *out->groups);
	out->stored = arena_alloc(s->mem, room * sizeof *out->stored);
	out->waiting = arena_alloc(s->mem, room * sizeof *out->waiting);
	if (s->n > 0)
		qsort(s->found, s->n, sizeof *s->found, compare_found);
	for (size_t i = 0; i < s->n; i++) {
		const struct found *f = &s->found[i];
		struct member member;

		if (i == 0 || strcmp(f->group, s->found[i - 1].group) != 0)
			out->groups[out->ngroups++] = s->question->group_by.n > 0 ? f->group : NULL;
		member = (struct member){f->series, (uint32_t)out->ngroups - 1};
		if (!f->total)
			out->waiting[out->nwaiting++] = member;
		if (f->total == wants_all(s->question))
			out->stored[out->nstored++] = member;
	}
	if (s->n > 0) {
		qsort(out->stored, out->nstored, sizeof *out->stored, compare_members);
		qsort(out->waiting, out->nwaiting, sizeof *out->waiting, compare_members);
	}
}

int
select_series(
    struct db *db, struct arena *mem, const struct question *question, struct selection *out)
{
	struct search s = {.db = db, .mem = mem, .question = question};
	struct metric *metrics = NULL;
	size_t n;
	int st;

	*out = (struct selection){0};
	st = read_metrics(&s, &metrics, &n);
	out->type = (enum metric_type)choose_type(question, metrics, n, &out->types);
	for (size_t i = 0; i < n && st == 0; i++)
		if (metrics[i].type == (int)out->type && in_project(question, metrics[i].project))
			st = read_series(&s, &metrics[i]);
	if (st == 0)
		divide(&s, out);
	free(metrics);
	free(s.found);
	return st;
}

/* A series as the catalogue lists it. */
struct listed {
	struct member member;
	bool total;
};

/* Reads the whole catalogue; a group begins with each new name and type. */
static int
list_series(struct db *db, struct arena *mem, const char *project, struct listed **series,
    size_t *n, struct metric_name **names, size_t *nnames)
{
	size_t series_room = 0, names_room = 0;
	int st = db_query(db, SQL_SERIES_LIST, DB_ARGS(DB_TEXT(project)));

	for (*n = *nnames = 0; st == DB_ROW; st = db_next(db, SQL_SERIES_LIST)) {
		const char *name = db_text(db, SQL_SERIES_LIST, 0);
		enum metric_type type = (enum metric_type)db_int(db, SQL_SERIES_LIST, 1);

		if (*nnames == 0 || (*names)[*nnames - 1].type != type ||
		    strcmp((*names)[*nnames - 1].name, name) != 0) {
			*names = array_grow(*names, *nnames, &names_room, sizeof **names);
			(*names)[(*nnames)++] = (struct metric_name){arena_strdup(mem, name), type};
		}
		*series = array_grow(*series, *n, &series_room, sizeof **series);
		(*series)[(*n)++] = (struct listed){
		    {(uint32_t)db_int(db, SQL_SERIES_LIST, 2), (uint32_t)*nnames - 1},
		    db_int(db, SQL_SERIES_LIST, 3) != 0,
		};
	}
	return st;
}

int
select_metrics(struct db *db, struct arena *mem, const char *project, struct selection *out,
    struct metric_name **names)
{
	struct listed *series = NULL;
	struct metric_name *listed = NULL;
	size_t n, nnames;
	int st = list_series(db, mem, project, &series, &n, &listed, &nnames);

	*out = (struct selection){
	    .ngroups = nnames,
	    .stored = arena_alloc(mem, (n + 1) * sizeof *out->stored),
	    .waiting = arena_alloc(mem, (n + 1) * sizeof *out->waiting),
	};
	for (size_t i = 0; i < n; i++)
		if (series[i].total)
			out->stored[out->nstored++] = series[i].member;
		else
			out->waiting[out->nwaiting++] = series[i].member;
	qsort(out->stored, out->nstored, sizeof *out->stored, compare_members);
	qsort(out->waiting, out->nwaiting, sizeof *out->waiting, compare_members);
	*names = arena_alloc(mem, (nnames + 1) * sizeof **names);
	if (nnames > 0)
		memcpy(*names, listed, nnames * sizeof **names);
	free(listed);
	free(series);
	return st;
}

int64_t
member_group(const struct member *members, size_t n, uint32_t series)
{
	const struct member wanted = {.series = series};
	const struct member *found =
	    n > 0 ? bsearch(&wanted, members, n, sizeof *members, compare_members) : NULL;

	return found != NULL ? (int64_t)found->group : -1;
}
