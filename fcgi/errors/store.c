/* SPDX-License-Identifier: MIT */
/*
 * Counting a report, in one transaction under the write lock: sixteen senders of
 * the same error find one key, and an event_id is stored once.
 *
 * A known error costs few statements.  Indexed columns are written apart and only
 * when they change: the times once a second, the rank ever more seldom.
 */
#include <string.h>

#include "clock.h"
#include "errors_retention.h"
#include "rank.h"
#include "report.h"
#include "scrub.h"
#include "text.h"

/* What one key may fill; the rest is left out and counted in /metrics. */
#define MAX_TAG_NAMES 50
#define MAX_TAG_VALUES 100
#define MAX_TAGS_OF_REPORT 200 /* so many are looked at while others wait for the lock */
#define TAG_NAME_MAX 100
#define TAG_VALUE_MAX 200
/* What a report may forget for want of space: it and each later one bring less than that. */
#define FORGOTTEN_PER_REPORT 16
#define FORGETTING_US 20000

static int64_t
hash(const char *text)
{
	return (int64_t)text_hash(text, strlen(text));
}

/* ---- event ids --------------------------------------------------------------- */

int64_t
errors_event(struct arena *mem, const char *project, const char *event_id)
{
	return hash(arena_printf(mem, "%s\n%s", project, event_id));
}

static struct db_value
event_of(struct storing *s)
{
	return DB_INT(errors_event(s->rq->mem, s->report->project, s->report->event_id));
}

/* DB_ROW if the event is known; then the answer it got is the answer. */
static int
find_event(struct storing *s)
{
	int64_t oldest = clock_now() - EVENT_DAYS * SECONDS_PER_DAY;
	int row;

	if (s->report->event_id == NULL)
		return DB_NONE;
	row = db_query(s->db, SQL_EVENT_FIND, DB_ARGS(event_of(s), DB_INT(oldest)));
	if (row != DB_ROW)
		return row;
	s->stored->repeated = true;
	s->stored->id = db_int(s->db, SQL_EVENT_FIND, 0);
	s->stored->outcome = (enum outcome)db_int(s->db, SQL_EVENT_FIND, 1);
	s->stored->count = db_int(s->db, SQL_EVENT_FIND, 2);
	db_done(s->db, SQL_EVENT_FIND);
	return DB_ROW;
}

static int
keep_event(struct storing *s)
{
	if (s->report->event_id == NULL)
		return 0;
	return db_run(s->db, SQL_EVENT_ADD,
	    DB_ARGS(event_of(s), DB_INT(clock_now()), DB_INT(s->stored->id),
		DB_INT(s->stored->outcome), DB_INT(s->stored->count)));
}

/* ---- the error and its key --------------------------------------------------- */

static int
find_key(struct storing *s, struct known *k)
{
	const struct report *r = s->report;
	int row = db_query(s->db, SQL_KEY_FIND,
	    DB_ARGS(DB_TEXT(r->project), DB_TEXT(r->mechanism), DB_TEXT(r->key)));
	int64_t *const columns[] = {&k->key_id, &k->key_count, &k->reports, &k->error_id,
	    &k->status, &k->resolved_at, &k->level, &k->browser, &k->first_seen, &k->last_seen,
	    &k->rank, &k->keys, &k->ignored_until, &k->ignored_count, &k->ignored_minutes};

	if (row != DB_ROW)
		return row;
	for (size_t i = 0; i < NELEM(columns); i++)
		*columns[i] = db_int(s->db, SQL_KEY_FIND, (int)i);
	k->resolved_release = db_text_copy(s->db, SQL_KEY_FIND, NELEM(columns), s->rq->mem);
	db_done(s->db, SQL_KEY_FIND);
	return report_judge(s, k) == -1 ? DB_FAILED : DB_ROW;
}

/* What lists and search see of the message. */
static struct db_value
listed_message(const struct report *r)
{
	struct db_value message = DB_TEXT(r->message);

	message.len = text_utf8_cut(r->message, message.len, MESSAGE_LISTED);
	return message;
}

/* Makes an error with one key; nothing is counted yet, and search does not know it. */
static int
add_error(struct storing *s, struct known *k)
{
	const struct report *r = s->report;

	*k = (struct known){.status = STATUS_UNRESOLVED,
	    .level = r->level,
	    .browser = r->browser,
	    .first_seen = r->at,
	    .last_seen = r->at,
	    .rank = count_rank(r->count),
	    .keys = 1};
	if (db_number(s->db, SQL_ERROR_ADD,
		DB_ARGS(DB_TEXT(r->project), DB_TEXT(r->type), listed_message(r), DB_INT(r->level),
		    DB_INT(r->browser), DB_INT(r->at), DB_INT(k->rank)),
		0, &k->error_id) == -1)
		return DB_FAILED;
	return db_number(s->db, SQL_KEY_ADD,
	    DB_ARGS(DB_INT(k->error_id), DB_TEXT(r->project), DB_TEXT(r->mechanism),
		DB_TEXT(r->key), DB_INT(r->at), DB_INT(r->level), DB_INT(r->browser)),
	    0, &k->key_id);
}

