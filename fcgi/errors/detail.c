/* SPDX-License-Identifier: MIT */
/* One error: what lists show of it, and all that hangs on its keys. */
#include <string.h>

#include "clock.h"
#include "frames.h"
#include "report.h"
#include "text.h"

#define HOURS_DAYS 14 /* how far back the hourly counts go */
/* As many as a key may keep; an error of several keys may have more. */
#define OCCURRENCES_LISTED (2 * MAX_OCCURRENCES)
/* No more are listed once they fill so much: each may be a megabyte, and is read as a tree. */
#define OCCURRENCES_BYTES ((size_t)16 << 20)

struct occurrence {
	int64_t id, at;
	const char *members; /* of a JSON object, without braces */
	size_t len;
};

struct occurrences {
	struct occurrence *items; /* in the order of the statement */
	size_t n;
};

/* The statements below all take the error's id alone. */
static int
query_error(struct req *rq, int statement, int64_t id)
{
	return db_query(rq->db, statement, DB_ARGS(DB_INT(id)));
}

/* The first so many that the statement gives; one that is damaged is left out. */
static int
load_occurrences(struct req *rq, int statement, int64_t id, int64_t most, struct occurrences *all)
{
	int row = db_query(rq->db, statement, DB_ARGS(DB_INT(id), DB_INT(most)));
	size_t bytes = 0;

	*all =
	    (struct occurrences){.items = arena_alloc(rq->mem, (size_t)most * sizeof *all->items)};
	for (; row == DB_ROW; row = db_next(rq->db, statement)) {
		struct occurrence *o = &all->items[all->n];
		const void *blob;
		size_t len;

		o->id = db_int(rq->db, statement, 0);
		o->at = db_int(rq->db, statement, 1);
		blob = db_blob(rq->db, statement, 2, &len);
		o->members = occurrence_unpack(rq->mem, blob, len, &o->len);
		if (o->members == NULL)
			continue;
		all->n++;
		if ((bytes += o->len) > OCCURRENCES_BYTES) {
			db_done(rq->db, statement);
			return DB_NONE;
		}
	}
	return row;
}

static void
write_occurrence(struct json_out *out, const char *key, const struct occurrence *o)
{
	json_object(out, key);
	json_int(out, "id", o->id);
	json_time(out, "timestamp", o->at);
	frames_write(out, o->members, o->len);
	json_object_end(out);
}

static void
write_occurrences(struct json_out *out, const struct occurrences *all)
{
	json_array(out, "occurrences");
	for (size_t i = 0; i < all->n; i++)
		write_occurrence(out, NULL, &all->items[i]);
	json_array_end(out);
}

static const char *
copy(struct arena *mem, const char *text)
{
	return text != NULL ? arena_strdup(mem, text) : NULL;
}

/* What the occurrence that arrived first says; its tree may be large, and goes at once. */
static void
read_first(struct arena *mem, const struct occurrences *first, const char **message,
    const char **traceback)
{
	struct arena *own = arena_new(0);
	const cJSON *doc = NULL;
	const char *text, *why;
	size_t at;

	if (first->n > 0) {
		text = arena_printf(own, "{%s}", first->items->members);
		doc = json_parse(own, text, first->items->len + 2, &why, &at);
	}
	*message = copy(mem, json_get_text(doc, "message"));
	*traceback = copy(mem, json_get_text(doc, "traceback"));
	arena_free(own);
}

/* ---- the parts of the detail --------------------------------------------------- */

/* Names with what they count and when they were seen: environments or releases. */
static int
write_scopes(struct req *rq, struct json_out *out, const char *key, int statement, int64_t id)
{
	int row;

	json_array(out, key);
	for (row = query_error(rq, statement, id); row == DB_ROW;
	     row = db_next(rq->db, statement)) {
		json_object(out, NULL);
		json_text(out, "name", db_text(rq->db, statement, 0));
		json_int(out, "count", db_int(rq->db, statement, 1));
		json_time(out, "first_seen", db_int(rq->db, statement, 2));
		json_time(out, "last_seen", db_int(rq->db, statement, 3));
		json_object_end(out);
	}
	json_array_end(out);
	return row;
}

