/* SPDX-License-Identifier: MIT */
/*
 * db: one SQLite file, its schema and its statements.  SQLite itself is behind it.
 *
 * The convention of the whole project for what asks a database: below zero it
 * failed and is already logged, zero there is nothing, above zero there is a row.
 * Statements are numbered: the service's enum for those of its schema, compiled when
 * they are first asked, and what db_prepare() returns for those put together from fixed
 * fragments.  Values are always bound, by reference: texts and blobs must live until the
 * statement has no row left or failed; then it resets itself.
 *
 * Writing: db_begin() takes the lock file beside the database first (a fair
 * queue between processes; SQLite's own wait starves), then BEGIN IMMEDIATE.
 */
#ifndef DB_H
#define DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct db;

enum { DB_FAILED = -1, DB_NONE = 0, DB_ROW = 1 };

/* Why the last call failed. */
enum db_fault {
	DB_OK,
	DB_LOCKED,  /* the lock was not had within 2 s */
	DB_FULL,    /* no space left, or a read-only file system */
	DB_TIMEOUT, /* the request's deadline interrupted it */
	DB_BROKEN,  /* anything else: a fault in the file or in the program */
};

enum db_sync { DB_SYNC_NORMAL, DB_SYNC_FULL };

struct db_schema {
	const char *name;              /* "errors": for messages */
	int32_t application_id;        /* so that file(1) and we know whose file it is */
	const char *const *migrations; /* in order, ended by NULL; user_version counts them */
	const char *const *statements; /* by the service's enum; may be NULL for none */
	int nstatements;
	int page_size; /* bytes, of a file that is made; 0: SQLite's own 4096 */
};

struct db_value {
	enum { DB_TYPE_NULL, DB_TYPE_INT, DB_TYPE_REAL, DB_TYPE_TEXT, DB_TYPE_BLOB } type;
	size_t len;
	union {
		int64_t i;
		double r;
		const void *p;
	};
};

#define DB_NULL ((struct db_value){.type = DB_TYPE_NULL})
#define DB_INT(v) ((struct db_value){.type = DB_TYPE_INT, .i = (v)})
#define DB_REAL(v) ((struct db_value){.type = DB_TYPE_REAL, .r = (v)})
#define DB_TEXT(s) db_value_text(s) /* NULL binds null */
#define DB_BLOB(bytes, n) ((struct db_value){.type = DB_TYPE_BLOB, .len = (n), .p = (bytes)})
/* The values of one call, in the order of ?1, ?2, ... */
#define DB_ARGS(...)                                                                               \
	(const struct db_value[]){__VA_ARGS__},                                                    \
	    (int)(sizeof((struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value))
#define DB_NO_ARGS NULL, 0

struct db_value db_value_text(const char *);

/*
 * Opens path, makes it if it is not there, migrates it.
 * Returns NULL, with the reason logged, if any of that fails or if the file
 * belongs to something else or to a newer version.
 */
struct db *db_open(const char *path, const struct db_schema *, enum db_sync);
/*
 * Opens a file as it lies, to be read alone: nothing is made, migrated or compiled, and of the
 * schema only name and application_id count; an application_id of 0 accepts any file.  NULL, and
 * logged, if it cannot be opened or is somebody else's.
 */
struct db *db_open_readonly(const char *path, const struct db_schema *);
/* Closes it; the last process to do so folds the WAL back.  NULL is allowed. */
void db_close(struct db *);

/* Compiles text, or finds it compiled already; returns its number, or DB_FAILED. */
int db_prepare(struct db *, const char *text);

/* Binds the values and fetches the first row. */
int db_query(struct db *, int statement, const struct db_value *, int n);
/* Fetches the next row. */
int db_next(struct db *, int statement);
/* Ends a statement whose rows are not all wanted. */
void db_done(struct db *, int statement);
/* Runs a statement for its effect; rows are passed over.  Returns 0 or DB_FAILED. */
int db_run(struct db *, int statement, const struct db_value *, int n);
/* Runs fixed SQL text, several statements allowed.  Returns 0 or DB_FAILED. */
int db_exec(struct db *, const char *text);
/* The first column of the first row as an integer; fallback if there is none.  0 or DB_FAILED. */
int db_number(
    struct db *, int statement, const struct db_value *, int n, int64_t fallback, int64_t *out);

/* Columns of the current row, from 0.  Text and blobs are valid until the statement moves. */
int64_t db_int(struct db *, int statement, int column);
double db_real(struct db *, int statement, int column);
bool db_is_null(struct db *, int statement, int column);
/* NULL for null. */
const char *db_text(struct db *, int statement, int column);
const void *db_blob(struct db *, int statement, int column, size_t *len);
/* A copy of the text in the arena; NULL for null. */
char *db_text_copy(struct db *, int statement, int column, struct arena *);

/* Transactions do not nest.  Each returns 0 or DB_FAILED. */
int db_begin(struct db *);
/* The same for what can be done another time: waits that long, above 0; DB_LOCKED is not logged. */
int db_begin_soon(struct db *, int64_t wait_us);
int db_commit(struct db *);
void db_rollback(struct db *);
/* Ends what st is the outcome of: commits if that is 0, else rolls back. */
int db_finish(struct db *, int st);
/* A read transaction: all that follows sees one state.  Ended by db_commit() or db_rollback(). */
int db_begin_read(struct db *);

int64_t db_changes(struct db *);
int64_t db_last_id(struct db *);
enum db_fault db_fault(const struct db *);

/*
 * Interrupts statements that run past that moment of clock_mono_us(); 0 for
 * never.  A pending SIGTERM brings the moment forward to 2 s from when it is seen.
 */
void db_set_deadline(struct db *, int64_t mono_us);
/* Resets what a request left open and rolls back: nothing leaks into the next one. */
void db_end_request(struct db *);

/* Whether another connection has changed the file since the last call (PRAGMA data_version). */
bool db_changed_elsewhere(struct db *);
/* Frees the memory of pages that are kept for the next statement. */
void db_forget_pages(struct db *);
/* Takes up to that many free pages off the end of the file.  Returns 0 or DB_FAILED. */
int db_shrink(struct db *, int64_t pages);
/*
 * Folds the WAL back, by which the file becomes as short as it has been made.  Outside of a
 * transaction.  Who still reads what was before holds that up: after a second it is left to
 * later writes.  Returns 0 or DB_FAILED.
 */
int db_fold(struct db *);
/* Bytes of the database and its WAL on disk, and how many of them are free pages. */
int64_t db_bytes(struct db *);
int64_t db_free_bytes(struct db *);
/* Bytes of the pages that hold something. */
int64_t db_used_bytes(struct db *);
/* Writes a compact, consistent copy to a new file (VACUUM INTO).  Returns 0 or DB_FAILED. */
int db_copy_to(struct db *, const char *path);
/*
 * Whether the whole file is sound (PRAGMA integrity_check).  Returns 0, or
 * DB_FAILED and logs what is not.
 */
int db_check(struct db *);
/* Whether any process has the file open as a database. */
bool db_is_open(const char *path);
/* How many rows and virtual-machine steps the statements took since the last call: for tests. */
void db_work(struct db *, int64_t *rows, int64_t *steps);

/*
 * Takes path-job for a job's pass.  Returns a descriptor to give to
 * db_job_unlock(), or -1 if another process holds it, with errno EWOULDBLOCK, or it cannot be
 * made, which is logged.
 */
int db_job_lock(const char *path, const char *job);
void db_job_unlock(int fd);

#endif
