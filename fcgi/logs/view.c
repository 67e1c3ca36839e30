/* SPDX-License-Identifier: MIT */
#include "view.h"

#include "clock.h"
#include "logs.h"

/* What a search may take; lighttpd would wait for 30 s. */
#define WALK_US 8000000

static int
begin(struct req *rq, struct logs_view *view)
{
	if (db_begin_read(rq->db) == DB_FAILED ||
	    log_sources_read(rq->db, rq->mem, &view->sources) == DB_FAILED) {
		filter_free(&view->filter);
		return req_fail_db(rq);
	}
	view->filter.low_id = store_number(logs_store(), "low_id");
	view->deadline_us = rq->started_us + WALK_US;
	return 0;
}

int
logs_view_open(struct req *rq, struct logs_view *view)
{
	int st = filter_read(rq, &view->filter);

	return st != 0 ? st : begin(rq, view);
}

int
logs_view_open_all(struct req *rq, struct logs_view *view)
{
	view->filter = filter_all();
	return begin(rq, view);
}

void
logs_view_close(struct logs_view *view)
{
	filter_free(&view->filter);
}

struct walk *
logs_view_walk(struct req *rq, const struct logs_view *view, enum walk_order order,
    const struct position *after)
{
	return walk_new(&(struct walk_request){
	    .db = rq->db,
	    .store = logs_store(),
	    .filter = &view->filter,
	    .sources = &view->sources,
	    .order = order,
	    .after = after,
	    .deadline_us = view->deadline_us,
	});
}

int
logs_fail_walk(struct req *rq, enum walk_result result)
{
	if (result == WALK_REGEX)
		return req_fail(rq, 400,
		    "regex: it takes too long; make it simpler, or narrow the search by "
		    "since, until or container");
	if (result == WALK_TIMEOUT)
		return req_fail_later(rq, 503, 5,
		    "The search took too long and was given up; narrow it by since, until or "
		    "container");
	return req_fail_db(rq);
}

void
logs_write_time(struct json_out *out, const char *key, int64_t ns)
{
	char text[TIME_TEXT_SIZE];

	json_text(out, key,
	    ns % NS_PER_SECOND == 0 ? time_format(text, ns / NS_PER_SECOND)
				    : time_format_ns(text, ns));
}

void
logs_write_line(
    struct json_out *out, const char *key, const struct log_line *line, const char *container)
{
	static const char *const kinds[] = {
	    [KIND_LINE] = "line", [KIND_GAP] = "gap", [KIND_LIFECYCLE] = "lifecycle"};

	json_object(out, key);
	json_int(out, "id", line->id);
	logs_write_time(out, "timestamp", line->ns);
	json_text(out, "container", container);
	json_text(out, "stream", line->stream == STREAM_STDERR ? "stderr" : "stdout");
	json_text(out, "level", level_name(line->level));
	json_text_len(out, "message", line->text, line->len);
	if (line->kind != KIND_LINE)
		json_text(out, "kind", kinds[line->kind]);
	if (line->cut)
		json_bool(out, "truncated", true);
	json_object_end(out);
}
