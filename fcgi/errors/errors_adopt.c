/* SPDX-License-Identifier: MIT */
#include "errors_adopt.h"

#include <string.h>

#include "clock.h"
#include "rank.h"
#include "report.h"
#include "text.h"

#define MICROSECONDS INT64_C(1000000)

/* The error and its key as they are, from SQL_KEY_FIND. */
struct found {
	int64_t key, count, error, status, resolved_at, level, browser, first_seen, last_seen, rank;
};

static int
find(struct db *db, const struct adopted *a, struct found *f)
{
	int row = db_query(
	    db, SQL_KEY_FIND, DB_ARGS(DB_TEXT(a->project), DB_TEXT("m0"), DB_TEXT(a->fingerprint)));

	if (row != DB_ROW)
		return row;
	*f = (struct found){
	    .key = db_int(db, SQL_KEY_FIND, 0),
	    .count = db_int(db, SQL_KEY_FIND, 1),
	    .error = db_int(db, SQL_KEY_FIND, 3),
	    .status = db_int(db, SQL_KEY_FIND, 4),
	    .resolved_at = db_int(db, SQL_KEY_FIND, 5),
	    .level = db_int(db, SQL_KEY_FIND, 6),
	    .browser = db_int(db, SQL_KEY_FIND, 7),
	    .first_seen = db_int(db, SQL_KEY_FIND, 8),
	    .last_seen = db_int(db, SQL_KEY_FIND, 9),
	    .rank = db_int(db, SQL_KEY_FIND, 10),
	};
	db_done(db, SQL_KEY_FIND);
	return DB_ROW;
}

/* A new error, resolved if the group is. */
static int
make(struct db *db, const struct adopted *a, struct found *f)
{
	struct db_value message = DB_TEXT(a->message);

	message.len = text_utf8_cut(a->message, message.len, MESSAGE_LISTED);
	*f = (struct found){
	    .status = a->resolved_at != 0 ? STATUS_RESOLVED : STATUS_UNRESOLVED,
	    .level = LEVEL_ERROR,
	    .browser = a->browser,
	    .first_seen = a->first_seen,
	    .last_seen = a->first_seen,
	    .rank = count_rank(a->count),
	};
	if (db_number(db, SQL_ERROR_ADD,
		DB_ARGS(DB_TEXT(a->project), DB_TEXT(a->type), message, DB_INT(f->level),
		    DB_INT(f->browser), DB_INT(f->first_seen), DB_INT(f->rank)),
		0, &f->error) == -1 ||
	    db_number(db, SQL_KEY_ADD,
		DB_ARGS(DB_INT(f->error), DB_TEXT(a->project), DB_TEXT("m0"),
		    DB_TEXT(a->fingerprint), DB_INT(f->first_seen), DB_INT(f->level),
		    DB_INT(f->browser)),
		0, &f->key) == -1 ||
	    db_run(db, SQL_KEY_WORDS, DB_ARGS(DB_INT(f->key), DB_TEXT(a->type), message)) == -1)
		return DB_FAILED;
	return a->resolved_at == 0
		   ? 0
		   : db_run(db, SQL_ERROR_CHANGE,
			 DB_ARGS(DB_INT(f->error), DB_INT(f->status), DB_INT(a->resolved_at),
			     DB_INT(f->level), DB_INT(f->browser)));
}

static int
count(struct db *db, const struct adopted *a, const struct found *f)
{
	int add =
	    db_prepare(db, "UPDATE error_key SET count = count + ?2,"
			   " first_seen = min(first_seen, ?3), last_seen = max(last_seen, ?4),"
			   " browser = max(browser, ?5)"
			   " WHERE id = ?1");

	if (add == DB_FAILED)
		return DB_FAILED;
	return db_run(db, add,
	    DB_ARGS(DB_INT(f->key), DB_INT(a->count), DB_INT(a->first_seen), DB_INT(a->last_seen),
		DB_INT(a->browser)));
}

