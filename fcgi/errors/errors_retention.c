/* SPDX-License-Identifier: MIT */
#include "errors_retention.h"

#include "clock.h"
#include "errors.h"

#define ERRORS_PER_SLICE 100
#define SLICE_US 200000      /* an error with a hundred thousand users takes its time */
#define ROWS_PER_SLICE 20000 /* of the tables that are passed through */
#define PAGES_PER_SLICE 1000
/*
 * Bytes of room for each event id that is remembered, and for each session of an error.  Either
 * takes 25 to 58 of them, so both together fill a quarter of the room at most.
 */
#define ROOM_PER_ROW 480

static bool
stopped(const struct errors_retention *r)
{
	return r->stop != NULL && r->stop();
}

/* ---- errors ------------------------------------------------------------------ */

static int
forget(struct db *db, int64_t id)
{
	if (db_run(db, SQL_FORGET_WORDS, DB_ARGS(DB_INT(id))) == -1)
		return DB_FAILED;
	return db_run(db, SQL_FORGET_ERROR, DB_ARGS(DB_INT(id)));
}

/* The ids a statement gives; returns how many, or DB_FAILED. */
static int
collect(struct db *db, int statement, int64_t value, int64_t ids[ERRORS_PER_SLICE])
{
	int row = db_query(db, statement, DB_ARGS(DB_INT(value), DB_INT(ERRORS_PER_SLICE)));
	int n = 0;

	for (; row == DB_ROW; row = db_next(db, statement))
		ids[n++] = db_int(db, statement, 0);
	return row == DB_FAILED ? DB_FAILED : n;
}

/* Deletes what the statement gives, or as many as fit in a slice; returns how many. */
static int
forget_slice(struct db *db, int statement, int64_t value)
{
	int64_t ids[ERRORS_PER_SLICE], until;
	int n, i;

	if (db_begin(db) == -1)
		return DB_FAILED;
	/* Only now: a slice that waited for the lock would else be over when it begins. */
	until = clock_mono_us() + SLICE_US;
	n = collect(db, statement, value, ids);
	for (i = 0; i < n && (i == 0 || clock_mono_us() < until); i++)
		if (forget(db, ids[i]) == -1) {
			n = DB_FAILED;
			break;
		}
	return db_finish(db, n == DB_FAILED ? DB_FAILED : 0) == -1 ? DB_FAILED : i;
}

static int
forget_resolved(struct db *db, const struct errors_retention *r, struct errors_forgotten *done)
{
	int n;

	do {
		n = forget_slice(db, SQL_OLD_RESOLVED, r->now - r->days * SECONDS_PER_DAY);
		if (n > 0)
			done->resolved += n;
	} while (n > 0 && !stopped(r));
	return n == DB_FAILED ? DB_FAILED : 0;
}

int
errors_make_room(struct db *db, int64_t max_bytes, int most, int64_t until_us)
{
	static const enum error_status order[] = {
	    STATUS_RESOLVED, STATUS_IGNORED, STATUS_UNRESOLVED};
	int64_t id;
	int n = 0;

	for (size_t i = 0; i < sizeof order / sizeof *order;) {
		if (n == most || clock_mono_us() >= until_us || db_used_bytes(db) <= max_bytes)
			break;
		if (db_number(db, SQL_OLDEST_SEEN, DB_ARGS(DB_INT(order[i])), 0, &id) == -1)
			return DB_FAILED;
		if (id == 0)
			i++;
		else if (forget(db, id) == -1)
			return DB_FAILED;
		else
			n++;
	}
	return n;
}

static int
forget_crowded(struct db *db, const struct errors_retention *r, struct errors_forgotten *done)
{
	int n;

	if (r->max_bytes == 0)
		return 0;
	do {
		if (db_begin(db) == -1)
			return DB_FAILED;
		n = errors_make_room(
		    db, r->max_bytes, ERRORS_PER_SLICE, clock_mono_us() + SLICE_US);
		if (db_finish(db, n == DB_FAILED ? DB_FAILED : 0) == -1)
			return DB_FAILED;
		done->crowded += n;
	} while (n > 0 && !stopped(r));
	return 0;
}

