/* SPDX-License-Identifier: MIT */
/* The queue's writing and showing side; taking from it is monlight-deliver's. */
#include "alert.h"

#include <stdio.h>
#include <string.h>

static const char insert_alert[] =
    "INSERT INTO alert (created_at, kind, subject_id, title, content) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char select_alerts[] =
    "SELECT id, created_at, kind, subject_id, title, state, digest_id FROM alert"
    " WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
static const char select_deliveries[] =
    "SELECT channel, state, attempts, next_at, done_at, detail FROM alert_delivery"
    " WHERE alert_id = ?1 ORDER BY id /*scan: a handful*/";
static const char select_outcome[] =
    "SELECT state, detail FROM alert_delivery WHERE alert_id = ?1 ORDER BY id /*scan: a handful*/";
/* An index finds them; the deliveries go with their alert. */
static const char delete_alerts[] = "DELETE FROM alert WHERE id IN"
				    " (SELECT id FROM alert WHERE created_at < ?1 LIMIT ?2)";

#define ALERTS_PER_SLICE 500
#define ID_SIZE 21 /* bytes of any int64_t, spelled */
#define KEPT_SECONDS INT64_C(7776000)

void
alert_fact(struct alert *a, const char *name, const char *value)
{
	if (a->nfacts == ALERT_MAX_FACTS || value == NULL)
		return;
	a->facts[a->nfacts].name = name;
	a->facts[a->nfacts++].value = value;
}

int
alert_enqueue(struct db *db, struct arena *mem, const struct alert *a, int64_t now)
{
	struct buf buf = {0};
	struct json_out out = {.buf = &buf};
	int insert = db_prepare(db, insert_alert), st;

	if (insert == DB_FAILED)
		return DB_FAILED;
	json_object(&out, NULL);
	json_text(&out, "heading", a->heading);
	json_array(&out, "facts");
	for (size_t i = 0; i < a->nfacts; i++) {
		json_array(&out, NULL);
		json_text(&out, NULL, a->facts[i].name);
		json_text(&out, NULL, a->facts[i].value);
		json_array_end(&out);
	}
	json_array_end(&out);
	json_text(&out, "text", a->text);
	json_text(&out, "path", a->path);
	json_object_end(&out);
	st = db_run(db, insert,
	    DB_ARGS(DB_INT(now), DB_TEXT(a->kind), DB_INT(a->subject_id), DB_TEXT(a->title),
		DB_TEXT(arena_strndup(mem, buf.data, buf.len))));
	buf_free(&buf);
	return st;
}

int
alert_read(struct arena *mem, const char *content, struct alert *a)
{
	const char *why;
	size_t at;
	const cJSON *doc = json_parse(mem, content, strlen(content), &why, &at), *fact;

	if (!cJSON_IsObject(doc))
		return -1;
	a->heading = json_get_text(doc, "heading");
	a->text = json_get_text(doc, "text");
	a->path = json_get_text(doc, "path");
	cJSON_ArrayForEach(fact, json_get(doc, "facts"))
	{
		const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(fact, 0));

		if (name != NULL)
			alert_fact(a, name, cJSON_GetStringValue(cJSON_GetArrayItem(fact, 1)));
	}
	return 0;
}

static int
list_deliveries(struct db *db, struct json_out *out, int64_t alert)
{
	int q = db_prepare(db, select_deliveries), st;

	if (q == DB_FAILED)
		return DB_FAILED;
	json_array(out, "deliveries");
	for (st = db_query(db, q, DB_ARGS(DB_INT(alert))); st == DB_ROW; st = db_next(db, q)) {
		json_object(out, NULL);
		json_text(out, "channel", db_text(db, q, 0));
		json_text(out, "state", db_text(db, q, 1));
		json_int(out, "attempts", db_int(db, q, 2));
		if (strcmp(db_text(db, q, 1), "waiting") == 0)
			json_time(out, "next_at", db_int(db, q, 3));
		if (!db_is_null(db, q, 4))
			json_time(out, "done_at", db_int(db, q, 4));
		json_text(out, "detail", db_text(db, q, 5));
		json_object_end(out);
	}
	json_array_end(out);
	return st;
}

int
alert_list(struct db *db, struct json_out *out, const struct alert_page *page)
{
	int q = db_prepare(db, select_alerts), st;
	char cursor[ID_SIZE] = "";
	int64_t n = 0;
	bool more = false;

	if (q == DB_FAILED)
		return DB_FAILED;
	json_array(out, "alerts");
	st = db_query(db, q, DB_ARGS(DB_INT(page->below), DB_INT(page->limit + 1)));
	for (; st == DB_ROW; st = db_next(db, q)) {
		/* The one too many only says that it is there. */
		if ((more = n++ == page->limit))
			continue;
		(void)snprintf(cursor, sizeof cursor, "%lld", (long long)db_int(db, q, 0));
		json_object(out, NULL);
		json_int(out, "id", db_int(db, q, 0));
		json_time(out, "created_at", db_int(db, q, 1));
		json_text(out, "kind", db_text(db, q, 2));
		json_int(out, "subject_id", db_int(db, q, 3));
		json_text(out, "title", db_text(db, q, 4));
		json_text(out, "state", db_text(db, q, 5));
		if (db_int(db, q, 6) != 0)
			json_int(out, "digest_id", db_int(db, q, 6));
		if (list_deliveries(db, out, db_int(db, q, 0)) == DB_FAILED)
			return DB_FAILED;
		json_object_end(out);
	}
	json_array_end(out);
	json_text(out, "next_cursor", more ? cursor : NULL);
	return st;
}

int
alert_outcome(struct db *db, struct arena *mem, int64_t id, char *outcome, const char **detail)
{
	int q = db_prepare(db, select_outcome), st, n = 0;

	*outcome = 's';
	*detail = NULL;
	if (q == DB_FAILED)
		return DB_FAILED;
	for (st = db_query(db, q, DB_ARGS(DB_INT(id))); st == DB_ROW; st = db_next(db, q)) {
		const char *state = db_text(db, q, 0);

		n++;
		/* One that failed says more than one that waits. */
		if (strcmp(state, "sent") == 0 || (*outcome == 'f' && state[0] != 'f'))
			continue;
		*outcome = state[0];
		if (!db_is_null(db, q, 1))
			*detail = db_text_copy(db, q, 1, mem);
	}
	if (n == 0)
		*outcome = 'w';
	return st;
}

int
alert_forget(struct db *db, int64_t now)
{
	int64_t before = now - KEPT_SECONDS;
	int forget = db_prepare(db, delete_alerts), st;

	if (forget == DB_FAILED)
		return DB_FAILED;
	/* In slices, so that who wants to write waits little. */
	do {
		if (db_begin(db) == -1)
			return DB_FAILED;
		st = db_run(db, forget, DB_ARGS(DB_INT(before), DB_INT(ALERTS_PER_SLICE)));
		if (db_finish(db, st) == -1)
			return DB_FAILED;
	} while (db_changes(db) > 0);
	return 0;
}
