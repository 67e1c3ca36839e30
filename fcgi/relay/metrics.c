/* SPDX-License-Identifier: MIT */
/* POST /api/browser/metrics: a page's batch, as the metrics collector takes it. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "page.h"
#include "relay.h"
#include "text.h"

#define BATCH_MAX 1000
#define NAME_MAX_BYTES 200
#define EVENT_MAX 100
/* What the collector takes at most; a label is shortened rather than its batch refused. */
#define LABEL_MAX 1024
/* Names and values of a point's own labels together: a stranger makes thousands of series. */
#define OWN_LABELS_MAX 2048

/* What the whole batch adds to each of its points. */
struct batch {
	const cJSON *items;
	int n;
	const char *project;
	const char *session_id; /* these two may be NULL */
	const char *page;
	const char *device; /* of those who say what browser they are */
	char now[TIME_TEXT_SIZE];
};

/* ---- what is accepted ---------------------------------------------------------------- */

static int
check_item(struct req *rq, const cJSON *item)
{
	static const char *const types[] = {"counter", "histogram", "gauge"};
	const char *name = json_get_text(item, "name"), *type = json_get_text(item, "type");
	size_t i;

	if (!cJSON_IsObject(item))
		return req_fail(rq, 400, "Each metric must be a JSON object");
	if (name == NULL)
		return req_fail(rq, 400, "Missing required field: name");
	if (*name == '\0' || strlen(name) > NAME_MAX_BYTES)
		return req_fail(rq, 400, "Field 'name' must be 1-%d characters", NAME_MAX_BYTES);
	if (type == NULL)
		return req_fail(rq, 400, "Missing required field: type");
	for (i = 0; i < NELEM(types) && strcmp(type, types[i]) != 0; i++)
		continue;
	if (i == NELEM(types))
		return req_fail(rq, 400, "Field 'type' must be 'counter', 'histogram', or 'gauge'");
	if (!cJSON_IsNumber(json_get(item, "value")))
		return req_fail(rq, 400, "Missing required field: value");
	return 0;
}

/*
 * What kind of device a browser runs on, as far as it tells: a telephone says Mobile,
 * a tablet says that it is one or is an Android without that word.  An iPad that asks
 * for desktop pages, as newer ones do, is not told from a Mac.
 */
static const char *
device_of(const char *agent)
{
	if (agent == NULL || *agent == '\0')
		return NULL;
	if (strstr(agent, "iPad") != NULL || strstr(agent, "Tablet") != NULL)
		return "tablet";
	if (strstr(agent, "Mobi") != NULL)
		return "phone";
	return strstr(agent, "Android") != NULL ? "tablet" : "desktop";
}

static int
read_batch(struct req *rq, const cJSON *doc, struct batch *b)
{
	const cJSON *item, *metrics = json_get(doc, "metrics");
	const char *url = json_get_text(doc, "url");

	if (metrics == NULL)
		return req_fail(rq, 400, "Missing required field: metrics");
	if (!cJSON_IsArray(metrics))
		return req_fail(rq, 400, "Field 'metrics' must be an array");
	b->items = metrics->child;
	b->n = cJSON_GetArraySize(metrics);
	if (b->n == 0)
		return req_fail(rq, 400, "Metrics array must not be empty");
	if (b->n > BATCH_MAX)
		return req_fail(rq, 400, "Metrics batch exceeds maximum of %d items", BATCH_MAX);
	for (item = b->items; item != NULL; item = item->next) {
		int st = check_item(rq, item);

		if (st != 0)
			return st;
	}
	b->project = rq->service_text;
	b->session_id = json_get_text(doc, "session_id");
	b->device = device_of(req_header(rq, "User-Agent"));
	b->page = url != NULL ? page_of(rq->mem, url) : NULL;
	(void)time_format(b->now, clock_now());
	return 0;
}

/* ---- what the collector gets ----------------------------------------------------------- */

