/* SPDX-License-Identifier: MIT */
/*
 * One connection, one thread, statements compiled once.  The two waits that a
 * writer can meet are ours: the lock file (a fair queue) and the deadline.
 */
#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define LOCK_WAIT_US 2000000
#define STOP_GRACE_US 2000000
#define PREPARED_MAX 64      /* statements put together at run time that are kept */
#define PROGRESS_STEPS 20000 /* virtual-machine steps between two looks at the deadline */
#define BUSY_TIMEOUT_MS 2000 /* only met by who does not take our lock: a backup, a shell */

struct db {
	sqlite3 *handle;
	const struct db_schema *schema;
	char *path;
	int lock_fd;
	bool in_transaction;
	bool locked;
	enum db_fault fault;
	int64_t deadline_us;
	int64_t data_version;
	int64_t rows;
	sqlite3_stmt **fixed;
	struct {
		sqlite3_stmt *stmt;
		uint64_t used; /* when, for throwing out the least recently used */
	} prepared[PREPARED_MAX];
	uint64_t uses;
	int open; /* statements that stand on a row */
	sqlite3_stmt *begin, *commit;
};

/* ---- faults ---------------------------------------------------------------- */

static int
fail(struct db *db, const char *what)
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
static int
look_at_deadline(void *arg)
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

/* ---- the lock file ---------------------------------------------------------- */

/* Opens path with a suffix, for locking; made if need be. */
static int
open_beside(const char *path, const char *suffix)
{
	char name[4096];
	int fd;

	if (snprintf(name, sizeof name, "%s%s", path, suffix) >= (int)sizeof name) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		log_warn("%s", name);
	return fd;
}

static void
on_alarm(int sig)
{
	(void)sig;
}

/*
 * Waits for the lock file at most LOCK_WAIT_US.  flock() queues its waiters in
 * order; a repeating timer whose handler does nothing breaks the wait, and repeats
 * so that a tick just before the call is not the only one.
 */
static int
wait_for_lock(int fd)
{
	struct sigaction alarm_action = {.sa_handler = on_alarm}, old;
	struct itimerval tick = {{0, 100000}, {0, 100000}}, off = {{0, 0}, {0, 0}};
	int64_t until;
	int st;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	until = clock_mono_us() + LOCK_WAIT_US;
	(void)sigaction(SIGALRM, &alarm_action, &old);
	(void)setitimer(ITIMER_REAL, &tick, NULL);
	do {
		st = flock(fd, LOCK_EX);
	} while (st == -1 && errno == EINTR && clock_mono_us() < until);
	(void)setitimer(ITIMER_REAL, &off, NULL);
	(void)sigaction(SIGALRM, &old, NULL);
	return st;
}

/* A database in memory has no lock file and needs none. */
static int
lock_file(struct db *db)
{
	if (db->lock_fd == -1)
		return 0;
	if (wait_for_lock(db->lock_fd) == -1) {
		db->fault = DB_LOCKED;
		log_warnx("%s: no write lock within %d ms", db->schema->name, LOCK_WAIT_US / 1000);
		return -1;
	}
	db->locked = true;
	return 0;
}

static void
unlock_file(struct db *db)
{
	if (db->locked)
		(void)flock(db->lock_fd, LOCK_UN);
	db->locked = false;
}

/* ---- opening ---------------------------------------------------------------- */

int
db_exec(struct db *db, const char *text)
{
	if (sqlite3_exec(db->handle, text, NULL, NULL, NULL) != SQLITE_OK)
		return fail(db, text);
	return 0;
}

/* The value of a pragma or of any query with one number. */
static int
ask_number(struct db *db, const char *text, int64_t *out)
{
	sqlite3_stmt *stmt;
	int st = DB_FAILED;

	*out = 0;
	if (sqlite3_prepare_v2(db->handle, text, -1, &stmt, NULL) != SQLITE_OK)
		return fail(db, text);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		*out = sqlite3_column_int64(stmt, 0);
		st = 0;
	} else
		(void)fail(db, text);
	(void)sqlite3_finalize(stmt);
	return st;
}

