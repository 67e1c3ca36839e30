/* SPDX-License-Identifier: MIT */
/*
 * POST /api/metrics: an array of points, or {"metrics": [...]}.
 *
 * A point is {name, type, value, labels?, timestamp?, project?, id?, session_id?}.
 * One that is malformed refuses the whole batch, with its place in "item"; one
 * whose time is out of bounds is dropped and reported.  What is accepted becomes
 * one row in one transaction.
 */
#include <math.h>
#include <string.h>

#include "clock.h"
#include "labels.h"
#include "metrics.h"
#include "points.h"
#include "text.h"

/* A point as it was sent. */
struct item {
	struct series_name series;
	int64_t time; /* milliseconds */
	double value;
	uint64_t id;
};

/* A batch as it was sent, and why points of it are dropped. */
struct batch {
	struct item *items;
	size_t n;
	int64_t too_old, too_new;
	const char *key; /* Idempotency-Key, or NULL */
};

static int
refuse_item(struct req *rq, size_t i, const char *detail)
{
	struct json_out *out = req_json(rq);

	json_object(out, NULL);
	json_text(out, "detail", detail);
	json_int(out, "item", (int64_t)i);
	json_object_end(out);
	return 400;
}

/* ---- one point ------------------------------------------------------------------- */

/* Its members, each NULL if it is not there. */
struct members {
	const cJSON *name, *type, *value, *labels, *timestamp, *project, *id;
};

static struct members
find_members(const cJSON *object)
{
	struct members m = {0};
	const struct {
		const char *name;
		const cJSON **place;
	} known[] = {{"name", &m.name}, {"type", &m.type}, {"value", &m.value},
	    {"labels", &m.labels}, {"timestamp", &m.timestamp}, {"project", &m.project},
	    {"id", &m.id}};

	for (const cJSON *member = object->child; member != NULL; member = member->next)
		for (size_t i = 0; i < NELEM(known); i++)
			if (*member->string == *known[i].name &&
			    strcmp(member->string, known[i].name) == 0)
				*known[i].place = member;
	return m;
}

static int
parse_type(const char *word, enum metric_type *type)
{
	for (int i = 0; i < METRIC_TYPES; i++)
		if (strcmp(word, metric_type_words[i]) == 0) {
			*type = (enum metric_type)i;
			return 0;
		}
	return -1;
}

/* Milliseconds of a text or a number of seconds; -1 if it is no time at all. */
static int
parse_time(const cJSON *timestamp, int64_t now_ns, int64_t *ms)
{
	char number[JSON_NUMBER_SIZE];
	const char *text = cJSON_GetStringValue(timestamp);
	int64_t ns = now_ns;

	if (cJSON_IsNumber(timestamp)) {
		double seconds = timestamp->valuedouble;

		/* What is closer to 1970 than a millisecond would be spelled with an exponent. */
		number[json_spell(number, fabs(seconds) < 0.001 ? 0 : seconds)] = '\0';
		text = number;
	}
	/* Anything else counts as absent, says the wire contract. */
	if (text != NULL && time_parse(text, strlen(text), &ns) == -1)
		return -1;
	*ms = ns / 1000000 - (ns % 1000000 < 0);
	return 0;
}

/* The labels and the tenant: the member, else the label of that name. */
static const char *
parse_labels(struct req *rq, const struct members *m, struct series_name *series)
{
	const char *project, *why = NULL;

	series->labels = "{}";
	series->project = "";
	if (m->labels != NULL && !cJSON_IsNull(m->labels)) {
		series->labels = labels_canonical(rq->mem, m->labels, &project, &why);
		if (series->labels == NULL)
			return why;
		if (project != NULL)
			series->project = project;
	}
	if (cJSON_IsString(m->project))
		series->project = m->project->valuestring;
	if (strlen(series->project) > METRICS_MAX_NAME)
		return "Field 'project' must be at most 200 characters";
	return NULL;
}

