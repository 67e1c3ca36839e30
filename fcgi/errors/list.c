/* SPDX-License-Identifier: MIT */
/* GET /api/errors: its parameters, its pages and its rows. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "query.h"
#include "text.h"
#include "walk.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200
#define OFFSET_MAX (INT64_C(1) << 40)
#define TEXT_MAX 1000
#define WORDS_MAX 32 /* of a search: the index takes megabytes for a word that many have */
#define LISTED_HOURS 24

struct parameters {
	const char *project, *session, *search, *environment, *release, *cursor;
	const char *event; /* that search names, or NULL */
	int source, status, level, sort;
	bool resolved;
	int64_t since, until, limit, offset;
};

static const char *const source_words[] = {"server", "browser", NULL};
static const char *const status_choices[] = {"unresolved", "resolved", "ignored", "all", NULL};
static const char *const sort_words[] = {
    [SORT_LAST_SEEN] = "last_seen", [SORT_FIRST_SEEN] = "first_seen", [SORT_COUNT] = "count", NULL};
enum { STATUS_ALL = STATUS_IGNORED + 1 }; /* behind the words of enum error_status */

#define AT(member) offsetof(struct parameters, member)

/* The wire contract's are lenient, ours are not. */
static const struct query_field fields[] = {
    {"project", QUERY_TEXT, QUERY_LENIENT, AT(project), 0, 0, 0, NULL},
    {"source", QUERY_CHOICE, QUERY_LENIENT, AT(source), 0, 0, 0, source_words},
    {"session_id", QUERY_TEXT, QUERY_LENIENT, AT(session), 0, 0, 0, NULL},
    {"resolved", QUERY_FLAG, QUERY_LENIENT, AT(resolved), 0, 0, 0, NULL},
    {"since", QUERY_TIME, QUERY_LENIENT, AT(since), 0, 0, 0, NULL},
    {"limit", QUERY_INT, QUERY_LENIENT, AT(limit), LIMIT_DEFAULT, 1, LIMIT_MAX, NULL},
    {"offset", QUERY_INT, QUERY_LENIENT, AT(offset), 0, 0, OFFSET_MAX, NULL},
    {"status", QUERY_CHOICE, 0, AT(status), 0, 0, 0, status_choices},
    {"until", QUERY_TIME, 0, AT(until), 0, 0, 0, NULL},
    {"search", QUERY_TEXT, 0, AT(search), 0, 0, TEXT_MAX, NULL},
    {"environment", QUERY_TEXT, 0, AT(environment), 0, 0, TEXT_MAX, NULL},
    {"release", QUERY_TEXT, 0, AT(release), 0, 0, TEXT_MAX, NULL},
    {"level", QUERY_CHOICE, 0, AT(level), 0, 0, 0, level_words},
    {"sort", QUERY_CHOICE, 0, AT(sort), 0, 0, 0, sort_words},
    {"cursor", QUERY_TEXT, 0, AT(cursor), 0, 0, TEXT_MAX, NULL},
};

/* ---- cursors ----------------------------------------------------------------- */

/* The sort, so that a cursor is not taken for another order, and the place. */
static const char *
cursor_write(struct arena *mem, enum sort sort, struct place p)
{
	return arena_printf(mem, "%c.%lld.%lld.%lld", sort_words[sort][0], (long long)p.value,
	    (long long)p.id, (long long)p.seen);
}

static int
cursor_read(const char *text, enum sort sort, struct place *p)
{
	const struct {
		int64_t *to, max;
	} numbers[] = {{&p->value, INT64_MAX}, {&p->id, INT64_MAX}, {&p->seen, OFFSET_MAX}};

	if (*text++ != sort_words[sort][0])
		return -1;
	for (size_t i = 0; i < NELEM(numbers); i++) {
		size_t len;

		if (*text++ != '.')
			return -1;
		len = strcspn(text, ".");
		if (text_int64(text, len, 0, numbers[i].max, numbers[i].to) == -1)
			return -1;
		text += len;
	}
	return *text == '\0' ? 0 : -1;
}

/* ---- rows -------------------------------------------------------------------- */

struct row {
	struct found found;
	const char *project, *type, *message, *environments, *fingerprint;
	int64_t status, level, browser, first_seen, last_seen, count, keys, users;
	int64_t hours[LISTED_HOURS];
};