/* Rows come by name, the most frequent value first. */
static int
write_tags(struct req *rq, struct json_out *out, int64_t id)
{
	const char *open = NULL;
	int row;

	json_array(out, "tags");
	for (row = query_error(rq, SQL_DETAIL_TAGS, id); row == DB_ROW;
	     row = db_next(rq->db, SQL_DETAIL_TAGS)) {
		const char *name = db_text(rq->db, SQL_DETAIL_TAGS, 0);
		const char *value = db_text(rq->db, SQL_DETAIL_TAGS, 2);

		if (open == NULL || strcmp(open, name) != 0) {
			if (open != NULL) {
				json_array_end(out);
				json_object_end(out);
			}
			open = arena_strdup(rq->mem, name);
			json_object(out, NULL);
			json_text(out, "name", name);
			json_int(out, "count", db_int(rq->db, SQL_DETAIL_TAGS, 1));
			json_array(out, "values");
		}
		json_object(out, NULL);
		json_text(out, "value", *value != '\0' ? value : "other");
		json_int(out, "count", db_int(rq->db, SQL_DETAIL_TAGS, 3));
		if (*value == '\0')
			json_bool(out, "other", true);
		json_object_end(out);
	}
	if (open != NULL) {
		json_array_end(out);
		json_object_end(out);
	}
	json_array_end(out);
	return row;
}

/* The hours of the last days in which it was seen. */
static int
write_hours(struct req *rq, struct json_out *out, int64_t id)
{
	int64_t first_day = clock_now() / SECONDS_PER_DAY - (HOURS_DAYS - 1);
	int64_t counts[HOURS_DAYS * HOURS_PER_DAY] = {0};

	if (errors_hours(rq->db, id, first_day * HOURS_PER_DAY, counts, NELEM(counts)) == -1)
		return DB_FAILED;
	json_array(out, "hours");
	for (size_t i = 0; i < NELEM(counts); i++) {
		if (counts[i] == 0)
			continue;
		json_object(out, NULL);
		json_time(out, "hour", (first_day * HOURS_PER_DAY + (int64_t)i) * SECONDS_PER_HOUR);
		json_int(out, "count", counts[i]);
		json_object_end(out);
	}
	json_array_end(out);
	return 0;
}

static int
write_grouping(struct req *rq, struct json_out *out, int64_t id)
{
	int row;

	json_object(out, "grouping");
	json_array(out, "keys");
	for (row = query_error(rq, SQL_DETAIL_KEYS, id); row == DB_ROW;
	     row = db_next(rq->db, SQL_DETAIL_KEYS)) {
		json_object(out, NULL);
		json_text(out, "mechanism", db_text(rq->db, SQL_DETAIL_KEYS, 0));
		json_text(out, "key", db_text(rq->db, SQL_DETAIL_KEYS, 1));
		json_int(out, "count", db_int(rq->db, SQL_DETAIL_KEYS, 2));
		json_time(out, "first_seen", db_int(rq->db, SQL_DETAIL_KEYS, 3));
		json_time(out, "last_seen", db_int(rq->db, SQL_DETAIL_KEYS, 4));
		json_object_end(out);
	}
	json_array_end(out);
	json_object_end(out);
	return row;
}

static int
write_history(struct req *rq, struct json_out *out, int64_t id)
{
	int row;

	json_array(out, "history");
	for (row = query_error(rq, SQL_HISTORY, id); row == DB_ROW;
	     row = db_next(rq->db, SQL_HISTORY)) {
		json_object(out, NULL);
		json_time(out, "at", db_int(rq->db, SQL_HISTORY, 0));
		json_text(out, "action", db_text(rq->db, SQL_HISTORY, 1));
		json_text(out, "who", db_text(rq->db, SQL_HISTORY, 2));
		json_text(out, "detail", db_text(rq->db, SQL_HISTORY, 3));
		json_object_end(out);
	}
	json_array_end(out);
	return row;
}

static int
write_users(struct req *rq, struct json_out *out, int64_t id)
{
	int64_t users;

	if (db_number(rq->db, SQL_DETAIL_USERS, DB_ARGS(DB_INT(id)), 0, &users) == -1)
		return DB_FAILED;
	json_int(out, "users", users);
	return 0;
}