/*
 * The last of a new error's statements: the full-text index, once written to, joins
 * in each savepoint that SQLite sets for a later statement, and flushes for it.
 */
static int
add_words(struct storing *s, const struct known *k)
{
	return db_run(s->db, SQL_KEY_WORDS,
	    DB_ARGS(DB_INT(k->key_id), DB_TEXT(s->report->type), listed_message(s->report)));
}

/* Brings what the error shows up to date with this report. */
static int
touch_error(struct storing *s, const struct known *k)
{
	const struct report *r = s->report;
	struct db_value id = DB_INT(k->error_id);
	bool browser = k->browser || r->browser;
	int64_t rank = count_rank(s->stored->count);
	int64_t status = k->reopens ? STATUS_UNRESOLVED : k->status;
	struct db_value resolved_at = status == STATUS_RESOLVED ? DB_INT(k->resolved_at) : DB_NULL;

	if (r->at > k->last_seen && db_run(s->db, SQL_ERROR_LAST, DB_ARGS(id, DB_INT(r->at))) == -1)
		return DB_FAILED;
	if (r->at < k->first_seen &&
	    db_run(s->db, SQL_ERROR_FIRST, DB_ARGS(id, DB_INT(r->at))) == -1)
		return DB_FAILED;
	if (rank != k->rank && db_run(s->db, SQL_ERROR_RANK, DB_ARGS(id, DB_INT(rank))) == -1)
		return DB_FAILED;
	if (k->reopens && db_run(s->db, SQL_HISTORY_ADD,
			      DB_ARGS(id, DB_INT(clock_now()), DB_TEXT("reopen"), DB_TEXT("report"),
				  DB_TEXT(r->release))) == -1)
		return DB_FAILED;
	if (!k->reopens && browser == k->browser && r->level == k->level)
		return 0;
	return db_run(s->db, SQL_ERROR_CHANGE,
	    DB_ARGS(id, DB_INT(status), resolved_at, DB_INT(r->level), DB_INT(browser)));
}

/* ---- what hangs on the key --------------------------------------------------- */

static int
put_occurrence(struct storing *s, const struct known *k)
{
	int64_t most = errors_cfg(s->rq)->max_occurrences;

	return db_run(s->db, SQL_OCCURRENCE_PUT,
	    DB_ARGS(DB_INT(occurrence_slot(k->key_id, k->reports, most)),
		DB_INT(clock_now_ns() / 1000), DB_INT(s->report->at),
		DB_BLOB(s->report->payload, s->report->payload_len)));
}

/* ---- tags and people --------------------------------------------------------- */

static int
count_tag(struct storing *s, int64_t key_id, const char *name, struct db_value value)
{
	struct db_value key = DB_INT(key_id), count = DB_INT(s->report->count);
	struct db_value tag = DB_TEXT(name);
	int64_t values, names;

	tag.len = text_utf8_cut(name, tag.len, TAG_NAME_MAX);
	value.len = text_utf8_cut(value.p, value.len, TAG_VALUE_MAX);
	if (db_run(s->db, SQL_TAG_COUNT, DB_ARGS(key, tag, value, count)) == -1)
		return DB_FAILED;
	if (db_changes(s->db) > 0)
		return 0;
	if (db_query(s->db, SQL_TAG_VALUES, DB_ARGS(key, tag)) != DB_ROW)
		return DB_FAILED;
	values = db_int(s->db, SQL_TAG_VALUES, 0);
	names = db_int(s->db, SQL_TAG_VALUES, 1);
	db_done(s->db, SQL_TAG_VALUES);
	if (values == 0 && names >= MAX_TAG_NAMES) {
		s->stored->capped++;
		return 0;
	}
	/* The empty value counts the others. */
	if (values >= MAX_TAG_VALUES) {
		s->stored->capped++;
		value.len = 0;
	}
	return db_run(s->db, SQL_TAG_ADD, DB_ARGS(key, tag, value, count));
}