/* ---- tables that age by the row ----------------------------------------------- */

/* The statements: where a slice of the table ends, and what deletes the old rows of one. */
struct aging {
	int next_slice, forget;
};

/* Passes through the table in the order of its key and deletes what is older. */
static int
forget_rows(
    struct db *db, const struct errors_retention *r, const struct aging *table, int64_t oldest)
{
	int64_t from = INT64_MIN, to;
	int st;

	do {
		if (db_begin(db) == -1)
			return DB_FAILED;
		st = db_number(db, table->next_slice, DB_ARGS(DB_INT(from), DB_INT(ROWS_PER_SLICE)),
		    INT64_MAX, &to);
		if (st == 0)
			st = db_run(
			    db, table->forget, DB_ARGS(DB_INT(from), DB_INT(to), DB_INT(oldest)));
		if (db_finish(db, st) == -1)
			return DB_FAILED;
		from = to;
	} while (to != INT64_MAX && !stopped(r));
	return 0;
}

/*
 * The same; and later ones while there are more than have room, or errors would go for them.
 * It aims at three quarters of that, so that each pass makes the age a quarter less at least,
 * however few are too many.
 */
static int
forget_many_rows(struct db *db, const struct errors_retention *r, const struct aging *table,
    int count, int64_t age)
{
	int64_t most = r->max_bytes > 0 ? r->max_bytes / ROOM_PER_ROW : INT64_MAX, rows;

	for (;;) {
		if (forget_rows(db, r, table, r->now - age) == -1 ||
		    db_number(db, count, DB_NO_ARGS, 0, &rows) == -1)
			return DB_FAILED;
		if (rows <= most || age == 0 || stopped(r))
			return 0;
		age = age * (most / 4 * 3) / rows;
	}
}

static int
forget_scopes(struct db *db, const struct errors_retention *r)
{
	do {
		if (db_begin(db) == -1 || db_finish(db, db_run(db, SQL_FORGET_SCOPES,
							    DB_ARGS(DB_INT(ROWS_PER_SLICE)))) == -1)
			return DB_FAILED;
	} while (db_changes(db) > 0 && !stopped(r));
	return 0;
}

/* ---- space -------------------------------------------------------------------- */

static int
shrink(struct db *db, const struct errors_retention *r, struct errors_forgotten *done)
{
	int64_t left = db_free_bytes(db), before = 0;

	while (left > 0 && left != before && !stopped(r)) {
		if (db_begin(db) == -1)
			return DB_FAILED;
		if (db_finish(db, db_shrink(db, PAGES_PER_SLICE)) == -1)
			return DB_FAILED;
		before = left;
		left = db_free_bytes(db);
		done->bytes += before - left;
	}
	return done->bytes > 0 ? db_fold(db) : 0;
}

int
errors_retain(struct db *db, const struct errors_retention *r, struct errors_forgotten *done)
{
	static const struct aging events = {SQL_SLICE_EVENTS, SQL_FORGET_EVENTS};
	static const struct aging sessions = {SQL_SLICE_SESSIONS, SQL_FORGET_SESSIONS};
	static const struct aging days = {SQL_SLICE_DAYS, SQL_FORGET_DAYS};
	int64_t kept = r->days * SECONDS_PER_DAY;

	*done = (struct errors_forgotten){0};
	if (forget_resolved(db, r, done) == -1 ||
	    forget_many_rows(db, r, &events, SQL_COUNT_EVENTS, EVENT_DAYS * SECONDS_PER_DAY) ==
		-1 ||
	    forget_many_rows(db, r, &sessions, SQL_COUNT_SESSIONS, kept) == -1 ||
	    forget_rows(db, r, &days, (r->now - kept) / SECONDS_PER_DAY) == -1 ||
	    forget_crowded(db, r, done) == -1 || forget_scopes(db, r) == -1)
		return DB_FAILED;
	return shrink(db, r, done);
}