/* The members of the wire contract, in its order; the statement is on the error's row. */
static void
write_error(struct req *rq, struct json_out *out, int64_t id, const struct occurrences *last,
    const struct occurrences *first)
{
	const int row = SQL_DETAIL;
	const char *message, *traceback;
	int64_t status = db_int(rq->db, row, 3);

	read_first(rq->mem, first, &message, &traceback);
	json_int(out, "id", id);
	json_text(out, "fingerprint", db_text(rq->db, row, 9));
	json_text(out, "project", db_text(rq->db, row, 0));
	json_text(out, "exception_type", db_text(rq->db, row, 1));
	json_text(out, "message", message != NULL ? message : db_text(rq->db, row, 2));
	json_text(out, "traceback", traceback != NULL ? traceback : "");
	json_int(out, "count", db_int(rq->db, row, 10));
	json_time(out, "first_seen", db_int(rq->db, row, 6));
	json_time(out, "last_seen", db_int(rq->db, row, 7));
	json_bool(out, "resolved", status == STATUS_RESOLVED);
	if (db_is_null(rq->db, row, 8))
		json_null(out, "resolved_at");
	else
		json_time(out, "resolved_at", db_int(rq->db, row, 8));
	write_occurrences(out, last);
	json_text(out, "status", status_words[status]);
	json_text(out, "source", db_int(rq->db, row, 5) ? "browser" : "server");
	json_text(out, "level", level_words[db_int(rq->db, row, 4)]);
	if (first->n > 0)
		write_occurrence(out, "first_occurrence", first->items);
	else
		json_null(out, "first_occurrence");
}

/* ---- handlers -------------------------------------------------------------------- */

/*
 * Begins reading the error of the path, or the one it was merged into: old links lead
 * there.  0 or a refusal.
 */
static int
want_error(struct req *rq, int64_t *id)
{
	int st;

	if ((st = want_id(rq, 0, id)) != 0)
		return st;
	if (db_begin_read(rq->db) == -1 ||
	    db_number(rq->db, SQL_MERGED_INTO, DB_ARGS(DB_INT(*id)), *id, id) == -1)
		return req_fail_db(rq);
	return 0;
}

/*
 * GET /api/errors/{id}: the error with its last occurrences; 404 if there is none.  Of one
 * that was merged away, the error it was merged into, which the member id tells.
 */
int
errors_detail(struct req *rq)
{
	int64_t id, most = errors_cfg(rq)->max_occurrences;
	struct occurrences last, first;
	struct json_out *out;
	int st, row;

	if ((st = want_error(rq, &id)) != 0)
		return st;
	if (load_occurrences(rq, SQL_OCCURRENCES, id, most, &last) == -1 ||
	    load_occurrences(rq, SQL_FIRST_OCCURRENCE, id, 1, &first) == -1 ||
	    (row = query_error(rq, SQL_DETAIL, id)) == DB_FAILED)
		return req_fail_db(rq);
	if (row == DB_NONE)
		return errors_missing(rq, id);
	out = req_json(rq);
	json_object(out, NULL);
	write_error(rq, out, id, &last, &first);
	if (write_scopes(rq, out, "environments", SQL_DETAIL_ENVIRONMENTS, id) == -1 ||
	    write_scopes(rq, out, "releases", SQL_DETAIL_RELEASES, id) == -1 ||
	    write_tags(rq, out, id) == -1 || write_users(rq, out, id) == -1 ||
	    write_hours(rq, out, id) == -1 || write_grouping(rq, out, id) == -1 ||
	    write_history(rq, out, id) == -1)
		return req_fail_db(rq);
	json_object_end(out);
	return 200;
}

/*
 * GET /api/errors/{id}/occurrences: those kept, first and last ones, newest first; at most
 * 200, and no more once they fill OCCURRENCES_BYTES.
 */
int
errors_occurrences(struct req *rq)
{
	struct occurrences all;
	struct json_out *out;
	int64_t id, found;
	int st;

	if ((st = want_error(rq, &id)) != 0)
		return st;
	if (db_number(rq->db, SQL_EXISTS, DB_ARGS(DB_INT(id)), 0, &found) == -1 ||
	    load_occurrences(rq, SQL_OCCURRENCES, id, OCCURRENCES_LISTED, &all) == -1)
		return req_fail_db(rq);
	if (!found)
		return errors_missing(rq, id);
	out = req_json(rq);
	json_object(out, NULL);
	write_occurrences(out, &all);
	json_object_end(out);
	return 200;
}
