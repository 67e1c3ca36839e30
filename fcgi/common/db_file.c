/* SPDX-License-Identifier: MIT */
/* The file as a whole. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db_inside.h"
#include "log.h"

#define FOLD_TRIES 50
#define FOLD_PAUSE_US 20000

bool
db_changed_elsewhere(struct db *db)
{
	int64_t version;

	if (db_ask_number(db, "PRAGMA data_version", &version) == -1)
		return true;
	if (version == db->data_version)
		return false;
	db->data_version = version;
	return true;
}

void
db_forget_pages(struct db *db)
{
	(void)sqlite3_db_release_memory(db->handle);
}

int
db_shrink(struct db *db, int64_t pages)
{
	char pragma[64];

	(void)snprintf(pragma, sizeof pragma, "PRAGMA incremental_vacuum(%lld)", (long long)pages);
	return db_exec(db, pragma);
}

int
db_fold(struct db *db)
{
	for (int i = 0; i < FOLD_TRIES; i++) {
		int frames, folded;
		int code = sqlite3_wal_checkpoint_v2(
		    db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &folded);

		if (code == SQLITE_OK && folded == frames)
			return 0;
		if (code != SQLITE_OK && code != SQLITE_BUSY)
			return db_fail(db, "folding the WAL back");
		(void)usleep(FOLD_PAUSE_US);
	}
	return 0;
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

	if (db_ask_number(db, "PRAGMA freelist_count", &pages) == -1 ||
	    db_ask_number(db, "PRAGMA page_size", &size) == -1)
		return 0;
	return pages * size;
}

int64_t
db_used_bytes(struct db *db)
{
	int64_t pages, size;

	if (db_ask_number(db, "PRAGMA page_count", &pages) == -1 ||
	    db_ask_number(db, "PRAGMA page_size", &size) == -1)
		return 0;
	return pages * size - db_free_bytes(db);
}

int
db_copy_to(struct db *db, const char *path)
{
	int copy = db_prepare(db, "VACUUM INTO ?1");

	return copy == DB_FAILED ? DB_FAILED : db_run(db, copy, DB_ARGS(DB_TEXT(path)));
}

int
db_check(struct db *db)
{
	/*
	 * The text is what asks for it: SQLite says "ok", or a line for
	 * each of the first 100 faults.
	 */
	int check = db_prepare(db, "PRAGMA integrity_check"), row;
	bool sound = true;

	if (check == DB_FAILED)
		return DB_FAILED;
	row = db_query(db, check, DB_NO_ARGS);
	for (; row == DB_ROW; row = db_next(db, check)) {
		const char *said = db_text(db, check, 0);

		if (said != NULL && strcmp(said, "ok") == 0)
			continue;
		log_errorx("%s: %s", db->path, said != NULL ? said : "damaged");
		sound = false;
	}
	return row == DB_FAILED || !sound ? DB_FAILED : 0;
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
