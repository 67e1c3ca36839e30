/* SPDX-License-Identifier: MIT */
/* GET /api/logs/fields: what lines of JSON and logfmt can be filtered by. */
#include <stdlib.h>
#include <string.h>

#include "line_fields.h"
#include "logs.h"
#include "query.h"
#include "text.h"
#include "view.h"

#define FIELDS_MAX 100 /* names that are counted */
#define VALUES_MAX 100 /* values of a name that are counted; the rest is "other" */
#define LINE_ARENA ((size_t)65536)

struct value {
	const char *text;
	int64_t count;
};

struct field {
	const char *name;
	int64_t count, other;
	struct value values[VALUES_MAX];
	size_t n;
};

struct survey {
	struct logs_view view;
	int64_t sample, top;
	struct field *fields[FIELDS_MAX];
	size_t n;
	int64_t lines;
};

static const struct query_field parameters[] = {
    {"sample", QUERY_INT, 0, offsetof(struct survey, sample), 1000, 1, 10000, NULL},
    {"top", QUERY_INT, 0, offsetof(struct survey, top), 10, 1, VALUES_MAX, NULL},
};

static struct field *
find_field(struct req *rq, struct survey *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->fields[i]->name, name) == 0)
			return t->fields[i];
	if (t->n == FIELDS_MAX)
		return NULL;
	t->fields[t->n] = arena_alloc(rq->mem, sizeof *t->fields[0]);
	t->fields[t->n]->name = arena_strdup(rq->mem, name);
	return t->fields[t->n++];
}

static void
count_value(struct req *rq, struct field *field, const char *text)
{
	field->count++;
	for (size_t i = 0; i < field->n; i++)
		if (strcmp(field->values[i].text, text) == 0) {
			field->values[i].count++;
			return;
		}
	if (field->n == VALUES_MAX) {
		field->other++;
		return;
	}
	field->values[field->n++] = (struct value){arena_strdup(rq->mem, text), 1};
}

static enum walk_result
count_lines(struct req *rq, struct survey *t, struct arena *mem)
{
	struct walk *walk = logs_view_walk(rq, &t->view, NEWEST_FIRST, NULL);
	enum walk_result result = WALK_END;
	struct log_line line;
	int64_t source;

	while (t->lines < t->sample && (result = walk_next(walk, &line, &source)) == WALK_LINE) {
		struct line_field found[LINE_FIELDS_MAX];
		size_t n = line_fields(mem, line.text, line.len, found);

		for (size_t i = 0; i < n; i++) {
			struct field *field = find_field(rq, t, found[i].name);

			if (field != NULL)
				count_value(rq, field, found[i].value);
		}
		t->lines++;
		arena_reset(mem);
	}
	walk_free(walk);
	return result == WALK_LINE ? WALK_END : result;
}

static int
by_count(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->text, y->text);
}

static int
by_use(const void *a, const void *b)
{
	const struct field *x = *(struct field *const *)a, *y = *(struct field *const *)b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void
write_field(struct json_out *out, struct field *field, size_t top)
{
	int64_t other = field->other;

	qsort(field->values, field->n, sizeof field->values[0], by_count);
	json_object(out, NULL);
	json_text(out, "name", field->name);
	json_int(out, "count", field->count);
	json_array(out, "values");
	for (size_t i = 0; i < field->n; i++) {
		if (i >= top) {
			other += field->values[i].count;
			continue;
		}
		json_object(out, NULL);
		json_text(out, "value", field->values[i].text);
		json_int(out, "count", field->values[i].count);
		json_object_end(out);
	}
	json_array_end(out);
	json_int(out, "other", other);
	json_object_end(out);
}

/*
 * GET /api/logs/fields?sample=1000&top=10: of the newest lines that pass the filter, the
 * keys of JSON and logfmt, most used first, each with its most frequent values.
 */
int
logs_top_fields(struct req *rq)
{
	struct survey *t = arena_alloc(rq->mem, sizeof *t);
	enum walk_result result;
	struct json_out *out;
	struct arena *mem;
	int st;

	if ((st = query_read(rq, parameters, NELEM(parameters), t)) != 0 ||
	    (st = logs_view_open(rq, &t->view)) != 0)
		return st;
	mem = arena_new(LINE_ARENA);
	result = count_lines(rq, t, mem);
	arena_free(mem);
	logs_view_close(&t->view);
	if (result != WALK_END)
		return logs_fail_walk(rq, result);
	qsort(t->fields, t->n, sizeof(struct field *), by_use);
	out = req_json(rq);
	json_object(out, NULL);
	json_int(out, "lines", t->lines);
	json_array(out, "fields");
	for (size_t i = 0; i < t->n; i++)
		write_field(out, t->fields[i], (size_t)t->top);
	json_array_end(out);
	json_object_end(out);
	return 200;
}
