/* SPDX-License-Identifier: MIT */
/* What several processes do to one database file at the same moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(processes_that_close_a_file_together_leave_no_wal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
