/* SPDX-License-Identifier: MIT */
/* What several processes do to one database file at the same moment, and whose it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db.h"

enum { PROCESSES = 4, ROUNDS = 100, ADD = 0 };

static const char *const migrations[] = {"CREATE TABLE number (n INTEGER NOT NULL)", NULL};
static const char *const statements[] = {"INSERT INTO number (n) VALUES (?1)"};
static const struct db_schema schema = {
    .name = "numbers",
    .application_id = 0x6d6c0001,
    .migrations = migrations,
    .statements = statements,
    .nstatements = 1,
};

/* Writes a row, says so, and closes the file when the other end of the pipe is closed. */
static void
write_and_close(const char *path, int says, int waits)
{
	struct db *db = db_open(path, &schema, DB_SYNC_NORMAL);
	char c = 0;
	int st = db == NULL || db_run(db, ADD, DB_ARGS(DB_INT(1))) == -1 ? 1 : 0;

	if (write(says, "", 1) != 1 || read(waits, &c, 1) != 0)
		st = 1;
	db_close(db);
	_exit(st);
}

static void
close_together(const char *path)
{
	int said[2], wait_for[2], status;
	char c;

	assert_int_equal(pipe(said), 0);
	assert_int_equal(pipe(wait_for), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		assert_true(pid != -1);
		if (pid == 0) {
			(void)close(wait_for[1]);
			write_and_close(path, said[1], wait_for[0]);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		assert_int_equal(read(said[0], &c, 1), 1);
	(void)close(wait_for[1]);
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) != -1);
		assert_int_equal(status, 0);
	}
	(void)close(wait_for[0]);
	(void)close(said[0]);
	(void)close(said[1]);
}

static void
processes_that_close_a_file_together_leave_no_wal(void **state)
{
	char directory[] = "/tmp/monlight-test-db-XXXXXX", path[64], wal[80], lock[80];

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof path, "%s/numbers.db", directory);
	(void)snprintf(wal, sizeof wal, "%s-wal", path);
	(void)snprintf(lock, sizeof lock, "%s-lock", path);
	for (int i = 0; i < ROUNDS; i++) {
		close_together(path);
		assert_int_equal(access(wal, F_OK), -1);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(rmdir(directory), 0);
}

/* How a file says that it is written: 1 by a journal, 2 by a WAL (fileformat2.html, 1.3). */
static int
write_version(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned char head[20];

	assert_non_null(file);
	assert_int_equal(fread(head, 1, sizeof head, file), sizeof head);
	assert_int_equal(fclose(file), 0);
	return head[18];
}

static void
a_file_of_somebody_elses_is_refused_and_stays_as_it_is(void **state)
{
	struct db_schema other = schema;
	char directory[] = "/tmp/monlight-test-db-XXXXXX", path[64], lock[80];
	struct db *db;

	(void)state;
	other.application_id++;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof path, "%s/other.db", directory);
	(void)snprintf(lock, sizeof lock, "%s-lock", path);
	assert_non_null(db = db_open(path, &other, DB_SYNC_NORMAL));
	assert_int_equal(db_exec(db, "PRAGMA journal_mode=DELETE"), 0);
	db_close(db);
	assert_int_equal(write_version(path), 1);
	assert_null(db_open(path, &schema, DB_SYNC_NORMAL));
	assert_int_equal(write_version(path), 1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(rmdir(directory), 0);
}

static long long
bytes_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void
a_file_that_was_emptied_beside_a_reader_is_short_once_the_wal_is_folded(void **state)
{
	char directory[] = "/tmp/monlight-test-db-XXXXXX", path[64], lock[80];
	struct db *db, *reader;
	int64_t rows;
	int count;

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof path, "%s/numbers.db", directory);
	(void)snprintf(lock, sizeof lock, "%s-lock", path);
	assert_non_null(db = db_open(path, &schema, DB_SYNC_NORMAL));
	assert_non_null(reader = db_open(path, &schema, DB_SYNC_NORMAL));
	assert_int_equal(db_exec(db, "INSERT INTO number WITH RECURSIVE c (n) AS (SELECT 1 UNION"
				     " ALL SELECT n + 1 FROM c WHERE n < 100000) SELECT n FROM c"),
	    0);
	assert_int_equal(db_fold(db), 0);
	assert_true(bytes_of(path) > 1000000);

	count = db_prepare(reader, "SELECT count(*) FROM number /*scan: a test*/");
	assert_int_equal(db_begin_read(reader), 0);
	assert_int_equal(db_number(reader, count, DB_NO_ARGS, 0, &rows), 0);
	assert_int_equal(db_exec(db, "DELETE FROM number"), 0);
	assert_int_equal(db_shrink(db, INT64_MAX), 0);
	assert_int_equal(db_fold(db), 0);
	assert_true(bytes_of(path) > 1000000);

	assert_int_equal(db_commit(reader), 0);
	assert_int_equal(db_fold(db), 0);
	assert_true(bytes_of(path) < 100000);
	db_close(reader);
	db_close(db);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(rmdir(directory), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(processes_that_close_a_file_together_leave_no_wal),
	    cmocka_unit_test(a_file_of_somebody_elses_is_refused_and_stays_as_it_is),
	    cmocka_unit_test(
		a_file_that_was_emptied_beside_a_reader_is_short_once_the_wal_is_folded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
