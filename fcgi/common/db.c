/* SPDX-License-Identifier: MIT */
/*
 * One connection, one thread, statements compiled once.  A statement that fails says
 * why once, here; callers go by db_fault().
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "clock.h"
#include "db_inside.h"
#include "log.h"

#define STOP_GRACE_US 2000000

/* ---- faults ---------------------------------------------------------------- */

int
db_fail(struct db *db, const char *what)
{
	int code = sqlite3_errcode(db->handle);

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		db->fault = DB_LOCKED;
		break;
	case SQLITE_FULL:
	case SQLITE_READONLY:
		db->fault = DB_FULL;
		break;
	case SQLITE_IOERR:
		/* A full disk shows as a failed write to the WAL, too. */
		db->fault = sqlite3_system_errno(db->handle) == ENOSPC ? DB_FULL : DB_BROKEN;
		break;
	case SQLITE_INTERRUPT:
		db->fault = DB_TIMEOUT;
		break;
	default:
		db->fault = DB_BROKEN;
		break;
	}
	log_errorx("%s: %s: %s (%d)", db->schema->name, what, sqlite3_errmsg(db->handle),
	    sqlite3_extended_errcode(db->handle));
	return DB_FAILED;
}

enum db_fault
db_fault(const struct db *db)
{
	return db->fault;
}

/* Called by SQLite every PROGRESS_STEPS; not 0 interrupts the statement. */
int
db_look_at_deadline(void *arg)
{
	struct db *db = arg;
	sigset_t pending;

	if (db->deadline_us == 0)
		return 0;
	/* Who wants us to stop waits only so long; see the header. */
	if (sigpending(&pending) == 0 && sigismember(&pending, SIGTERM) == 1) {
		int64_t soon = clock_mono_us() + STOP_GRACE_US;

		if (soon < db->deadline_us)
			db->deadline_us = soon;
	}
	return clock_mono_us() > db->deadline_us;
}

void
db_set_deadline(struct db *db, int64_t mono_us)
{
	db->deadline_us = mono_us;
}

/* ---- statements ------------------------------------------------------------- */

int
db_exec(struct db *db, const char *text)
{
	if (sqlite3_exec(db->handle, text, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(db, text);
	return 0;
}

/* The value of a pragma or of any query with one number. */
int
db_ask_number(struct db *db, const char *text, int64_t *out)
{
	sqlite3_stmt *stmt;
	int st = DB_FAILED;

	*out = 0;
	if (sqlite3_prepare_v2(db->handle, text, -1, &stmt, NULL) != SQLITE_OK)
		return db_fail(db, text);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		*out = sqlite3_column_int64(stmt, 0);
		st = 0;
	} else
		(void)db_fail(db, text);
	(void)sqlite3_finalize(stmt);
	return st;
}

static sqlite3_stmt *
compiled(const struct db *db, int statement)
{
	return statement < db->schema->nstatements
		   ? db->fixed[statement]
		   : db->prepared[statement - db->schema->nstatements].stmt;
}

int
db_compile(struct db *db, int statement)
{
	const char *text = db->schema->statements[statement];

	if (text == NULL) {
		log_errorx("%s: statement %d is missing", db->schema->name, statement);
		db->fault = DB_BROKEN;
		return DB_FAILED;
	}
	if (sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT,
		&db->fixed[statement], NULL) != SQLITE_OK)
		return db_fail(db, text);
	return 0;
}

int
db_prepare(struct db *db, const char *text)
{
	int oldest = 0;

	for (int i = 0; i < PREPARED_MAX; i++) {
		if (db->prepared[i].stmt != NULL &&
		    strcmp(sqlite3_sql(db->prepared[i].stmt), text) == 0) {
			db->prepared[i].used = ++db->uses;
			return db->schema->nstatements + i;
		}
		if (db->prepared[i].used < db->prepared[oldest].used)
			oldest = i;
	}
	(void)sqlite3_finalize(db->prepared[oldest].stmt);
	db->prepared[oldest].stmt = NULL;
	db->prepared[oldest].used = 0;
	if (sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT,
		&db->prepared[oldest].stmt, NULL) != SQLITE_OK)
		return db_fail(db, text);
	db->prepared[oldest].used = ++db->uses;
	return db->schema->nstatements + oldest;
}

