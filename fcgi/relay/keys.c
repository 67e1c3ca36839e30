/* SPDX-License-Identifier: MIT */
/* DSN keys: what a page shows to say which project it belongs to. */
#include <string.h>

#include "clock.h"
#include "cors.h"
#include "key_store.h"
#include "relay.h"

/* The origins of an array as one list; NULL for none.  0, or 400. */
static int
want_origins(struct req *rq, const cJSON *doc, const char **list)
{
	const cJSON *origins = json_get(doc, "origins"), *item;

	*list = NULL;
	if (origins == NULL || cJSON_IsNull(origins))
		return 0;
	if (!cJSON_IsArray(origins))
		return req_fail(rq, 400, "Field 'origins' must be an array of strings");
	for (item = origins->child; item != NULL; item = item->next) {
		const char *text = cJSON_GetStringValue(item);

		if (text == NULL || !cors_valid_item(text, strlen(text)))
			return req_fail(rq, 400,
			    "Field 'origins' must name origins as browsers do, in lower case, "
			    "without a path and a default port: https://shop.example or "
			    "https://*.shop.example, or be [\"*\"]");
		*list = *list != NULL ? arena_printf(rq->mem, "%s,%s", *list, text) : text;
	}
	return 0;
}

static void
write_origins(struct json_out *out, const char *list)
{
	json_array(out, "origins");
	while (list != NULL && *list != '\0') {
		size_t len = strcspn(list, ",");

		json_text_len(out, NULL, list, len);
		list += len + (list[len] == ',');
	}
	json_array_end(out);
}

/* POST /api/dsn-keys {"project", "origins"?}: 201 with a new key. */
int
keys_create(struct req *rq)
{
	const char *project, *origins;
	char key[DSN_KEY_SIZE];
	struct json_out *out;
	const cJSON *doc;
	int64_t id;
	int st;

	if ((st = want_body(rq)) != 0 || (st = want_object(rq, &doc)) != 0 ||
	    (st = want_name(rq, doc, "project", PROJECT_MAX, &project)) != 0 ||
	    (st = want_origins(rq, doc, &origins)) != 0)
		return st;
	if (dsn_key_add(rq->db, project, origins, key, &id) == DB_FAILED)
		return req_fail_db(rq);
	out = req_json(rq);
	json_object(out, NULL);
	json_text(out, "public_key", key);
	json_text(out, "project", project);
	json_int(out, "id", id);
	write_origins(out, origins);
	json_object_end(out);
	return 201;
}

/* GET /api/dsn-keys: all keys, those switched off as well. */
int
keys_list(struct req *rq)
{
	struct json_out *out = req_json(rq);
	struct db *db = rq->db;
	int st;

	json_object(out, NULL);
	json_array(out, "keys");
	for (st = db_query(db, SQL_KEY_LIST, DB_NO_ARGS); st == DB_ROW;
	     st = db_next(db, SQL_KEY_LIST)) {
		json_object(out, NULL);
		json_int(out, "id", db_int(db, SQL_KEY_LIST, 0));
		json_text(out, "public_key", db_text(db, SQL_KEY_LIST, 1));
		json_text(out, "project", db_text(db, SQL_KEY_LIST, 2));
		json_bool(out, "active", db_int(db, SQL_KEY_LIST, 3) != 0);
		json_time(out, "created_at", db_int(db, SQL_KEY_LIST, 4));
		write_origins(out, db_text(db, SQL_KEY_LIST, 5));
		if (db_is_null(db, SQL_KEY_LIST, 6))
			json_null(out, "last_used_at");
		else
			json_time(out, "last_used_at", db_int(db, SQL_KEY_LIST, 6));
		json_int(out, "errors", db_int(db, SQL_KEY_LIST, 7));
		json_int(out, "metrics", db_int(db, SQL_KEY_LIST, 8));
		json_object_end(out);
	}
	if (st == DB_FAILED)
		return req_fail_db(rq);
	json_array_end(out);
	json_object_end(out);
	return 200;
}

static int
change(struct req *rq, int statement, struct db_value value, const char *status)
{
	return relay_change(rq, statement, &value, "DSN key not found", status);
}

/* DELETE /api/dsn-keys/{id}: switches it off; it keeps its row, so it cannot be given out again. */
int
keys_deactivate(struct req *rq)
{
	return change(rq, SQL_KEY_SWITCH, DB_INT(0), "deactivated");
}

/* POST /api/dsn-keys/{id}/activate: switches it on again. */
int
keys_activate(struct req *rq)
{
	return change(rq, SQL_KEY_SWITCH, DB_INT(1), "activated");
}

/* POST /api/dsn-keys/{id}/origins {"origins": [...]}: replaces the origins; none is []. */
int
keys_set_origins(struct req *rq)
{
	const char *origins;
	const cJSON *doc;
	int st;

	if ((st = want_body(rq)) != 0 || (st = want_object(rq, &doc)) != 0 ||
	    (st = want_origins(rq, doc, &origins)) != 0)
		return st;
	return change(rq, SQL_KEY_ORIGINS, DB_TEXT(origins), "changed");
}
