/* SPDX-License-Identifier: MIT */
/* One line by its id, and the lines around it. */
#include <stdlib.h>

#include "logs.h"
#include "logs_sql.h"
#include "query.h"
#include "text.h"
#include "view.h"

/* The line in the only chunk of its source that may hold it: 1, 0, or -1 failed. */
static int
find_in_source(struct req *rq, int64_t source, int64_t id, struct log_line *line)
{
	struct chunk chunk;
	int64_t number, segment, first;
	int st = db_query(rq->db, SQL_CHUNK_OF_SOURCE, DB_ARGS(DB_INT(source), DB_INT(id)));

	if (st != DB_ROW)
		return st;
	number = db_int(rq->db, SQL_CHUNK_OF_SOURCE, 0);
	segment = db_int(rq->db, SQL_CHUNK_OF_SOURCE, 1);
	first = db_int(rq->db, SQL_CHUNK_OF_SOURCE, 3);
	db_done(rq->db, SQL_CHUNK_OF_SOURCE);
	if (first > id || store_load(logs_store(), rq->mem, segment, number, &chunk) != 0)
		return 0;
	for (size_t i = 0; i < chunk.n; i++)
		if (chunk.lines[i].id == id) {
			*line = chunk.lines[i];
			return 1;
		}
	return 0;
}

/* Finds the line of the path; 0, or the refusal staged. */
static int
want_line(struct req *rq, struct logs_view *view, struct log_line *line, int64_t *source)
{
	int64_t id;
	int st;

	if ((st = want_id(rq, 0, &id)) != 0 || (st = logs_view_open_all(rq, view)) != 0)
		return st;
	if (id < view->filter.low_id)
		return req_fail(rq, 404, "No such line");
	for (size_t i = 0; i < view->sources.n; i++) {
		*source = view->sources.items[i].id;
		if ((st = find_in_source(rq, *source, id, line)) == -1)
			return req_fail_db(rq);
		if (st == 1)
			return 0;
	}
	return req_fail(rq, 404, "No such line");
}

/* GET /api/logs/{id}: one line; its id stays the same for as long as it is kept. */
int
logs_entry(struct req *rq)
{
	struct logs_view view;
	struct log_line line;
	int64_t source;
	int st = want_line(rq, &view, &line, &source);

	if (st != 0)
		return st;
	logs_write_line(req_json(rq), NULL, &line, log_sources_name(&view.sources, source));
	return 200;
}

/* ---- around it --------------------------------------------------------------------- */

struct around {
	int64_t before, after;
};

static const struct query_field fields[] = {
    {"before", QUERY_INT, 0, offsetof(struct around, before), 50, 0, 500, NULL},
    {"after", QUERY_INT, 0, offsetof(struct around, after), 50, 0, 500, NULL},
};

/* The lines next to the position, at most max; texts are copied. */
static enum walk_result
gather(struct req *rq, const struct logs_view *view, enum walk_order order,
    const struct position *from, struct log_line *lines, int64_t max, int64_t *n)
{
	struct walk *walk = logs_view_walk(rq, view, order, from);
	enum walk_result result = WALK_END;
	int64_t source;

	for (*n = 0; *n < max; ++*n) {
		struct log_line *line = &lines[*n];

		if ((result = walk_next(walk, line, &source)) != WALK_LINE)
			break;
		line->text = arena_strndup(rq->mem, line->text, line->len);
	}
	walk_free(walk);
	return result == WALK_LINE ? WALK_END : result;
}

static int
write_around(struct req *rq, struct logs_view *view, const struct around *asked,
    const struct log_line *line, const char *name)
{
	struct log_line *lines =
	    arena_alloc(rq->mem, (size_t)(asked->before + asked->after + 1) * sizeof *lines);
	struct log_line *later = lines + asked->before;
	const struct position place = {line->ns, line->id};
	struct json_out *out;
	enum walk_result result;
	int64_t before, after;

	if ((result = gather(rq, view, NEWEST_FIRST, &place, lines, asked->before, &before)) !=
		WALK_END ||
	    (result = gather(rq, view, OLDEST_FIRST, &place, later, asked->after, &after)) !=
		WALK_END)
		return logs_fail_walk(rq, result);
	out = req_json(rq);
	json_object(out, NULL);
	json_array(out, "before");
	while (before > 0)
		logs_write_line(out, NULL, &lines[--before], name);
	json_array_end(out);
	logs_write_line(out, "line", line, name);
	json_array(out, "after");
	for (int64_t i = 0; i < after; i++)
		logs_write_line(out, NULL, &later[i], name);
	json_array_end(out);
	json_object_end(out);
	return 200;
}

/*
 * GET /api/logs/{id}/context?before=&after=: the line and those of its container around
 * it, without any filter, oldest first; 50 each, at most 500.
 */
int
logs_context(struct req *rq)
{
	struct around asked;
	struct logs_view view;
	struct log_line line;
	const char *name;
	int64_t source = 0;
	int st;

	if ((st = query_read(rq, fields, NELEM(fields), &asked)) != 0 ||
	    (st = want_line(rq, &view, &line, &source)) != 0)
		return st;
	name = log_sources_name(&view.sources, source);
	view.filter.containers = (struct query_list){&name, 1};
	return write_around(rq, &view, &asked, &line, name);
}