struct db_value
db_value_text(const char *s)
{
	if (s == NULL)
		return DB_NULL;
	return (struct db_value){.type = DB_TYPE_TEXT, .len = strlen(s), .p = s};
}

/* Values are bound by reference: they outlive the statement's use, lying in the request's arena. */
static int
bind(sqlite3_stmt *stmt, const struct db_value *values, int n)
{
	int st = SQLITE_OK;

	for (int i = 0; i < n && st == SQLITE_OK; i++) {
		const struct db_value *v = &values[i];

		switch (v->type) {
		case DB_TYPE_NULL:
			st = sqlite3_bind_null(stmt, i + 1);
			break;
		case DB_TYPE_INT:
			st = sqlite3_bind_int64(stmt, i + 1, v->i);
			break;
		case DB_TYPE_REAL:
			st = sqlite3_bind_double(stmt, i + 1, v->r);
			break;
		case DB_TYPE_TEXT:
			st = sqlite3_bind_text64(
			    stmt, i + 1, v->p, v->len, SQLITE_STATIC, SQLITE_UTF8);
			break;
		case DB_TYPE_BLOB:
			/* A NULL pointer would bind null where an empty blob is meant. */
			st = v->len > 0
				 ? sqlite3_bind_blob64(stmt, i + 1, v->p, v->len, SQLITE_STATIC)
				 : sqlite3_bind_zeroblob(stmt, i + 1, 0);
			break;
		}
	}
	return st;
}

#ifdef MONLIGHT_DEBUG
/* A statement that scans, sorts or indexes by itself says so, unless its text admits it. */
static void
report_work(struct db *db, sqlite3_stmt *stmt)
{
	int scanned = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
	int sorted = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_SORT, 1);
	int indexed = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_AUTOINDEX, 1);
	const char *sql = sqlite3_sql(stmt);

	if ((scanned > 0 || sorted > 0 || indexed > 0) && strstr(sql, "/*scan") == NULL)
		log_warnx("%s: a statement scanned %d rows, sorted %d times, made %d indexes: %s",
		    db->schema->name, scanned, sorted, indexed, sql);
}
#else
#define report_work(db, stmt) ((void)0)
#endif

/* Resets a statement, whether it stands on a row or not. */
static void
rewind_statement(struct db *db, sqlite3_stmt *stmt)
{
	db->open -= sqlite3_stmt_busy(stmt) != 0;
	(void)sqlite3_reset(stmt);
}

void
db_done(struct db *db, int statement)
{
	sqlite3_stmt *stmt = compiled(db, statement);

	report_work(db, stmt);
	rewind_statement(db, stmt);
}

int
db_next(struct db *db, int statement)
{
	sqlite3_stmt *stmt = compiled(db, statement);
	bool was_open = sqlite3_stmt_busy(stmt) != 0;
	int code = sqlite3_step(stmt), st = DB_NONE;

	if (code == SQLITE_ROW) {
		db->open += !was_open;
		db->rows++;
		return DB_ROW;
	}
	db->open -= was_open;
	if (code == SQLITE_DONE)
		report_work(db, stmt);
	else
		st = db_fail(db, sqlite3_sql(stmt));
	(void)sqlite3_reset(stmt);
	return st;
}

int
db_query(struct db *db, int statement, const struct db_value *values, int n)
{
	sqlite3_stmt *stmt = compiled(db, statement);

	db->fault = DB_OK;
	if (stmt == NULL) {
		if (db_compile(db, statement) == DB_FAILED)
			return DB_FAILED;
		stmt = compiled(db, statement);
	}
	rewind_statement(db, stmt);
	(void)sqlite3_clear_bindings(stmt);
	if (bind(stmt, values, n) != SQLITE_OK)
		return db_fail(db, sqlite3_sql(stmt));
	return db_next(db, statement);
}

