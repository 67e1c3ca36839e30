/* SPDX-License-Identifier: MIT */
/* Opening a database: whose it is, what it lacks, and its statements. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db_inside.h"
#include "log.h"

#define PROGRESS_STEPS 20000 /* virtual-machine steps between two looks at the deadline */
#define BUSY_TIMEOUT_MS 2000 /* only met by who does not take our lock: a backup, a shell */

/* Whether the file is ours and not newer than we are; *version counts its migrations. */
static int
check_owner(struct db *db, int64_t *version, int64_t known)
{
	int64_t id, tables;

	if (db_ask_number(db, "PRAGMA application_id", &id) == -1 ||
	    db_ask_number(db, "PRAGMA user_version", version) == -1 ||
	    db_ask_number(db, "SELECT count(*) FROM sqlite_schema", &tables) == -1)
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
 * page_size and auto_vacuum must come before the first table.  Small caches and no mmap:
 * pages of the file count as memory of every process that maps them.
 */
static int
set_up(struct db *db, enum db_sync sync)
{
	char page_size[48];

	(void)snprintf(page_size, sizeof page_size, "PRAGMA page_size=%d", db->schema->page_size);
	if (db_exec(db, page_size) == -1 ||
	    db_exec(db, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
			"PRAGMA temp_store=MEMORY; PRAGMA cache_size=-256; PRAGMA mmap_size=0;"
			"PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
			"PRAGMA wal_autocheckpoint=1000; PRAGMA journal_size_limit=8388608") == -1)
		return -1;
	return db_exec(
	    db, sync == DB_SYNC_FULL ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

static int
run_migrations(struct db *db, int64_t known)
{
	char pragma[96];
	int64_t version;

	/* Read again inside the transaction: another process may have been first. */
	if (check_owner(db, &version, known) == -1)
		return -1;
	for (; version < known; version++)
		if (db_exec(db, db->schema->migrations[version]) == -1)
			return -1;
	(void)snprintf(pragma, sizeof pragma, "PRAGMA application_id=%d; PRAGMA user_version=%lld",
	    (int)db->schema->application_id, (long long)known);
	return db_exec(db, pragma);
}

/*
 * Sets the file up and brings its schema up to date; a service and the indexer may start
 * together.  Of somebody else's file not even the journal's mode is changed.
 */
static int
migrate(struct db *db, enum db_sync sync)
{
	int64_t version, known = 0;

	while (db->schema->migrations[known] != NULL)
		known++;
	if (check_owner(db, &version, known) == -1 || set_up(db, sync) == -1)
		return -1;
	if (version == known)
		return 0;
	if (db_begin(db) == -1)
		return -1;
	return db_finish(db, run_migrations(db, known));
}

/* A debug build compiles all statements at once, so that its tests meet each of them. */
static int
begin_statements(struct db *db)
{
	db->fixed = heap_alloc(sizeof(sqlite3_stmt *) * (size_t)(db->schema->nstatements + 1));
#ifdef MONLIGHT_DEBUG
	for (int i = 0; i < db->schema->nstatements; i++)
		if (db_compile(db, i) == DB_FAILED)
			return -1;
#endif
	return 0;
}

/* A handle without more than its file and its manners; NULL, logged, if there is none. */
static struct db *
open_handle(const char *path, const struct db_schema *schema, int flags)
{
	struct db *db = heap_alloc(sizeof *db);

	db->schema = schema;
	db->path = heap_strdup(path);
	db->lock_fd = -1;
	db->data_version = -1;
	(void)umask(0077);
	if (sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		log_errorx("%s: %s", path,
		    db->handle != NULL ? sqlite3_errmsg(db->handle) : "out of memory");
		db_close(db);
		return NULL;
	}
	(void)sqlite3_extended_result_codes(db->handle, 1);
	(void)sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
	return db;
}

struct db *
db_open(const char *path, const struct db_schema *schema, enum db_sync sync)
{
	struct db *db = open_handle(path, schema, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	int st;

	if (db == NULL)
		return NULL;
	if (strcmp(path, ":memory:") != 0 && (db->lock_fd = db_open_beside(path, "-lock")) == -1)
		goto fail;
	/*
	 * A file is made once, and SQLite does not wait for who turns it into a WAL
	 * database: processes that start together take turns, on a slow disk for seconds.
	 * Who holds the lock for longer than we wait has the file made already.
	 */
	(void)db_lock_file(db, OPEN_WAIT_US);
	st = migrate(db, sync);
	db_unlock_file(db);
	if (st == -1 || begin_statements(db) == -1)
		goto fail;
	sqlite3_progress_handler(db->handle, PROGRESS_STEPS, db_look_at_deadline, db);
	return db;
fail:
	db_close(db);
	return NULL;
}

struct db *
db_open_readonly(const char *path, const struct db_schema *schema)
{
	struct db *db = open_handle(path, schema, SQLITE_OPEN_READONLY);
	int64_t id;

	if (db == NULL)
		return NULL;
	if (db_ask_number(db, "PRAGMA application_id", &id) == -1)
		goto fail;
	if (schema->application_id != 0 && id != schema->application_id) {
		log_errorx("%s is not a Monlight %s database", path, schema->name);
		goto fail;
	}
	sqlite3_progress_handler(db->handle, PROGRESS_STEPS, db_look_at_deadline, db);
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
	/*
	 * Of two that close at once each sees the other, and neither would fold the WAL back.
	 * Who holds the lock for longer than we wait is the last.
	 */
	(void)db_lock_file(db, LOCK_WAIT_US);
	if (sqlite3_close(db->handle) != SQLITE_OK)
		log_warnx("%s: closed with statements open", db->schema->name);
	if (db->lock_fd != -1)
		(void)close(db->lock_fd);
	free(db->fixed);
	free(db->path);
	free(db);
}
