/* SPDX-License-Identifier: MIT */
/*
 * db_inside: what the files behind db.h share, and nobody else includes.
 *
 *	db.c            faults, the deadline, transactions
 *	db_statement.c  statements and their columns
 *	db_open.c       opening, migrating, closing
 *	db_lock.c       the lock files beside the database
 *	db_file.c       the file as a whole: its size, a copy of it, work done on it
 */
#ifndef DB_INSIDE_H
#define DB_INSIDE_H

#include <sqlite3.h>

#include "db.h"

#define LOCK_WAIT_US 2000000
#define OPEN_WAIT_US 20000000 /* who cannot open ends, and is started again for ever */
#define PREPARED_MAX 64       /* statements put together at run time that are kept */

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

/* Remembers the fault and logs it with what was tried; returns DB_FAILED. */
int db_fail(struct db *, const char *what);
/* Compiles a statement of the schema; 0, or DB_FAILED, logged. */
int db_compile(struct db *, int statement);
/* Resets a statement, whether it stands on a row or not. */
void db_rewind(struct db *, sqlite3_stmt *);
/* SQLite's progress handler; not 0 interrupts the statement. */
int db_look_at_deadline(void *arg);
/* The value of a pragma, or of any query with one number.  Returns 0 or DB_FAILED. */
int db_ask_number(struct db *, const char *text, int64_t *out);

/* Opens path with a suffix, for locking; made if need be.  Returns -1 and logs why if not. */
int db_open_beside(const char *path, const char *suffix);
/* Takes the database's lock file, waiting at most so long.  Returns 0 or DB_FAILED, not logged. */
int db_lock_file(struct db *, int64_t wait_us);
void db_unlock_file(struct db *);

#endif