int
db_run(struct db *db, int statement, const struct db_value *values, int n)
{
	int st = db_query(db, statement, values, n);

	while (st == DB_ROW)
		st = db_next(db, statement);
	return st;
}

int
db_number(struct db *db, int statement, const struct db_value *values, int n, int64_t fallback,
    int64_t *out)
{
	int st = db_query(db, statement, values, n);

	*out = fallback;
	if (st == DB_ROW) {
		if (!db_is_null(db, statement, 0))
			*out = db_int(db, statement, 0);
		db_done(db, statement);
	}
	return st == DB_FAILED ? DB_FAILED : 0;
}

int64_t
db_int(struct db *db, int statement, int column)
{
	return sqlite3_column_int64(compiled(db, statement), column);
}

double
db_real(struct db *db, int statement, int column)
{
	return sqlite3_column_double(compiled(db, statement), column);
}

bool
db_is_null(struct db *db, int statement, int column)
{
	return sqlite3_column_type(compiled(db, statement), column) == SQLITE_NULL;
}

const char *
db_text(struct db *db, int statement, int column)
{
	return (const char *)sqlite3_column_text(compiled(db, statement), column);
}

const void *
db_blob(struct db *db, int statement, int column, size_t *len)
{
	sqlite3_stmt *stmt = compiled(db, statement);
	const void *bytes = sqlite3_column_blob(stmt, column);

	*len = (size_t)sqlite3_column_bytes(stmt, column);
	return bytes;
}

char *
db_text_copy(struct db *db, int statement, int column, struct arena *mem)
{
	const char *text = db_text(db, statement, column);

	return text != NULL ? arena_strndup(mem, text,
				  (size_t)sqlite3_column_bytes(compiled(db, statement), column))
			    : NULL;
}

/* ---- transactions ----------------------------------------------------------- */

/* BEGIN and COMMIT, compiled when they are first wanted; every report needs both. */
static int
run_fixed(struct db *db, sqlite3_stmt **stmt, const char *text)
{
	int st = 0;

	if (*stmt == NULL && sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT,
				 stmt, NULL) != SQLITE_OK)
		return db_fail(db, text);
	if (sqlite3_step(*stmt) != SQLITE_DONE)
		st = db_fail(db, text);
	(void)sqlite3_reset(*stmt);
	return st;
}

int
db_begin(struct db *db)
{
	db->fault = DB_OK;
	if (db_lock_file(db) == -1)
		return DB_FAILED;
	if (run_fixed(db, &db->begin, "BEGIN IMMEDIATE") == DB_FAILED) {
		db_unlock_file(db);
		return DB_FAILED;
	}
	db->in_transaction = true;
	return 0;
}

int
db_begin_read(struct db *db)
{
	db->fault = DB_OK;
	if (db_exec(db, "BEGIN") == -1)
		return DB_FAILED;
	db->in_transaction = true;
	return 0;
}

int
db_commit(struct db *db)
{
	if (run_fixed(db, &db->commit, "COMMIT") == DB_FAILED) {
		db_rollback(db);
		return DB_FAILED;
	}
	db->in_transaction = false;
	db_unlock_file(db);
	return 0;
}

void
db_rollback(struct db *db)
{
	enum db_fault fault = db->fault;

	/* Some failures have rolled back already; a second time would be an error of its own. */
	if (!sqlite3_get_autocommit(db->handle) &&
	    sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		(void)db_fail(db, "ROLLBACK");
	db->in_transaction = false;
	db->fault = fault;
	db_unlock_file(db);
}

int64_t
db_changes(struct db *db)
{
	return sqlite3_changes64(db->handle);
}

int64_t
db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

void
db_end_request(struct db *db)
{
	sqlite3_stmt *stmt = NULL;

	while (db->open > 0 && (stmt = sqlite3_next_stmt(db->handle, stmt)) != NULL)
		rewind_statement(db, stmt);
	db->open = 0;
	if (db->in_transaction)
		db_rollback(db);
	db->deadline_us = 0;
}
