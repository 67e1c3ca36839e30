/* SPDX-License-Identifier: MIT */
/* What people say about errors: that they are resolved, or not, or of no interest. */
#include <string.h>

#include "clock.h"
#include "errors.h"
#include "text.h"

#define HOURS_MAX 8760
#define COUNT_MAX 1000000
#define MINUTES_MAX 10080

const char *const status_words[] = {
    [STATUS_UNRESOLVED] = "unresolved",
    [STATUS_RESOLVED] = "resolved",
    [STATUS_IGNORED] = "ignored",
    NULL,
};

const char *const level_words[] = {
    [LEVEL_DEBUG] = "debug",
    [LEVEL_INFO] = "info",
    [LEVEL_WARNING] = "warning",
    [LEVEL_ERROR] = "error",
    [LEVEL_FATAL] = "fatal",
    NULL,
};

int
errors_missing(struct req *rq, int64_t id)
{
	struct json_out *out;
	int64_t into;

	if (db_number(rq->db, SQL_MERGED_INTO, DB_ARGS(DB_INT(id)), 0, &into) == -1)
		return req_fail_db(rq);
	out = req_json(rq);
	json_object(out, NULL);
	json_text(out, "detail", "Error not found");
	if (into != 0)
		json_int(out, "merged_into", into);
	json_object_end(out);
	return 404;
}

/* ---- what is to become of errors ------------------------------------------------ */

enum verb { VERB_RESOLVE, VERB_REOPEN, VERB_IGNORE, VERB_DELETE };

static const struct {
	const char *word; /* in a bulk and in the history */
	const char *done; /* in the answer */
} verbs[] = {
    [VERB_RESOLVE] = {"resolve", "resolved"},
    [VERB_REOPEN] = {"reopen", "unresolved"},
    [VERB_IGNORE] = {"ignore", "ignored"},
    [VERB_DELETE] = {"delete", "deleted"},
};

struct change {
	enum verb verb;
	const char *release;           /* of VERB_RESOLVE; may be NULL */
	int64_t hours, count, minutes; /* of VERB_IGNORE; 0: no such end */
};

/* On what terms, as the history tells them; NULL for none. */
static const char *
terms(struct req *rq, const struct change *c)
{
	if (c->release != NULL)
		return arena_printf(rq->mem, "in release %s", c->release);
	if (c->hours > 0)
		return arena_printf(rq->mem, "for %lld hours", (long long)c->hours);
	if (c->count > 0)
		return arena_printf(rq->mem, "until %lld more in %lld minutes", (long long)c->count,
		    (long long)c->minutes);
	return NULL;
}

int
errors_note(struct req *rq, int64_t id, const char *action, const char *detail)
{
	return db_run(rq->db, SQL_HISTORY_ADD,
	    DB_ARGS(DB_INT(id), DB_INT(clock_now()), DB_TEXT(action),
		DB_TEXT(rq->identity == BY_SESSION ? "session" : "key"), DB_TEXT(detail)));
}

static int
set_status(struct req *rq, int64_t id, const struct change *c)
{
	static const enum error_status statuses[] = {
	    [VERB_RESOLVE] = STATUS_RESOLVED,
	    [VERB_REOPEN] = STATUS_UNRESOLVED,
	    [VERB_IGNORE] = STATUS_IGNORED,
	};
	int64_t now = clock_now();
	struct db_value end = c->hours > 0 ? DB_INT(now + c->hours * SECONDS_PER_HOUR) : DB_NULL;

	if (db_run(rq->db, SQL_SET_STATUS,
		DB_ARGS(DB_INT(id), DB_INT(statuses[c->verb]),
		    c->verb == VERB_RESOLVE ? DB_INT(now) : DB_NULL, DB_TEXT(c->release), end,
		    DB_INT(c->count), DB_INT(c->minutes))) == -1)
		return DB_FAILED;
	if (db_changes(rq->db) == 0)
		return 0;
	/* What came before does not count among the more that may come. */
	if (db_run(rq->db, SQL_MINUTES_FORGET_ALL, DB_ARGS(DB_INT(id))) == -1)
		return DB_FAILED;
	return errors_note(rq, id, verbs[c->verb].word, terms(rq, c));
}

/* Inside a transaction: DB_ROW if there is such an error, DB_NONE or DB_FAILED. */
static int
apply(struct req *rq, int64_t id, const struct change *c)
{
	int64_t found;

	if (db_number(rq->db, SQL_EXISTS, DB_ARGS(DB_INT(id)), 0, &found) == -1)
		return DB_FAILED;
	if (!found)
		return DB_NONE;
	if (c->verb != VERB_DELETE)
		return set_status(rq, id, c) == -1 ? DB_FAILED : DB_ROW;
	if (db_run(rq->db, SQL_FORGET_WORDS, DB_ARGS(DB_INT(id))) == -1 ||
	    db_run(rq->db, SQL_FORGET_ERROR, DB_ARGS(DB_INT(id))) == -1)
		return DB_FAILED;
	return DB_ROW;
}

/* ---- one error ------------------------------------------------------------------- */

/* Does it to the error of the path. */
static int
change(struct req *rq, const struct change *c)
{
	struct json_out *out;
	int64_t id;
	int st, found;

	if ((st = want_id(rq, 0, &id)) != 0)
		return st;
	if (db_begin(rq->db) == -1 || (found = apply(rq, id, c)) == DB_FAILED ||
	    db_commit(rq->db) == -1)
		return req_fail_db(rq);
	if (found == DB_NONE)
		return errors_missing(rq, id);
	out = req_json(rq);
	json_object(out, NULL);
	json_text(out, "status", verbs[c->verb].done);
	json_int(out, "id", id);
	json_object_end(out);
	return 200;
}

