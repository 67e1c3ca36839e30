/* SPDX-License-Identifier: MIT */
/* POST /api/browser/errors: what a page reports, as the error tracker takes it. */
#include <string.h>

#include "clock.h"
#include "relay.h"
#include "resolve.h"
#include "text.h"

/* What the tracker takes at most; a browser's report is shortened rather than refused. */
#define TYPE_MAX 200
#define NAME_MAX_BYTES 200
#define EVENT_MAX 64
#define COUNT_MAX 10000
#define MAX_CAUSES 8

/* Sets of cJSON's types. */
#define SCALAR (cJSON_String | cJSON_Number | cJSON_True | cJSON_False | cJSON_NULL)
#define ANYTHING (~0)

struct browser_report {
	const char *type, *message, *stack;
	const char *release;       /* may be NULL */
	struct resolver *resolver; /* of its own stack and those of its causes */
	const char *event;
};

static int
want_present(struct req *rq, const cJSON *doc, const char *name, const char **out)
{
	*out = json_get_text(doc, name);
	return *out != NULL ? 0 : req_fail(rq, 400, "Missing required field: %s", name);
}

static int
read_report(struct req *rq, const cJSON *doc, struct browser_report *r)
{
	const cJSON *debug_ids = json_get(doc, "debug_ids");
	int st;

	if ((st = want_present(rq, doc, "type", &r->type)) != 0 ||
	    (st = want_present(rq, doc, "message", &r->message)) != 0 ||
	    (st = want_present(rq, doc, "stack", &r->stack)) != 0)
		return st;
	r->release = json_get_text(doc, "release");
	r->resolver = resolver_new(rq, r->release, cJSON_IsObject(debug_ids) ? debug_ids : NULL);
	r->event = relay_event(rq, json_get_text(doc, "event_id"), EVENT_MAX);
	return 0;
}

/* ---- what the tracker gets --------------------------------------------------------- */

/* A text of the page, if it is one, cut to max bytes (0: whole). */
static void
put_text(struct json_out *out, const char *key, const char *text, size_t max)
{
	size_t len;

	if (text == NULL)
		return;
	len = strlen(text);
	json_text_len(out, key, text, max > 0 ? text_utf8_cut(text, len, max) : len);
}

/*
 * A member as it came, if it has the shape that the tracker asks for, without those of
 * its items that have not: the tracker would refuse the whole report for one of them.
 * items is a set of cJSON's types.
 */
static void
put_shape(struct json_out *out, const cJSON *doc, const char *key, int type, int items)
{
	const cJSON *shape = json_get(doc, key), *item;

	if (shape == NULL || (shape->type & 0xff) != type)
		return;
	if (type == cJSON_Array)
		json_array(out, key);
	else
		json_object(out, key);
	for (item = shape->child; item != NULL; item = item->next)
		if ((item->type & items) != 0)
			json_tree(out, item->string, item);
	if (type == cJSON_Array)
		json_array_end(out);
	else
		json_object_end(out);
}

/* How many arrays and objects lie in one another; no more than json_parse() lets through. */
static int
levels(const cJSON *value)
{
	int below = 0;

	for (const cJSON *item = value != NULL ? value->child : NULL; item != NULL;
	     item = item->next) {
		int here = levels(item);

		below = here > below ? here : below;
	}
	return cJSON_IsArray(value) || cJSON_IsObject(value) ? below + 1 : 0;
}

static void
put_extra(struct json_out *out, const cJSON *doc)
{
	static const char *const names[] = {"user_agent", "session_id", "release", "timestamp"};

	json_object(out, "extra");
	for (size_t i = 0; i < NELEM(names); i++)
		put_text(out, names[i], json_get_text(doc, names[i]), 0);
	/* It lies one level deeper for the tracker, which would refuse the report. */
	if (levels(json_get(doc, "context")) + 2 > JSON_MAX_DEPTH)
		json_text(out, "context", "left out: nested too deeply");
	else
		put_shape(out, doc, "context", cJSON_Object, ANYTHING);
	json_object_end(out);
}

static void
put_level(struct json_out *out, const cJSON *doc)
{
	static const char *const words[] = {"debug", "info", "warning", "error", "fatal"};
	const char *level = json_get_text(doc, "level");

	for (size_t i = 0; level != NULL && i < NELEM(words); i++)
		if (strcmp(level, words[i]) == 0)
			json_text(out, "level", level);
}