/* Whether the file is ours and not newer than we are; *version counts its migrations. */
static int
check_owner(struct db *db, int64_t *version, int64_t known)
{
	int64_t id, tables;

	if (ask_number(db, "PRAGMA application_id", &id) == -1 ||
	    ask_number(db, "PRAGMA user_version", version) == -1 ||
	    ask_number(db, "SELECT count(*) FROM sqlite_schema", &tables) == -1)
		return -1;
	if (tables > 0 && id != db->schema->application_id) {
		log_errorx(
		    "%s is not a Monlight %s database; one of the original Monlight is taken "
		    "over by `monlight import`",
		    db->path, db->schema->name);
		return -1;
	}
	if (*version > known) {
		log_errorx("%s was written by a newer Monlight (schema %lld, this one knows %lld): "
			   "install that version",
		    db->path, (long long)*version, (long long)known);
		return -1;
	}
	return 0;
}

/*
 * auto_vacuum must come before the first table.  Small caches and no mmap: pages of
 * the file count as memory of every process that maps them.
 */
static int
set_up(struct db *db, enum db_sync sync)
{
	if (db_exec(db, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
			"PRAGMA temp_store=MEMORY; PRAGMA cache_size=-256; PRAGMA mmap_size=0;"
			"PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
			"PRAGMA wal_autocheckpoint=1000; PRAGMA journal_size_limit=8388608") == -1)
		return -1;
	return db_exec(
	    db, sync == DB_SYNC_FULL ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

/* Brings the schema up to date; a service and the indexer may start together. */
static int
migrate(struct db *db)
{
	char pragma[96];
	int64_t version, known = 0;

	while (db->schema->migrations[known] != NULL)
		known++;
	if (check_owner(db, &version, known) == -1)
		return -1;
	if (version == known)
		return 0;
	/* Read again inside the transaction: another process may have been first. */
	if (db_begin(db) == -1)
		return -1;
	if (check_owner(db, &version, known) == -1)
		goto fail;
	for (; version < known; version++)
		if (db_exec(db, db->schema->migrations[version]) == -1)
			goto fail;
	(void)snprintf(pragma, sizeof pragma, "PRAGMA application_id=%d; PRAGMA user_version=%lld",
	    (int)db->schema->application_id, (long long)known);
	if (db_exec(db, pragma) == -1)
		goto fail;
	return db_commit(db);
fail:
	db_rollback(db);
	return -1;
}

static int
compile(struct db *db)
{
	db->fixed = heap_alloc(sizeof(sqlite3_stmt *) * (size_t)(db->schema->nstatements + 1));
	for (int i = 0; i < db->schema->nstatements; i++)
		if (db->schema->statements[i] == NULL ||
		    sqlite3_prepare_v3(db->handle, db->schema->statements[i], -1,
			SQLITE_PREPARE_PERSISTENT, &db->fixed[i], NULL) != SQLITE_OK) {
			log_errorx("%s: statement %d: %s: %s", db->schema->name, i,
			    sqlite3_errmsg(db->handle),
			    db->schema->statements[i] != NULL ? db->schema->statements[i]
							      : "missing");
			return -1;
		}
	return 0;
}

struct db *
db_open(const char *path, const struct db_schema *schema, enum db_sync sync)
{
	struct db *db = heap_alloc(sizeof *db);
	int st;

	db->schema = schema;
	db->path = heap_strdup(path);
	db->lock_fd = -1;
	db->data_version = -1;
	(void)umask(0077);
	if (sqlite3_open_v2(path, &db->handle,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK) {
		log_errorx("%s: %s", path,
		    db->handle != NULL ? sqlite3_errmsg(db->handle) : "out of memory");
		goto fail;
	}
	if (strcmp(path, ":memory:") != 0 && (db->lock_fd = open_beside(path, "-lock")) == -1)
		goto fail;
	(void)sqlite3_extended_result_codes(db->handle, 1);
	(void)sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
	/*
	 * A file is made once, and SQLite does not wait for who turns it into a WAL
	 * database: processes that start together take turns.  Who holds the lock for
	 * longer than we wait has the file made already.
	 */
	(void)lock_file(db);
	st = set_up(db, sync) == -1 ? -1 : migrate(db);
	unlock_file(db);
	if (st == -1 || compile(db) == -1)
		goto fail;
	sqlite3_progress_handler(db->handle, PROGRESS_STEPS, look_at_deadline, db);
	return db;
fail:
	db_close(db);
	return NULL;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	if (db->handle != NULL && db->in_transaction)
		db_rollback(db);
	for (int i = 0; db->fixed != NULL && i < db->schema->nstatements; i++)
		(void)sqlite3_finalize(db->fixed[i]);
	for (int i = 0; i < PREPARED_MAX; i++)
		(void)sqlite3_finalize(db->prepared[i].stmt);
	(void)sqlite3_finalize(db->begin);
	(void)sqlite3_finalize(db->commit);
	if (sqlite3_close(db->handle) != SQLITE_OK)
		log_warnx("%s: closed with statements open", db->schema->name);
	if (db->lock_fd != -1)
		(void)close(db->lock_fd);
	free(db->fixed);
	free(db->path);
	free(db);
}

/* ---- statements ------------------------------------------------------------- */

static sqlite3_stmt *
compiled(const struct db *db, int statement)
{
	return statement < db->schema->nstatements
		   ? db->fixed[statement]
		   : db->prepared[statement - db->schema->nstatements].stmt;
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
		return fail(db, text);
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
		st = fail(db, sqlite3_sql(stmt));
	(void)sqlite3_reset(stmt);
	return st;
}

int
db_query(struct db *db, int statement, const struct db_value *values, int n)
{
	sqlite3_stmt *stmt = compiled(db, statement);

	db->fault = DB_OK;
	rewind_statement(db, stmt);
	(void)sqlite3_clear_bindings(stmt);
	if (bind(stmt, values, n) != SQLITE_OK)
		return fail(db, sqlite3_sql(stmt));
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
		return fail(db, text);
	if (sqlite3_step(*stmt) != SQLITE_DONE)
		st = fail(db, text);
	(void)sqlite3_reset(*stmt);
	return st;
}

int
db_begin(struct db *db)
{
	db->fault = DB_OK;
	if (lock_file(db) == -1)
		return DB_FAILED;
	if (run_fixed(db, &db->begin, "BEGIN IMMEDIATE") == DB_FAILED) {
		unlock_file(db);
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
	unlock_file(db);
	return 0;
}

void
db_rollback(struct db *db)
{
	enum db_fault fault = db->fault;

	/* Some failures have rolled back already; a second time would be an error of its own. */
	if (!sqlite3_get_autocommit(db->handle) &&
	    sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		(void)fail(db, "ROLLBACK");
	db->in_transaction = false;
	db->fault = fault;
	unlock_file(db);
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

/* ---- the file --------------------------------------------------------------- */

bool
db_changed_elsewhere(struct db *db)
{
	int64_t version;

	if (ask_number(db, "PRAGMA data_version", &version) == -1)
		return true;
	if (version == db->data_version)
		return false;
	db->data_version = version;
	return true;
}

int
db_shrink(struct db *db, int64_t pages)
{
	char pragma[64];

	(void)snprintf(pragma, sizeof pragma, "PRAGMA incremental_vacuum(%lld)", (long long)pages);
	return db_exec(db, pragma);
}

int64_t
db_bytes(struct db *db)
{
	char wal[4096];
	struct stat st;
	int64_t bytes = 0;

	if (stat(db->path, &st) == 0)
		bytes += st.st_size;
	(void)snprintf(wal, sizeof wal, "%s-wal", db->path);
	if (stat(wal, &st) == 0)
		bytes += st.st_size;
	return bytes;
}

int64_t
db_free_bytes(struct db *db)
{
	int64_t pages, size;

	if (ask_number(db, "PRAGMA freelist_count", &pages) == -1 ||
	    ask_number(db, "PRAGMA page_size", &size) == -1)
		return 0;
	return pages * size;
}

int64_t
db_used_bytes(struct db *db)
{
	int64_t pages, size;

	if (ask_number(db, "PRAGMA page_count", &pages) == -1 ||
	    ask_number(db, "PRAGMA page_size", &size) == -1)
		return 0;
	return pages * size - db_free_bytes(db);
}

int
db_copy_to(struct db *db, const char *path)
{
	int copy = db_prepare(db, "VACUUM INTO ?1");

	return copy == DB_FAILED ? DB_FAILED : db_run(db, copy, DB_ARGS(DB_TEXT(path)));
}

void
db_work(struct db *db, int64_t *rows, int64_t *steps)
{
	sqlite3_stmt *stmt = NULL;

	*rows = db->rows;
	*steps = 0;
	db->rows = 0;
	while ((stmt = sqlite3_next_stmt(db->handle, stmt)) != NULL)
		*steps += sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
}

int
db_job_lock(const char *path, const char *job)
{
	char suffix[64];
	int fd;

	(void)snprintf(suffix, sizeof suffix, "-%s", job);
	fd = open_beside(path, suffix);
	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == -1) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

void
db_job_unlock(int fd)
{
	if (fd != -1)
		(void)close(fd);
}
