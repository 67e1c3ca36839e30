/* SPDX-License-Identifier: MIT */
/*
 * Merging errors and taking them apart again.
 *
 * Every number hangs on a grouping key, so both move keys from error to error and
 * sum up anew what the error's own row shows.  That row is a function of its keys,
 * whatever came when and in whichever order they were moved: the name is that of the
 * oldest key, the level that of the last report.  A later report goes where its key is,
 * and so does a link to an error that was merged away.  People's part is the state: a
 * merged error keeps that of the error it was merged into, one that is taken out gets
 * that of the error it leaves.
 */
#include <string.h>

#include "errors.h"
#include "rank.h"
#include "text.h"

#define KEYS_MAX 1000
#define NAMED 20 /* so many ids the history names; more are counted */

/* ---- an error is the sum of its keys ---------------------------------------------- */

static int
rank_scopes(struct req *rq, int64_t id)
{
	int64_t n, *scopes;
	int row;

	if (db_number(rq->db, SQL_SCOPES_COUNT, DB_ARGS(DB_INT(id)), 0, &n) == -1)
		return DB_FAILED;
	scopes = arena_alloc(rq->mem, (size_t)n * sizeof *scopes);
	n = 0;
	for (row = db_query(rq->db, SQL_SCOPES_OF, DB_ARGS(DB_INT(id))); row == DB_ROW;
	     row = db_next(rq->db, SQL_SCOPES_OF))
		scopes[n++] = db_int(rq->db, SQL_SCOPES_OF, 0);
	while (row == 0 && n > 0)
		row = errors_rank_scope(rq->db, id, scopes[--n]);
	return row;
}

/* Brings the error's row and its places in lists up to date with its keys. */
static int
sum_up(struct req *rq, int64_t id)
{
	const struct db_value error = DB_INT(id);
	int64_t count;

	if (db_number(rq->db, SQL_ERROR_SUM, &error, 1, 0, &count) == -1 ||
	    db_run(rq->db, SQL_ERROR_OF_KEYS, DB_ARGS(error, DB_INT(count_rank(count)))) == -1 ||
	    db_run(rq->db, SQL_ERROR_ENVIRONMENTS, &error, 1) == -1)
		return DB_FAILED;
	return rank_scopes(rq, id);
}

/* ---- merging ------------------------------------------------------------------------ */

/* The error's project in *project, NULL if there is no such error.  0 or DB_FAILED. */
static int
find_project(struct req *rq, int64_t id, const char **project)
{
	int row = db_query(rq->db, SQL_PROJECT_OF, DB_ARGS(DB_INT(id)));

	*project = NULL;
	if (row != DB_ROW)
		return row;
	*project = db_text_copy(rq->db, SQL_PROJECT_OF, 0, rq->mem);
	db_done(rq->db, SQL_PROJECT_OF);
	return 0;
}

/* Whether the error may be merged into one of that project: 0 or a refusal. */
static int
check_mergeable(struct req *rq, int64_t id, const char *into_project)
{
	const char *project;

	if (find_project(rq, id, &project) == -1)
		return req_fail_db(rq);
	if (project == NULL)
		return req_fail(rq, 404, "There is no error %lld", (long long)id);
	if (strcmp(project, into_project) != 0)
		return req_fail(rq, 409,
		    "Error %lld is of project '%s': errors of different projects cannot be merged",
		    (long long)id, project);
	return 0;
}

/* Gives the keys of one error to another; of the one only stays where it went. */
static int
take_all(struct req *rq, int64_t into, int64_t id)
{
	const struct db_value error = DB_INT(id);

	if (db_run(rq->db, SQL_KEYS_NAME, &error, 1) == -1 ||
	    db_run(rq->db, SQL_MERGED_ADD, &error, 1) == -1 ||
	    db_run(rq->db, SQL_KEYS_MOVE, DB_ARGS(error, DB_INT(into))) == -1)
		return DB_FAILED;
	return db_run(rq->db, SQL_FORGET_ERROR, &error, 1);
}