static void
put_count(struct json_out *out, const cJSON *doc)
{
	int64_t count;

	if (json_is_int(json_get(doc, "count"), 1, INT64_C(1) << 53, &count))
		json_int(out, "count", count < COUNT_MAX ? count : COUNT_MAX);
}

/* A stack as rewritten text and as frames; -1 if the database failed. */
static int
put_trace(struct req *rq, struct json_out *out, const struct browser_report *r, const char *stack)
{
	struct trace trace;

	if (trace_read(r->resolver, stack, &trace) == DB_FAILED)
		return -1;
	json_text(out, "traceback", trace.text);
	trace_write_frames(out, &trace);
	app_count(rq, COUNTER_MAPPED, trace.mapped);
	app_count(rq, COUNTER_UNMAPPED, trace.nframes - trace.mapped);
	return 0;
}

/* Chained exceptions, the page's names for their members or the tracker's. */
static int
put_causes(struct req *rq, struct json_out *out, const cJSON *doc, const struct browser_report *r)
{
	const cJSON *causes = json_get(doc, "causes"), *cause;
	int left = MAX_CAUSES;

	if (!cJSON_IsArray(causes))
		return 0;
	json_array(out, "causes");
	for (cause = causes->child; cause != NULL && left-- > 0; cause = cause->next) {
		const char *type = json_get_text(cause, "exception_type");
		const char *stack = json_get_text(cause, "traceback");

		if (type == NULL)
			type = json_get_text(cause, "type");
		if (stack == NULL)
			stack = json_get_text(cause, "stack");
		json_object(out, NULL);
		put_text(out, "exception_type", type, TYPE_MAX);
		put_text(out, "message", json_get_text(cause, "message"), 0);
		if (put_trace(rq, out, r, stack != NULL ? stack : "") == -1)
			return -1;
		json_object_end(out);
	}
	json_array_end(out);
	return 0;
}

static int
write_payload(struct req *rq, const cJSON *doc, const struct browser_report *r, struct buf *body)
{
	struct json_out out = {.buf = body};
	const char *url = json_get_text(doc, "url");

	json_object(&out, NULL);
	put_text(&out, "project", rq->service_text, PROJECT_MAX);
	put_text(&out, "exception_type", r->type, TYPE_MAX);
	json_text(&out, "message", r->message);
	json_text(&out, "request_method", "BROWSER");
	put_text(&out, "request_url", url, 0);
	json_text(&out, "event_id", r->event);
	/* When it came here: one that waits in the outbox is not younger for that. */
	json_time(&out, "timestamp", clock_now());
	put_text(&out, "environment", json_get_text(doc, "environment"), NAME_MAX_BYTES);
	put_text(&out, "release", r->release, NAME_MAX_BYTES);
	put_text(&out, "session_id", json_get_text(doc, "session_id"), NAME_MAX_BYTES);
	put_level(&out, doc);
	put_count(&out, doc);
	put_shape(&out, doc, "user", cJSON_Object, ANYTHING);
	put_shape(&out, doc, "tags", cJSON_Object, SCALAR);
	put_shape(&out, doc, "contexts", cJSON_Object, ANYTHING);
	put_shape(&out, doc, "breadcrumbs", cJSON_Array, cJSON_Object);
	put_shape(&out, doc, "debug_ids", cJSON_Object, cJSON_String);
	put_extra(&out, doc);
	if (put_trace(rq, &out, r, r->stack) == -1 || put_causes(rq, &out, doc, r) == -1)
		return -1;
	json_object_end(&out);
	return 0;
}

/*
 * POST /api/browser/errors: 200 and 201 with the tracker's answer, 202 when the
 * report was kept for later, 400 when it is none.
 */
int
browser_errors(struct req *rq)
{
	struct browser_report r = {0};
	struct buf body = {0};
	const cJSON *doc;
	int st;

	if ((st = want_body(rq)) != 0 || (st = want_object(rq, &doc)) != 0 ||
	    (st = read_report(rq, doc, &r)) != 0)
		return st;
	/* One state of the maps for all frames, and one lock instead of one for each question. */
	if (db_begin_read(rq->db) == DB_FAILED || write_payload(rq, doc, &r, &body) == -1 ||
	    db_commit(rq->db) == DB_FAILED)
		st = req_fail_db(rq);
	else
		st = relay_send(rq, TO_ERRORS, r.event, &body, 1, 0);
	buf_free(&body);
	return st;
}