/* Brings what the error shows up to date with the group. */
static int
touch(struct db *db, const struct adopted *a, const struct found *f)
{
	struct db_value error = DB_INT(f->error);
	bool reopens = f->status == STATUS_RESOLVED && a->resolved_at == 0 && a->count > 0;
	bool browser = f->browser || a->browser;
	int64_t sum, rank;

	if (db_number(db, SQL_ERROR_SUM, DB_ARGS(error), 0, &sum) == -1)
		return DB_FAILED;
	rank = count_rank(sum);
	if ((rank != f->rank && db_run(db, SQL_ERROR_RANK, DB_ARGS(error, DB_INT(rank))) == -1) ||
	    (a->last_seen > f->last_seen &&
		db_run(db, SQL_ERROR_LAST, DB_ARGS(error, DB_INT(a->last_seen))) == -1) ||
	    (a->first_seen < f->first_seen &&
		db_run(db, SQL_ERROR_FIRST, DB_ARGS(error, DB_INT(a->first_seen))) == -1))
		return DB_FAILED;
	if (!reopens && browser == f->browser)
		return 0;
	if (reopens && db_run(db, SQL_HISTORY_ADD,
			   DB_ARGS(error, DB_INT(clock_now()), DB_TEXT("reopen"), DB_TEXT("report"),
			       DB_NULL)) == -1)
		return DB_FAILED;
	return db_run(db, SQL_ERROR_CHANGE,
	    DB_ARGS(error, DB_INT(reopens ? STATUS_UNRESOLVED : f->status),
		f->status == STATUS_RESOLVED && !reopens ? DB_INT(f->resolved_at) : DB_NULL,
		DB_INT(f->level), DB_INT(browser)));
}

int
error_adopt(struct db *db, const struct adopted *a, int64_t *key)
{
	struct found f = {0};
	int row = find(db, a, &f);

	if (row == DB_FAILED || (row == DB_NONE && make(db, a, &f) == -1) ||
	    count(db, a, &f) == -1 || touch(db, a, &f) == -1)
		return DB_FAILED;
	*key = f.key;
	return 0;
}

/* ---- occurrences ------------------------------------------------------------------------- */

static int
note_user(struct db *db, int64_t key, const char *user)
{
	if (user == NULL || *user == '\0')
		return 0;
	if (db_run(db, SQL_USER_ADD,
		DB_ARGS(DB_INT(key), DB_INT((int64_t)text_hash(user, strlen(user))),
		    DB_INT(MAX_USERS))) == -1)
		return DB_FAILED;
	return db_changes(db) > 0 ? db_run(db, SQL_KEY_USERS, DB_ARGS(DB_INT(key))) : 0;
}

/* Where the original's SDK put it. */
static int
note_session(struct db *db, int64_t key, const cJSON *doc, int64_t at)
{
	const char *session = json_get_text(json_get(doc, "extra"), "session_id");

	if (session == NULL)
		return 0;
	return db_run(db, SQL_SESSION_ADD,
	    DB_ARGS(DB_INT((int64_t)text_hash(session, strlen(session))), DB_INT(key), DB_INT(at),
		DB_INT(MAX_KEYS_OF_SESSION)));
}

/* Which of the key's reports it is, from 0. */
static int
next_report(struct db *db, int64_t key, int64_t *report)
{
	int add = db_prepare(
	    db, "UPDATE error_key SET reports = reports + 1 WHERE id = ?1 RETURNING reports - 1");

	return add == DB_FAILED ? DB_FAILED : db_number(db, add, DB_ARGS(DB_INT(key)), 0, report);
}

int
error_adopt_occurrence(
    struct db *db, struct arena *mem, int64_t key, const struct adopted_occurrence *o)
{
	int64_t report;
	size_t len;
	int scrubbed;
	const char *payload = occurrence_pack(mem, o->doc, o->scrub, &len, &scrubbed);

	if (next_report(db, key, &report) == -1 ||
	    errors_count_hour(db, mem, key, o->at, 1) == -1 ||
	    note_user(db, key, json_get_text(o->doc, "user_id")) == -1 ||
	    note_session(db, key, o->doc, o->at) == -1)
		return DB_FAILED;
	return db_run(db, SQL_OCCURRENCE_PUT,
	    DB_ARGS(DB_INT(occurrence_slot(key, report, o->most)),
		DB_INT(o->at * MICROSECONDS + o->id % MICROSECONDS), DB_INT(o->at),
		DB_BLOB(payload, len)));
}