/*
 * POST /api/errors/{id}/resolve {"release": "X"}: doing so twice is not an error and keeps
 * the first time.  With a release, only a report of a later one reopens.  The wire contract
 * ignores the body, so whatever else it is does no harm.
 */
int
errors_resolve(struct req *rq)
{
	const char *why;
	size_t at;
	const cJSON *doc = json_parse(rq->mem, rq->body, rq->length, &why, &at);

	return change(rq, &(struct change){VERB_RESOLVE, json_get_text(doc, "release"), 0, 0, 0});
}

/* POST /api/errors/{id}/reopen: back to unresolved, from resolved or ignored. */
int
errors_reopen(struct req *rq)
{
	return change(rq, &(struct change){.verb = VERB_REOPEN});
}

/* DELETE /api/errors/{id}: with all that hangs on it; the next such report is a new error. */
int
errors_delete(struct req *rq)
{
	return change(rq, &(struct change){.verb = VERB_DELETE});
}

static int
want_terms(struct req *rq, const cJSON *doc, struct change *c)
{
	const struct {
		const char *name;
		int64_t max, *to;
	} numbers[] = {
	    {"hours", HOURS_MAX, &c->hours},
	    {"count", COUNT_MAX, &c->count},
	    {"minutes", MINUTES_MAX, &c->minutes},
	};

	for (size_t i = 0; i < NELEM(numbers); i++) {
		const cJSON *item = json_get(doc, numbers[i].name);

		if (item != NULL && !json_is_int(item, 1, numbers[i].max, numbers[i].to))
			return req_fail(rq, 400, "Field '%s' must be a whole number from 1 to %lld",
			    numbers[i].name, (long long)numbers[i].max);
	}
	if ((c->count > 0) != (c->minutes > 0) || (c->hours > 0 && c->count > 0))
		return req_fail(
		    rq, 400, "Give hours, or count and minutes together, or none of them");
	return 0;
}

/*
 * POST /api/errors/{id}/ignore: for ever with no body or {}, {"hours": H}, or until so many
 * more come in so many minutes: {"count": N, "minutes": M}.  The first report after the end
 * reopens it.  400 for other terms.
 */
int
errors_ignore(struct req *rq)
{
	struct change c = {.verb = VERB_IGNORE};
	const cJSON *doc = NULL;
	int st;

	if (rq->length > 0 &&
	    ((st = want_object(rq, &doc)) != 0 || (st = want_terms(rq, doc, &c)) != 0))
		return st;
	return change(rq, &c);
}

/* ---- many at once ---------------------------------------------------------------- */

static int
want_verb(struct req *rq, const cJSON *doc, struct change *c)
{
	const char *action;
	int st;

	if ((st = want_text(rq, doc, "action", 0, &action)) != 0)
		return st;
	for (size_t i = 0; i < NELEM(verbs); i++)
		if (strcmp(action, verbs[i].word) == 0) {
			c->verb = (enum verb)i;
			return c->verb == VERB_IGNORE ? want_terms(rq, doc, c) : 0;
		}
	return req_fail(rq, 400, "Field 'action' must be resolve, reopen, ignore or delete");
}

bool
ids_have(const struct ids *ids, int64_t id)
{
	for (size_t i = 0; i < ids->n; i++)
		if (ids->items[i] == id)
			return true;
	return false;
}

int
want_ids(struct req *rq, const cJSON *doc, struct ids *ids)
{
	const cJSON *list = json_get(doc, "ids"), *item;
	int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;

	if (n < 1 || n > IDS_MAX)
		return req_fail(rq, 400, "Field 'ids' must be an array of 1 to %d ids", IDS_MAX);
	ids->items = arena_alloc(rq->mem, (size_t)n * sizeof *ids->items);
	ids->n = 0;
	for (item = list->child; item != NULL; item = item->next) {
		int64_t id;

		if (!json_is_int(item, 1, ID_MAX, &id))
			return req_fail(rq, 400, "Field 'ids' must hold ids only");
		if (!ids_have(ids, id))
			ids->items[ids->n++] = id;
	}
	return 0;
}

static int
apply_all(struct req *rq, const struct ids *ids, const struct change *c, struct json_out *out)
{
	int64_t done = 0;

	json_array(out, "missing");
	for (size_t i = 0; i < ids->n; i++) {
		int found = apply(rq, ids->items[i], c);

		if (found == DB_FAILED)
			return DB_FAILED;
		if (found == DB_NONE)
			json_int(out, NULL, ids->items[i]);
		else
			done++;
	}
	json_array_end(out);
	json_int(out, "done", done);
	return 0;
}

/*
 * POST /api/errors/bulk {"ids": [...], "action": "resolve|reopen|ignore|delete"}, with the
 * members of the action beside: all in one transaction.  200 {"status", "missing": [ids],
 * "done": how many}.
 */
int
errors_bulk(struct req *rq)
{
	struct change c = {0};
	struct json_out *out;
	struct ids ids = {0};
	const cJSON *doc;
	int st;

	if ((st = want_object(rq, &doc)) != 0 || (st = want_ids(rq, doc, &ids)) != 0 ||
	    (st = want_verb(rq, doc, &c)) != 0)
		return st;
	if (c.verb == VERB_RESOLVE &&
	    (st = want_optional_text(rq, doc, "release", 0, &c.release)) != 0)
		return st;
	out = req_json(rq);
	json_object(out, NULL);
	json_text(out, "status", verbs[c.verb].done);
	if (db_begin(rq->db) == -1 || apply_all(rq, &ids, &c, out) == -1 || db_commit(rq->db) == -1)
		return req_fail_db(rq);
	json_object_end(out);
	return 200;
}
