/* SPDX-License-Identifier: MIT */
/* Source maps: taking, listing and dropping them. */
#include <string.h>

#include "clock.h"
#include "map_store.h"
#include "query.h"
#include "relay.h"
#include "stack.h"
#include "text.h"

#define RELEASE_MAX 100
#define FILE_URL_MAX 500

struct upload {
	const char *project, *release, *file_url, *debug_id;
	const cJSON *map;
	int64_t bytes;
};

/* 400 in the words of the wire contract, with the reason beside them. */
static int
refuse_map(struct req *rq, const char *why)
{
	struct json_out *out = req_json(rq);

	json_object(out, NULL);
	json_text(out, "detail", "Invalid source map format");
	json_text(out, "reason", why);
	json_object_end(out);
	return 400;
}

/* The body is the map, and the query says what it belongs to. */
static int
read_raw(struct req *rq, struct upload *u)
{
	const char *why;
	size_t at;
	int st;

	u->project = query_text(rq, "project");
	u->release = query_text(rq, "release");
	u->debug_id = query_text(rq, "debug_id");
	if ((st = check_name(rq, "project", u->project, PROJECT_MAX)) != 0 ||
	    (st = check_name(rq, "release", u->release, RELEASE_MAX)) != 0 ||
	    (st = check_name(rq, "file_url", u->file_url, FILE_URL_MAX)) != 0)
		return st;
	u->bytes = (int64_t)rq->length;
	u->map = json_parse(rq->mem, rq->body, rq->length, &why, &at);
	return u->map != NULL ? 0
			      : refuse_map(rq, arena_printf(rq->mem, "%s, at byte %zu", why, at));
}

/* The body is an object that holds the map as a string. */
static int
read_wrapped(struct req *rq, struct upload *u)
{
	const char *content, *why;
	const cJSON *doc;
	size_t at;
	int st;

	if ((st = want_object(rq, &doc)) != 0 ||
	    (st = want_name(rq, doc, "project", PROJECT_MAX, &u->project)) != 0 ||
	    (st = want_name(rq, doc, "release", RELEASE_MAX, &u->release)) != 0 ||
	    (st = want_name(rq, doc, "file_url", FILE_URL_MAX, &u->file_url)) != 0)
		return st;
	if ((content = json_get_text(doc, "map_content")) == NULL)
		return req_fail(rq, 400, "Missing required field: map_content");
	u->debug_id = json_get_text(doc, "debug_id");
	u->bytes = (int64_t)strlen(content);
	u->map = json_parse(rq->mem, content, (size_t)u->bytes, &why, &at);
	return u->map != NULL ? 0
			      : refuse_map(rq, arena_printf(rq->mem, "%s, at byte %zu", why, at));
}

static int
reply_uploaded(struct req *rq, const struct map_place *place, int64_t id)
{
	struct json_out *out = req_json(rq);

	json_object(out, NULL);
	json_text(out, "status", "uploaded");
	json_text(out, "project", place->project);
	json_text(out, "release", place->release);
	json_text(out, "file_url", place->file_url);
	json_int(out, "id", id);
	json_text(out, "debug_id", place->debug_id);
	json_object_end(out);
	return 201;
}

/*
 * POST /api/source-maps: 201 with the map stored, in place of one for the same
 * file.  Either an object {"project", "release", "file_url", "map_content"}, or
 * the map itself with ?project=&release=&file_url=.
 */
int
maps_upload(struct req *rq)
{
	struct map_parts parts;
	struct upload u = {.file_url = query_text(rq, "file_url")};
	struct map_place place;
	const char *why = NULL;
	int64_t id;
	int st;

	if ((st = want_body(rq)) != 0 ||
	    (st = u.file_url != NULL ? read_raw(rq, &u) : read_wrapped(rq, &u)) != 0)
		return st;
	if (map_read(rq->mem, u.map, &parts, &why) != SOURCEMAP_OK)
		return refuse_map(rq, why);
	place = (struct map_place){
	    .project = u.project,
	    .release = u.release,
	    .file_url = u.file_url,
	    .path = stack_path(rq->mem, u.file_url, strlen(u.file_url)),
	    .debug_id =
		map_debug_id(rq->mem, u.debug_id != NULL ? u.debug_id : sourcemap_debug_id(u.map)),
	    .bytes = u.bytes,
	    .uploaded_at = clock_now(),
	};
	if (map_put(rq->db, &place, &parts, &id) == DB_FAILED)
		return req_fail_db(rq);
	return reply_uploaded(rq, &place, id);
}

/* GET /api/source-maps[?project=]: what is there, without the maps themselves. */
int
maps_list(struct req *rq)
{
	const char *project = query_text(rq, "project");
	struct json_out *out = req_json(rq);
	struct db *db = rq->db;
	int64_t total = 0;
	int st;

	json_object(out, NULL);
	json_array(out, "source_maps");
	for (st = db_query(db, SQL_MAP_LIST, DB_ARGS(DB_TEXT(project))); st == DB_ROW;
	     st = db_next(db, SQL_MAP_LIST), total++) {
		json_object(out, NULL);
		json_int(out, "id", db_int(db, SQL_MAP_LIST, 0));
		json_text(out, "project", db_text(db, SQL_MAP_LIST, 1));
		json_text(out, "release", db_text(db, SQL_MAP_LIST, 2));
		json_text(out, "file_url", db_text(db, SQL_MAP_LIST, 3));
		json_time(out, "uploaded_at", db_int(db, SQL_MAP_LIST, 4));
		json_text(out, "debug_id", db_text(db, SQL_MAP_LIST, 5));
		json_int(out, "bytes", db_int(db, SQL_MAP_LIST, 6));
		json_object_end(out);
	}
	if (st == DB_FAILED)
		return req_fail_db(rq);
	json_array_end(out);
	json_int(out, "total", total);
	json_object_end(out);
	return 200;
}

/* DELETE /api/source-maps/{id}: drops one. */
int
maps_delete(struct req *rq)
{
	return relay_change(rq, SQL_MAP_DELETE, NULL, "Source map not found", "deleted");
}