/* "#1, #2": whom the history names. */
static const char *
name_all(struct req *rq, const struct ids *ids)
{
	struct buf text = {0};
	const char *names;

	for (size_t i = 0; i < ids->n && i < NAMED; i++)
		buf_printf(&text, "%s#%lld", i > 0 ? ", " : "", (long long)ids->items[i]);
	if (ids->n > NAMED)
		buf_printf(&text, " and %zu more", ids->n - NAMED);
	names = arena_strdup(rq->mem, buf_text(&text));
	buf_free(&text);
	return names;
}

/* What takes the error out again: its id and its keys. */
static int
write_part(struct req *rq, struct json_out *out, int64_t id)
{
	int row;

	json_object(out, NULL);
	json_int(out, "id", id);
	json_array(out, "keys");
	for (row = db_query(rq->db, SQL_LIST_KEYS, DB_ARGS(DB_INT(id))); row == DB_ROW;
	     row = db_next(rq->db, SQL_LIST_KEYS))
		json_text(out, NULL, db_text(rq->db, SQL_LIST_KEYS, 0));
	json_array_end(out);
	json_object_end(out);
	return row;
}

/* Inside a transaction; writes the parts.  0 or a refusal. */
static int
merge(struct req *rq, int64_t into, const struct ids *ids, struct json_out *out)
{
	const char *project;
	int st;

	if (find_project(rq, into, &project) == -1)
		return req_fail_db(rq);
	if (project == NULL)
		return req_fail(rq, 404, "There is no error %lld", (long long)into);
	if (db_run(rq->db, SQL_KEYS_NAME, DB_ARGS(DB_INT(into))) == -1)
		return req_fail_db(rq);
	json_array(out, "parts");
	for (size_t i = 0; i < ids->n; i++) {
		if ((st = check_mergeable(rq, ids->items[i], project)) != 0)
			return st;
		if (write_part(rq, out, ids->items[i]) == -1 ||
		    take_all(rq, into, ids->items[i]) == -1)
			return req_fail_db(rq);
	}
	json_array_end(out);
	if (sum_up(rq, into) == -1 || errors_note(rq, into, "merge", name_all(rq, ids)) == -1)
		return req_fail_db(rq);
	return 0;
}

/* The members into and ids. */
static int
want_merge(struct req *rq, int64_t *into, struct ids *ids)
{
	const cJSON *doc;
	int st;

	if ((st = want_object(rq, &doc)) != 0 || (st = want_ids(rq, doc, ids)) != 0)
		return st;
	if (!json_is_int(json_get(doc, "into"), 1, ID_MAX, into))
		return req_fail(rq, 400, "Field 'into' must be the id of an error");
	if (ids_have(ids, *into))
		return req_fail(rq, 400, "An error cannot be merged with itself");
	return 0;
}

/*
 * POST /api/errors/merge {"into": id, "ids": [...]}: makes one error of all, with the id
 * and the state of the first.  200 {"status": "merged", "id", "merged": how many, "parts":
 * [{"id", "keys"}]}, which unmerge takes apart again; 404 for an id that is none, 409 for
 * errors of different projects; then nothing is merged.
 */
int
errors_merge(struct req *rq)
{
	struct json_out *out;
	struct ids ids = {0};
	int64_t into;
	int st;

	if ((st = want_merge(rq, &into, &ids)) != 0)
		return st;
	out = req_json(rq);
	json_object(out, NULL);
	json_text(out, "status", "merged");
	json_int(out, "id", into);
	json_int(out, "merged", (int64_t)ids.n);
	if (db_begin(rq->db) == -1)
		return req_fail_db(rq);
	if ((st = merge(rq, into, &ids, out)) != 0)
		return st;
	if (db_commit(rq->db) == -1)
		return req_fail_db(rq);
	json_object_end(out);
	return 200;
}

/* ---- taking apart --------------------------------------------------------------------- */

/*
 * An error in the state of another, for these of its keys.  Of the errors that were merged
 * away and that these keys stand for it is the last, else a new one; its id is in *to, 0 if
 * there is no error to take from.  0 or DB_FAILED.
 */
