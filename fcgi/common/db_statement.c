/* SPDX-License-Identifier: MIT */
/* Statements: compiled when they are first asked, bound, stepped, and their columns. */
#include <string.h>

#include "db_inside.h"
#include "log.h"

/* ---- compiling ------------------------------------------------------------- */

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

/* ---- asking ----------------------------------------------------------------- */

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

void
db_rewind(struct db *db, sqlite3_stmt *stmt)
{
	db->open -= sqlite3_stmt_busy(stmt) != 0;
	(void)sqlite3_reset(stmt);
}

void
db_done(struct db *db, int statement)
{
	sqlite3_stmt *stmt = compiled(db, statement);

	report_work(db, stmt);
	db_rewind(db, stmt);
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
	db_rewind(db, stmt);
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

/* ---- columns ----------------------------------------------------------------- */

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