/* Returns NULL, or what is wrong with the item. */
static const char *
parse_item(struct req *rq, const cJSON *object, int64_t now_ns, struct item *item)
{
	struct members m;
	const char *text;

	if (!cJSON_IsObject(object))
		return "Each metric must be a JSON object";
	m = find_members(object);
	if ((text = cJSON_GetStringValue(m.name)) == NULL)
		return "Missing required field: name";
	if (*text == '\0' || strlen(text) > METRICS_MAX_NAME)
		return "Field 'name' must be 1-200 characters";
	item->series.name = text;
	if ((text = cJSON_GetStringValue(m.type)) == NULL)
		return "Missing required field: type";
	if (parse_type(text, &item->series.type) == -1)
		return "Field 'type' must be 'counter', 'histogram', or 'gauge'";
	if (m.value == NULL || !cJSON_IsNumber(m.value))
		return "Missing required field: value";
	item->value = m.value->valuedouble;
	if (parse_time(m.timestamp, now_ns, &item->time) == -1)
		return "Field 'timestamp' must be " TIME_TAKEN;
	item->id = 0;
	if (m.id != NULL && !cJSON_IsNull(m.id)) {
		text = cJSON_GetStringValue(m.id);
		if (text == NULL || *text == '\0' || strlen(text) > METRICS_MAX_NAME)
			return "Field 'id' must be a string of 1-200 characters";
		item->id = text_hash(text, strlen(text));
	}
	return parse_labels(rq, &m, &item->series);
}

/* ---- the batch ------------------------------------------------------------------- */

static int
want_items(struct req *rq, const cJSON **list, size_t *n)
{
	const cJSON *doc, *wrapped;
	int st;

	if ((st = want_json(rq, &doc)) != 0)
		return st;
	wrapped = json_get(doc, "metrics");
	*list = cJSON_IsArray(wrapped) ? wrapped : doc;
	if (!cJSON_IsArray(*list))
		return req_fail(rq, 400, "Request body must be a JSON array");
	*n = (size_t)cJSON_GetArraySize(*list);
	if (*n == 0)
		return req_fail(rq, 400, "Metrics array must not be empty");
	if (*n > METRICS_MAX_BATCH)
		return req_fail(rq, 400, "Metrics batch exceeds maximum of 1000 items");
	return 0;
}

/* Reads all items; those with a time out of bounds are counted and left out. */
static int
want_batch(struct req *rq, int64_t now_ns, struct batch *batch)
{
	const int64_t now = now_ns / NS_PER_SECOND;
	const int64_t oldest = now - metrics_cfg(rq)->hourly_days * SECONDS_PER_DAY;
	const cJSON *list;
	const char *wrong;
	size_t n = 0, place = 0;
	int st;

	batch->key = req_header(rq, "Idempotency-Key");
	if (batch->key != NULL && (*batch->key == '\0' || strlen(batch->key) > METRICS_MAX_NAME))
		return req_fail(rq, 400, "Idempotency-Key must be 1-200 characters");
	if ((st = want_items(rq, &list, &n)) != 0)
		return st;
	batch->items = arena_alloc(rq->mem, n * sizeof *batch->items);
	for (const cJSON *object = list->child; object != NULL; object = object->next, place++) {
		struct item *item = &batch->items[batch->n];

		if ((wrong = parse_item(rq, object, now_ns, item)) != NULL)
			return refuse_item(rq, place, wrong);
		if (item->time < oldest * MS_PER_SECOND || item->time < 0)
			batch->too_old++;
		else if (item->time > (now + METRICS_MAX_AHEAD) * MS_PER_SECOND)
			batch->too_new++;
		else
			batch->n++;
	}
	return 0;
}

/* Packs the points for the row; *overflowed is how many count under another series. */
static int
pack(struct req *rq, const struct batch *batch, int64_t now, struct buf *out, uint64_t *overflowed)
{
	const struct metrics_cfg *cfg = metrics_cfg(rq);
	const struct series_caps caps = {
	    cfg->series_per_metric, cfg->series_per_project, cfg->series_total};
	struct points_writer writer = points_write(out);

	for (size_t i = 0; i < batch->n; i++) {
		const struct item *item = &batch->items[i];
		struct point point = {.time = item->time, .value = item->value, .id = item->id};
		bool other;

		if (series_cached(rq->db, &caps, &item->series, now, &point.series, &other) == -1)
			return DB_FAILED;
		*overflowed += other;
		points_put(&writer, &point);
	}
	return 0;
}

