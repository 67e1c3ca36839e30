/* SPDX-License-Identifier: MIT */
/*
 * GET /api/logs/export: every line that passes the filter, as a file.
 *
 * It may take minutes, so it reads in turns: each sees a moment of its own and takes
 * up where the one before ended, so that a slow download does not keep the database
 * from forgetting what it has replaced.
 */
#include <string.h>

#include "clock.h"
#include "logs.h"
#include "query.h"
#include "text.h"
#include "view.h"

#define PIECE ((size_t)65536) /* bytes sent at a time */
#define TURN_US 1000000
#define TURN_LIMIT_US 20000000 /* for one that finds nothing to send */

enum { FORMAT_NDJSON, FORMAT_TEXT };

struct export
{
	struct logs_view view;
	int format, order;
	struct position at; /* the last line that was written */
	bool any;
	bool gone; /* the client does not read on */
};

static const char *const formats[] = {"ndjson", "text", NULL};
static const char *const orders[] = {"asc", "desc", NULL};

static const struct query_field fields[] = {
    {"format", QUERY_CHOICE, 0, offsetof(struct export, format), 0, 0, 0, formats},
    {"order", QUERY_CHOICE, 0, offsetof(struct export, order), 0, 0, 0, orders},
};

static void
write_text(struct buf *out, const struct log_line *line, const char *container)
{
	char time[TIME_TEXT_SIZE];

	buf_printf(out, "%s %s %s %s ", time_format_ns(time, line->ns), container,
	    line->stream == STREAM_STDERR ? "stderr" : "stdout", level_name(line->level));
	buf_add(out, line->text, line->len);
	buf_char(out, '\n');
}

static void
write_entry(struct req *rq, const struct export *e, const struct log_line *line, int64_t source)
{
	const char *name = log_sources_name(&e->view.sources, source);
	struct json_out out = {.buf = &rq->out};

	if (e->format == FORMAT_TEXT) {
		write_text(&rq->out, line, name);
		return;
	}
	logs_write_line(&out, NULL, line, name);
	buf_char(&rq->out, '\n');
}

static void
add_head(struct req *rq, const struct export *e)
{
	bool text = e->format == FORMAT_TEXT;

	rq->type = text ? "text/plain; charset=utf-8" : "application/x-ndjson";
	req_add_header(
	    rq, "Content-Disposition: attachment; filename=\"logs.%s\"", text ? "txt" : "ndjson");
}

static void
send_piece(struct req *rq, struct export *e)
{
	if (!rq->streaming)
		add_head(rq, e);
	e->gone = req_stream(rq, rq->streaming ? 0 : 200, rq->out.data, rq->out.len) == -1;
	rq->out.len = 0;
}

/* One turn; WALK_LINE if there may be more. */
static enum walk_result
take_turn(struct req *rq, struct export *e)
{
	int64_t until = clock_mono_us() + TURN_US;
	enum walk_result result;
	struct log_line line;
	struct walk *walk;
	int64_t source;

	walk = logs_view_walk(
	    rq, &e->view, e->order == 1 ? NEWEST_FIRST : OLDEST_FIRST, e->any ? &e->at : NULL);
	while ((result = walk_next(walk, &line, &source)) == WALK_LINE && !e->gone) {
		write_entry(rq, e, &line, source);
		e->at = (struct position){line.ns, line.id};
		e->any = true;
		if (rq->out.len >= PIECE)
			send_piece(rq, e);
		if (clock_mono_us() > until)
			break;
	}
	walk_free(walk);
	return result;
}

static void
allow_turn(struct req *rq, struct export *e)
{
	e->view.deadline_us = clock_mono_us() + TURN_LIMIT_US;
	db_set_deadline(rq->db, e->view.deadline_us);
	if (e->view.filter.regex != NULL)
		line_regex_allow(e->view.filter.regex, TURN_LIMIT_US);
}

/* Reads on at a new moment. */
static int
next_moment(struct req *rq, struct export *e)
{
	db_rollback(rq->db);
	allow_turn(rq, e);
	return db_begin_read(rq->db);
}

/* What ended it early stands in its last line. */
static void
write_fault(struct req *rq, const struct export *e)
{
	static const char fault[] = "The export ends here: reading the logs failed";
	struct json_out out = {.buf = &rq->out};

	if (e->format == FORMAT_TEXT) {
		buf_printf(&rq->out, "# %s\n", fault);
		return;
	}
	json_object(&out, NULL);
	json_text(&out, "detail", fault);
	json_object_end(&out);
	buf_char(&rq->out, '\n');
}

static int
stream(struct req *rq, struct export *e)
{
	enum walk_result result;

	rq->out.len = 0;
	while ((result = take_turn(rq, e)) == WALK_LINE && !e->gone)
		if (next_moment(rq, e) == DB_FAILED) {
			result = WALK_FAILED;
			break;
		}
	if (result != WALK_END && !rq->streaming)
		return logs_fail_walk(rq, result);
	if (result != WALK_END && !e->gone)
		write_fault(rq, e);
	if (!e->gone)
		send_piece(rq, e);
	return 200;
}

/*
 * GET /api/logs/export: all lines there are that pass the filter, streamed, oldest first.
 *
 *	format   ndjson, an object as in /api/logs on each line, or text
 *	order    asc or desc
 */
int
logs_export(struct req *rq)
{
	struct export e = {0};
	int st;

	if ((st = query_read(rq, fields, NELEM(fields), &e)) != 0 ||
	    (st = logs_view_open(rq, &e.view)) != 0)
		return st;
	/* Lines that arrive meanwhile are not waited for. */
	e.view.filter.last_id = store_number(logs_store(), "next_id") - 1;
	if (rq->head) {
		add_head(rq, &e);
		logs_view_close(&e.view);
		return 200;
	}
	allow_turn(rq, &e);
	st = stream(rq, &e);
	logs_view_close(&e.view);
	return st;
}