/* The error's fingerprint, that of its oldest key, the sum of their counts, and their users. */
static int
load_keys(struct req *rq, struct row *r)
{
	int st = db_query(rq->db, SQL_LIST_KEYS, DB_ARGS(DB_INT(r->found.id)));

	for (; st == DB_ROW; st = db_next(rq->db, SQL_LIST_KEYS)) {
		if (r->fingerprint == NULL)
			r->fingerprint = db_text_copy(rq->db, SQL_LIST_KEYS, 0, rq->mem);
		r->count += db_int(rq->db, SQL_LIST_KEYS, 1);
		r->users += db_int(rq->db, SQL_LIST_KEYS, 2);
		r->keys++;
	}
	/* Whom several keys hit is one person. */
	if (st != DB_FAILED && r->keys > 1 && r->users > 0)
		return db_number(
		    rq->db, SQL_DETAIL_USERS, DB_ARGS(DB_INT(r->found.id)), 0, &r->users);
	return st;
}

/* What the error counts in the scope that the list is narrowed to. */
static int
load_scoped(struct req *rq, int64_t scope, struct row *r)
{
	int st = db_query(rq->db, SQL_LIST_SCOPED, DB_ARGS(DB_INT(r->found.id), DB_INT(scope)));

	if (st != DB_ROW)
		return st;
	r->count = db_int(rq->db, SQL_LIST_SCOPED, 0);
	r->first_seen = db_int(rq->db, SQL_LIST_SCOPED, 1);
	r->last_seen = db_int(rq->db, SQL_LIST_SCOPED, 2);
	db_done(rq->db, SQL_LIST_SCOPED);
	return 0;
}

static int
load_row(struct req *rq, int64_t scope, struct row *r)
{
	const int st = SQL_LIST_ROW;

	if (db_query(rq->db, st, DB_ARGS(DB_INT(r->found.id))) != DB_ROW)
		return DB_FAILED;
	r->project = db_text_copy(rq->db, st, 0, rq->mem);
	r->type = db_text_copy(rq->db, st, 1, rq->mem);
	r->message = db_text_copy(rq->db, st, 2, rq->mem);
	r->status = db_int(rq->db, st, 3);
	r->level = db_int(rq->db, st, 4);
	r->browser = db_int(rq->db, st, 5);
	r->first_seen = db_int(rq->db, st, 6);
	r->last_seen = db_int(rq->db, st, 7);
	r->environments = db_text_copy(rq->db, st, 8, rq->mem);
	db_done(rq->db, st);
	if (load_keys(rq, r) == -1 || (scope > 0 && load_scoped(rq, scope, r) == -1))
		return DB_FAILED;
	return errors_hours(rq->db, r->found.id,
	    clock_now() / SECONDS_PER_HOUR - (LISTED_HOURS - 1), r->hours, LISTED_HOURS);
}

/* By count where the rank, which is what the walk sorts by, says equal. */
static int
compare_counts(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->found.value != y->found.value)
		return x->found.value < y->found.value ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->found.id < y->found.id) - (x->found.id > y->found.id);
}

static void
write_row(struct json_out *out, const struct row *r)
{
	json_object(out, NULL);
	json_int(out, "id", r->found.id);
	json_text(out, "fingerprint", r->fingerprint);
	json_text(out, "project", r->project);
	json_text(out, "exception_type", r->type);
	json_text(out, "message", r->message);
	json_int(out, "count", r->count);
	json_int(out, "users", r->users);
	json_time(out, "first_seen", r->first_seen);
	json_time(out, "last_seen", r->last_seen);
	json_bool(out, "resolved", r->status == STATUS_RESOLVED);
	json_text(out, "source", source_words[r->browser]);
	json_text(out, "status", status_words[r->status]);
	json_text(out, "level", level_words[r->level]);
	json_raw(out, "environments", r->environments, strlen(r->environments));
	json_array(out, "hours");
	for (size_t i = 0; i < LISTED_HOURS; i++)
		json_int(out, NULL, r->hours[i]);
	json_array_end(out);
	json_object_end(out);
}

/* ---- the handler ------------------------------------------------------------- */

/*
 * The scope of environment and release; 0 in *scope if neither is asked for, and
 * DB_NONE if nothing was ever seen in it.
 */
static int
find_scope(struct req *rq, const struct parameters *p, int64_t *scope)
{
	/* Only an environment is kept by project; see the table scope. */
	bool by_project = p->project != NULL && p->release == NULL;

	*scope = 0;
	if (p->environment == NULL && p->release == NULL)
		return DB_ROW;
	if (db_number(rq->db, SQL_SCOPE_FIND,
		DB_ARGS(DB_TEXT(by_project ? p->project : ""),
		    DB_TEXT(p->environment != NULL ? p->environment : ""),
		    DB_TEXT(p->release != NULL ? p->release : "")),
		0, scope) == -1)
		return DB_FAILED;
	return *scope > 0 ? DB_ROW : DB_NONE;
}

/*
 * The errors that reports of that event_id were counted for, a JSON array: at most one of
 * each project, which are few, for a report is known by the hash of both.
 */