static int
count_tags(struct storing *s, int64_t key_id)
{
	const cJSON *tag = s->report->tags != NULL ? s->report->tags->child : NULL;
	char number[JSON_NUMBER_SIZE];
	int n = 0;

	if (s->report->server_name != NULL &&
	    count_tag(s, key_id, "server_name", DB_TEXT(s->report->server_name)) == -1)
		return DB_FAILED;
	for (; tag != NULL; tag = tag->next) {
		const char *value = tag->valuestring;

		if (cJSON_IsNumber(tag)) {
			(void)json_spell(number, tag->valuedouble);
			value = number;
		} else if (cJSON_IsBool(tag))
			value = cJSON_IsTrue(tag) ? "true" : "false";
		else if (!cJSON_IsString(tag))
			continue;
		if (n++ >= MAX_TAGS_OF_REPORT) {
			s->stored->capped++;
			continue;
		}
		if (errors_cfg(s->rq)->scrub)
			value = scrub_named(s->rq->mem, tag->string, value);
		if (*value != '\0' && *tag->string != '\0' &&
		    count_tag(s, key_id, tag->string, DB_TEXT(value)) == -1)
			return DB_FAILED;
	}
	return 0;
}

static int
note_people(struct storing *s, int64_t key_id)
{
	const struct report *r = s->report;

	if (r->user != NULL) {
		if (db_run(s->db, SQL_USER_ADD,
			DB_ARGS(DB_INT(key_id), DB_INT(hash(r->user)), DB_INT(MAX_USERS))) == -1)
			return DB_FAILED;
		if (db_changes(s->db) > 0 &&
		    db_run(s->db, SQL_KEY_USERS, DB_ARGS(DB_INT(key_id))) == -1)
			return DB_FAILED;
	}
	if (r->session_id == NULL)
		return 0;
	return db_run(s->db, SQL_SESSION_ADD,
	    DB_ARGS(DB_INT(hash(r->session_id)), DB_INT(key_id), DB_INT(clock_now()),
		DB_INT(MAX_KEYS_OF_SESSION)));
}

/*
 * Keeps the database below MAX_ERRORS_BYTES where the report made it grow by more than
 * numbers; the hourly job sees to the rest.
 */
static int
make_room(struct storing *s, const struct known *k)
{
	const struct errors_cfg *cfg = errors_cfg(s->rq);
	int n;

	if (cfg->max_bytes == 0 || k->reports >= 2 * cfg->max_occurrences)
		return 0;
	n = errors_make_room(
	    s->db, cfg->max_bytes, FORGOTTEN_PER_REPORT, clock_mono_us() + FORGETTING_US);
	if (n == DB_FAILED)
		return DB_FAILED;
	s->stored->crowded = n;
	return 0;
}

/* ---- all of it --------------------------------------------------------------- */

static int
count_key(struct storing *s, const struct known *k)
{
	const struct report *r = s->report;

	s->stored->count = k->key_count + r->count;
	if (db_run(s->db, SQL_KEY_COUNT,
		DB_ARGS(DB_INT(k->key_id), DB_INT(r->count), DB_INT(r->at), DB_INT(r->level),
		    DB_INT(r->browser))) == -1)
		return DB_FAILED;
	if (k->keys == 1)
		return 0;
	return db_number(s->db, SQL_ERROR_SUM, DB_ARGS(DB_INT(k->error_id)), 0, &s->stored->count);
}

static int
store(struct storing *s)
{
	const struct report *r = s->report;
	struct known k = {0};
	int found = find_key(s, &k);

	if (found == DB_FAILED ||
	    (found == DB_NONE && (add_error(s, &k) == -1 || report_count_minute(s, &k) == -1)))
		return DB_FAILED;
	s->stored->id = k.error_id;
	s->stored->outcome = found == DB_NONE ? OUTCOME_CREATED
			     : k.reopens      ? OUTCOME_REOPENED
					      : OUTCOME_INCREMENTED;
	if (count_key(s, &k) == -1 || (found == DB_ROW && touch_error(s, &k) == -1) ||
	    errors_count_hour(s->db, s->rq->mem, k.key_id, r->at, r->count) == -1 ||
	    put_occurrence(s, &k) == -1 || report_count_facets(s, &k) == -1 ||
	    count_tags(s, k.key_id) == -1 || note_people(s, k.key_id) == -1 ||
	    report_notify(s, &k) == -1 || keep_event(s) == -1)
		return DB_FAILED;
	if (found == DB_NONE && add_words(s, &k) == -1)
		return DB_FAILED;
	return make_room(s, &k);
}

int
report_store(struct req *rq, const struct report *report, struct stored *stored)
{
	struct storing s = {rq, rq->db, report, stored};
	int st;

	if (db_begin(rq->db) == DB_FAILED)
		return DB_FAILED;
	st = find_event(&s);
	if (st == DB_NONE)
		st = store(&s);
	return db_finish(rq->db, st == DB_FAILED ? DB_FAILED : 0);
}
