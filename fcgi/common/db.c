/* SPDX-License-Identifier: MIT */
/*
 * One connection: its faults, its deadline, its transactions.  What fails says why once,
 * here; callers go by db_fault().
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
	int code = sqlite3_errcode(db->handle), error;

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
		/* A full disk shows as a failed write to the WAL, too, and a full quota only so. */
		error = sqlite3_system_errno(db->handle);
		db->fault = error == ENOSPC || error == EDQUOT ? DB_FULL : DB_BROKEN;
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
db_begin_soon(struct db *db, int64_t wait_us)
{
	db->fault = DB_OK;
	if (db_lock_file(db, wait_us) == DB_FAILED)
		return DB_FAILED;
	if (run_fixed(db, &db->begin, "BEGIN IMMEDIATE") == DB_FAILED) {
		db_unlock_file(db);
		return DB_FAILED;
	}
	db->in_transaction = true;
	return 0;
}

int
db_begin(struct db *db)
{
	int st = db_begin_soon(db, LOCK_WAIT_US);

	if (st == DB_FAILED && db->fault == DB_LOCKED)
		log_warnx("%s: no write lock within %d ms", db->schema->name, LOCK_WAIT_US / 1000);
	return st;
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

int
db_finish(struct db *db, int st)
{
	if (st == 0)
		return db_commit(db);
	db_rollback(db);
	return DB_FAILED;
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
		db_rewind(db, stmt);
	db->open = 0;
	if (db->in_transaction)
		db_rollback(db);
	db->deadline_us = 0;
}