static int
find_event(struct req *rq, const struct parameters *p, const char **errors)
{
	struct buf ids = {0};
	struct json_out out = {.buf = &ids};
	int row;

	if (p->event == NULL)
		return 0;
	json_array(&out, NULL);
	for (row = db_query(rq->db, SQL_PROJECTS, DB_ARGS(DB_TEXT(p->project))); row == DB_ROW;
	     row = db_next(rq->db, SQL_PROJECTS)) {
		int64_t event = errors_event(rq->mem, db_text(rq->db, SQL_PROJECTS, 0), p->event);
		int64_t id;

		if (db_number(rq->db, SQL_EVENT_ERROR, DB_ARGS(DB_INT(event)), 0, &id) == -1) {
			row = DB_FAILED;
			break;
		}
		if (id > 0)
			json_int(&out, NULL, id);
	}
	json_array_end(&out);
	*errors = arena_strndup(rq->mem, ids.data, ids.len);
	buf_free(&ids);
	return row;
}

static struct filter
make_filter(struct req *rq, struct parameters *p)
{
	int status = p->status >= 0 ? p->status : p->resolved ? STATUS_RESOLVED : STATUS_UNRESOLVED;

	return (struct filter){
	    .project = p->project,
	    .statuses = status == STATUS_ALL ? 7 : 1U << status,
	    .sources = p->source >= 0 ? 1U << p->source : 3,
	    .level = p->level,
	    /* Times are kept in whole seconds: the first one not before since. */
	    .since = p->since == QUERY_ABSENT
			 ? INT64_MIN
			 : p->since / NS_PER_SECOND + (p->since % NS_PER_SECOND > 0),
	    .until = p->until == QUERY_ABSENT ? INT64_MAX : p->until / NS_PER_SECOND,
	    .session = p->session,
	    .words = p->search != NULL ? phrase_parse(rq->mem, p->search, &p->event) : NULL,
	    .sort = p->sort >= 0 ? (enum sort)p->sort : SORT_LAST_SEEN,
	};
}

static int
load_rows(struct req *rq, const struct filter *f, const struct walk *walk, struct row **rows)
{
	*rows = arena_alloc(rq->mem, walk->n * sizeof **rows);
	for (size_t i = 0; i < walk->n; i++) {
		(*rows)[i].found = walk->found[i];
		if (load_row(rq, f->scope, &(*rows)[i]) == -1)
			return DB_FAILED;
	}
	if (f->sort == SORT_COUNT)
		qsort(*rows, walk->n, sizeof **rows, compare_counts);
	return 0;
}

static void
write_page(struct req *rq, const struct parameters *p, const struct filter *f,
    const struct walk *walk, const struct row *rows)
{
	struct json_out *out = req_json(rq);

	json_object(out, NULL);
	json_array(out, "errors");
	for (size_t i = 0; i < walk->n; i++)
		write_row(out, &rows[i]);
	json_array_end(out);
	json_int(out, "total", walk->total);
	if (walk->total_is_lower_bound)
		json_bool(out, "total_is_lower_bound", true);
	json_int(out, "limit", p->limit);
	json_int(out, "offset", p->offset);
	json_text(
	    out, "next_cursor", walk->more ? cursor_write(rq->mem, f->sort, walk->next) : NULL);
	json_object_end(out);
}

/*
 * GET /api/errors: a page of the errors that pass all filters.  Parameters project,
 * source, session_id, resolved, status, since, until, search, environment, release,
 * level; sort, cursor, limit, offset.  search may name an event_id.  environment and
 * release narrow the counts and times as well.  A page may be short and still have a
 * next_cursor.  400 for a bad value of those that the wire contract does not have.
 */
int
errors_list(struct req *rq)
{
	struct place from = PLACE_START;
	struct parameters p = {0};
	struct filter filter;
	struct walk walk = {0};
	struct row *rows = NULL;
	int st, scope;

	if ((st = query_read(rq, fields, NELEM(fields), &p)) != 0)
		return st;
	filter = make_filter(rq, &p);
	if (filter.words != NULL && phrase_words(filter.words) > WORDS_MAX)
		return req_fail(rq, 400, "search must be at most %d words", WORDS_MAX);
	if (p.cursor != NULL && cursor_read(p.cursor, filter.sort, &from) == -1)
		return req_fail(rq, 400,
		    "cursor must be the next_cursor of a page with the same sort, as it was given");
	if (db_begin_read(rq->db) == -1 ||
	    (scope = find_scope(rq, &p, &filter.scope)) == DB_FAILED ||
	    find_event(rq, &p, &filter.errors) == DB_FAILED)
		return req_fail_db(rq);
	if (scope == DB_ROW && (walk_list(rq, &filter, from, p.limit, p.offset, &walk) == -1 ||
				   load_rows(rq, &filter, &walk, &rows) == -1))
		return req_fail_db(rq);
	write_page(rq, &p, &filter, &walk, rows);
	return 200;
}