/* A label of the page's own, unless it is longer than what is left for them. */
static void
put_own_label(struct req *rq, struct json_out *out, const cJSON *label, size_t *left)
{
	const char *value = cJSON_GetStringValue(label);
	size_t len, name_len = strlen(label->string);

	if (value == NULL && !cJSON_IsNumber(label) && !cJSON_IsBool(label))
		return;
	if (value != NULL && strcmp(label->string, "page") == 0)
		value = page_of(rq->mem, value);
	len = value != NULL ? text_utf8_cut(value, strlen(value), LABEL_MAX) : JSON_NUMBER_SIZE;
	if (name_len + len > *left)
		return;
	*left -= name_len + len;
	if (value != NULL)
		json_text_len(out, label->string, value, len);
	else
		json_tree(out, label->string, label);
}

/*
 * The labels: ours first, then the point's own unless ours have that name.  A
 * session is no label: it would make a series of each visit.  Only Web Vitals are told
 * apart by device: for the others it would make three series of each.
 */
static void
put_labels(struct req *rq, struct json_out *out, const struct batch *b, const cJSON *item)
{
	const cJSON *labels = json_get(item, "labels"), *label;
	size_t left = OWN_LABELS_MAX;

	json_object(out, "labels");
	json_text(out, "project", b->project);
	json_text(out, "source", "browser");
	if (b->page != NULL)
		json_text_len(
		    out, "page", b->page, text_utf8_cut(b->page, strlen(b->page), LABEL_MAX));
	if (b->device != NULL && json_get(labels, "device") == NULL &&
	    text_starts_with(json_get_text(item, "name"), "web_vitals_"))
		json_text(out, "device", b->device);
	label = cJSON_IsObject(labels) ? labels->child : NULL;
	for (; label != NULL; label = label->next)
		if (strcmp(label->string, "project") != 0 && strcmp(label->string, "source") != 0 &&
		    strcmp(label->string, "session_id") != 0 &&
		    (b->page == NULL || strcmp(label->string, "page") != 0))
			put_own_label(rq, out, label, &left);
	json_object_end(out);
}

static void
put_item(struct req *rq, struct json_out *out, const struct batch *b, const cJSON *item)
{
	const char *session_id = b->session_id, *timestamp = json_get_text(item, "timestamp");
	const char *id = json_get_text(item, "id");

	if (session_id == NULL)
		session_id = json_get_text(json_get(item, "labels"), "session_id");
	if (session_id == NULL)
		session_id = json_get_text(item, "session_id");
	json_object(out, NULL);
	json_text(out, "name", json_get_text(item, "name"));
	json_text(out, "type", json_get_text(item, "type"));
	json_tree(out, "value", json_get(item, "value"));
	put_labels(rq, out, b, item);
	/* One that waits in the outbox is not younger for that. */
	json_text(out, "timestamp", timestamp != NULL ? timestamp : b->now);
	json_text(out, "project", b->project);
	if (session_id != NULL)
		json_text(out, "session_id", session_id);
	if (id != NULL)
		json_text(out, "id", id);
	json_object_end(out);
}

/*
 * By what the collector knows the batch again: the sender's word for it, within its
 * project.  A page's beacon can set no header, so the word may stand in the batch as well.
 */
static const char *
event_of(struct req *rq, const cJSON *doc)
{
	const char *header = req_header(rq, "Idempotency-Key");
	const char *given = header != NULL ? header : json_get_text(doc, "event_id");

	return arena_printf(
	    rq->mem, "dsn%lld-%s", (long long)rq->service_id, relay_event(rq, given, EVENT_MAX));
}

/*
 * POST /api/browser/metrics: 202 with the collector's answer, or when the batch was
 * kept for later; 400 when one of its points is none.
 */
int
browser_metrics(struct req *rq)
{
	struct batch b = {0};
	struct buf body = {0};
	struct json_out out = {.buf = &body};
	const cJSON *doc;
	int st;

	if ((st = want_body(rq)) != 0 || (st = want_object(rq, &doc)) != 0 ||
	    (st = read_batch(rq, doc, &b)) != 0)
		return st;
	json_array(&out, NULL);
	for (const cJSON *item = b.items; item != NULL; item = item->next)
		put_item(rq, &out, &b, item);
	json_array_end(&out);
	st = relay_send(rq, TO_METRICS, event_of(rq, doc), &body, 0, b.n);
	buf_free(&body);
	return st;
}