/* Inserts the row, and what will be answered to the same batch. */
static int
insert(struct req *rq, const struct batch *batch, int64_t now, const struct buf *packed)
{
	struct db *db = rq->db;

	if (batch->n > 0 && db_run(db, SQL_BATCH_ADD,
				DB_ARGS(DB_INT(now), DB_INT((int64_t)batch->n),
				    DB_BLOB(packed->data, packed->len))) == -1)
		return DB_FAILED;
	if (batch->key == NULL)
		return 0;
	return db_run(db, SQL_ANSWERED_ADD,
	    DB_ARGS(DB_TEXT(batch->key), DB_INT(now), DB_INT((int64_t)batch->n),
		DB_INT(batch->too_old + batch->too_new)));
}

static int
answer(struct req *rq, int64_t count, int64_t dropped, const char *reason)
{
	struct json_out *out = req_json(rq);

	json_object(out, NULL);
	json_text(out, "status", "accepted");
	json_int(out, "count", count);
	if (dropped > 0) {
		json_int(out, "dropped", dropped);
		json_text(out, "reason", reason);
	}
	json_object_end(out);
	return 202;
}

static const char *
drop_reason(struct req *rq, const struct batch *batch)
{
	return arena_printf(rq->mem,
	    "%lld older than RETENTION_HOURLY (%lld days), %lld more than 10 minutes ahead",
	    (long long)batch->too_old, (long long)metrics_cfg(rq)->hourly_days,
	    (long long)batch->too_new);
}

/* Whether the batch was answered before; then that answer is staged: 1, 0 or DB_FAILED. */
static int
find_answer(struct req *rq, const char *key, int64_t now)
{
	struct db *db = rq->db;
	int found;

	if (key == NULL)
		return 0;
	found = db_query(
	    db, SQL_ANSWERED_FIND, DB_ARGS(DB_TEXT(key), DB_INT(now - METRICS_ANSWERED_SECONDS)));
	if (found != DB_ROW)
		return found;
	(void)answer(rq, db_int(db, SQL_ANSWERED_FIND, 0), db_int(db, SQL_ANSWERED_FIND, 1),
	    "as answered when this Idempotency-Key was first seen");
	db_done(db, SQL_ANSWERED_FIND);
	return 1;
}

/* POST /api/metrics: 202 {status, count} and, if points are left out, dropped and reason. */
int
metrics_ingest(struct req *rq)
{
	const int64_t now_ns = clock_now_ns(), now = now_ns / NS_PER_SECOND;
	struct batch batch = {0};
	struct buf packed = {0};
	uint64_t overflowed = 0;
	int st;

	if ((st = want_batch(rq, now_ns, &batch)) != 0)
		return st;
	if (db_begin(rq->db) == -1)
		return req_fail_db(rq);
	if ((st = find_answer(rq, batch.key, now)) == 1) {
		db_rollback(rq->db);
		app_count(rq, COUNTER_REPEATED, 1);
		return 202;
	}
	if (st == 0)
		st = series_cache_sync(rq->db);
	if (st == 0)
		st = pack(rq, &batch, now, &packed, &overflowed);
	if (st == 0)
		st = insert(rq, &batch, now, &packed);
	if (st == 0)
		st = db_commit(rq->db);
	buf_free(&packed);
	if (st == -1) {
		series_cache_clear();
		return req_fail_db(rq);
	}
	app_count(rq, COUNTER_POINTS, batch.n);
	app_count(rq, COUNTER_DROPPED, (uint64_t)(batch.too_old + batch.too_new));
	app_count(rq, COUNTER_OVERFLOWED, overflowed);
	return answer(rq, (int64_t)batch.n, batch.too_old + batch.too_new, drop_reason(rq, &batch));
}