static int
make_error(struct req *rq, int64_t from, const cJSON *key, int64_t *to)
{
	int64_t merged, last = 0, id;

	for (; key != NULL; key = key->next) {
		if (db_number(rq->db, SQL_MERGED_FIND,
			DB_ARGS(DB_INT(from), DB_TEXT(key->valuestring)), 0, &merged) == -1)
			return DB_FAILED;
		if (merged > last)
			last = merged;
	}
	if (db_number(rq->db, SQL_MERGED_TAKE, DB_ARGS(DB_INT(last)), 0, &id) == -1)
		return DB_FAILED;
	return db_number(
	    rq->db, SQL_ERROR_LIKE, DB_ARGS(DB_INT(from), id > 0 ? DB_INT(id) : DB_NULL), 0, to);
}

/* Moves the keys, items of a list, to an error of their own.  0 or a refusal. */
static int
take_keys(struct req *rq, int64_t from, int64_t to, const cJSON *key)
{
	for (; key != NULL; key = key->next) {
		if (db_run(rq->db, SQL_KEY_MOVE,
			DB_ARGS(DB_INT(from), DB_INT(to), DB_TEXT(key->valuestring))) == -1)
			return req_fail_db(rq);
		if (db_changes(rq->db) == 0)
			return req_fail(rq, 404, "Error %lld has no key '%s', or it is named twice",
			    (long long)from, key->valuestring);
	}
	return 0;
}

/* Inside a transaction; the id of the error that the keys make in *to.  0 or a refusal. */
static int
unmerge(struct req *rq, int64_t from, const cJSON *keys, int64_t *to)
{
	struct arena *mem = rq->mem;
	int64_t left;
	int st;

	if (make_error(rq, from, keys, to) == -1)
		return req_fail_db(rq);
	if (*to == 0)
		return req_fail(rq, 404, "There is no error %lld", (long long)from);
	if ((st = take_keys(rq, from, *to, keys)) != 0)
		return st;
	if (db_number(rq->db, SQL_ERROR_SUM, DB_ARGS(DB_INT(from)), 0, &left) == -1)
		return req_fail_db(rq);
	if (left == 0)
		return req_fail(rq, 409, "These are all keys of error %lld: it keeps at least one",
		    (long long)from);
	if (sum_up(rq, from) == -1 || sum_up(rq, *to) == -1 ||
	    errors_note(rq, from, "unmerge", arena_printf(mem, "into #%lld", (long long)*to)) ==
		-1 ||
	    errors_note(rq, *to, "unmerge", arena_printf(mem, "from #%lld", (long long)from)) == -1)
		return req_fail_db(rq);
	return 0;
}

/* The members id and keys; of these the first item. */
static int
want_unmerge(struct req *rq, int64_t *from, const cJSON **keys)
{
	const cJSON *doc, *list, *key;
	int st, n;

	if ((st = want_object(rq, &doc)) != 0)
		return st;
	if (!json_is_int(json_get(doc, "id"), 1, ID_MAX, from))
		return req_fail(rq, 400, "Field 'id' must be the id of an error");
	list = json_get(doc, "keys");
	n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
	if (n < 1 || n > KEYS_MAX)
		return req_fail(rq, 400, "Field 'keys' must be an array of 1 to %d keys", KEYS_MAX);
	*keys = list->child;
	for (key = *keys; key != NULL; key = key->next)
		if (!cJSON_IsString(key))
			return req_fail(
			    rq, 400, "Field 'keys' must hold keys as grouping.keys names them");
	return 0;
}

/*
 * POST /api/errors/unmerge {"id": error, "keys": [...]}: makes one error of those of its
 * grouping keys, with the id that they had before they were merged, else a new one.  200
 * {"status": "unmerged", "id": that one, "from": id}; 404 for an id or a key that is none,
 * 409 for all the keys of an error; then nothing is moved.
 */
int
errors_unmerge(struct req *rq)
{
	struct json_out *out;
	const cJSON *keys = NULL;
	int64_t from, to = 0;
	int st;

	if ((st = want_unmerge(rq, &from, &keys)) != 0)
		return st;
	if (db_begin(rq->db) == -1)
		return req_fail_db(rq);
	if ((st = unmerge(rq, from, keys, &to)) != 0)
		return st;
	if (db_commit(rq->db) == -1)
		return req_fail_db(rq);
	out = req_json(rq);
	json_object(out, NULL);
	json_text(out, "status", "unmerged");
	json_int(out, "id", to);
	json_int(out, "from", from);
	json_object_end(out);
	return 200;
}
