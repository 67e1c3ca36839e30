/* SPDX-License-Identifier: MIT */
/* A log file on its way into the store, when one of the files it was rotated into cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "clock.h"
#include "log_feed.h"
#include "logs_sql.h"

static char directory[] = "/tmp/feed-XXXXXX";
static char database[64], live[64], scratch[64];

/* Three lines, a second apart. */
static void
write_lines(char *text, size_t size, int hour)
{
	(void)snprintf(text, size,
	    "2026-01-02T%02d:00:01Z a\n2026-01-02T%02d:00:02Z b\n2026-01-02T%02d:00:03Z c\n", hour,
	    hour, hour);
}

static void
make_file(const char *suffix, int hour)
{
	char name[96], text[256];
	FILE *file;

	(void)snprintf(name, sizeof name, "%s%s", live, suffix);
	write_lines(text, sizeof text, hour);
	assert_non_null(file = fopen(name, "w"));
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
make_archive(const char *suffix, int hour)
{
	char name[96], text[256];
	gzFile file;

	(void)snprintf(name, sizeof name, "%s%s", live, suffix);
	write_lines(text, sizeof text, hour);
	assert_non_null(file = gzopen(name, "w"));
	assert_true(gzputs(file, text) > 0);
	assert_int_equal(gzclose(file), Z_OK);
}

static void
store_all(struct feed *feed, struct feed_run *run)
{
	assert_int_equal(db_begin(run->db), 0);
	assert_int_equal(store_pass_write(run->out), 0);
	assert_int_equal(feed_save(feed, run), 0);
	assert_int_equal(db_commit(run->db), 0);
	feed_saved(feed, true);
}

static void
lines_before_a_file_that_cannot_be_read_are_stored_once(void **state)
{
	const struct feed_rules rules = {.scratch = scratch};
	struct db *db = db_open(database, &logs_schema, DB_SYNC_NORMAL);
	struct store *store = store_new(db, database);
	struct feed_run run = {
	    .rules = &rules, .db = db, .out = store_pass_new(store), .enough = 1 << 20};
	struct feed *feed;
	int64_t source, lines;
	int count;

	(void)state;
	make_file(".2", 1);
	make_archive(".1.gz", 2);
	make_file("", 3);
	assert_int_equal(db_number(db, SQL_SOURCE_ADD,
			     DB_ARGS(DB_TEXT("a"), DB_NULL, DB_NULL, DB_NULL, DB_NULL), 0, &source),
	    0);
	feed = feed_new(live, DOCKER_PLAIN, source, &rules);
	run.now_ns = clock_now_ns();

	/* There is no directory in which to unpack: what was read before is stored as it is. */
	assert_int_equal(feed_read(feed, &run), FEED_END);
	assert_true(store_pass_bytes(run.out) > 0);
	store_all(feed, &run);
	/* Nothing was handed out that will be handed out again. */
	assert_int_equal(feed_read(feed, &run), FEED_FAILED);
	assert_int_equal(store_pass_bytes(run.out), 0);
	assert_int_equal(mkdir(scratch, 0700), 0);
	assert_int_equal(feed_read(feed, &run), FEED_END);
	feed_settle(feed, &run, true);
	store_all(feed, &run);
	count = db_prepare(db, "SELECT sum(lines) FROM chunk /*scan: all*/");
	assert_int_equal(db_number(db, count, DB_NO_ARGS, 0, &lines), 0);
	assert_int_equal(lines, 9);

	feed_free(feed);
	buf_free(&run.buffer);
	buf_free(&run.repaired);
	store_pass_free(run.out);
	store_free(store);
	db_close(db);
}

static int
make_directory(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	(void)snprintf(database, sizeof database, "%s/logs.db", directory);
	(void)snprintf(live, sizeof live, "%s/app.log", directory);
	(void)snprintf(scratch, sizeof scratch, "%s/scratch", directory);
	return 0;
}

static int
remove_directory(void **state)
{
	static const char *const names[] = {
	    "logs.db", "logs.db-lock", "app.log", "app.log.1.gz", "app.log.2"};
	char name[96];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(name, sizeof name, "%s/%s", directory, names[i]);
		(void)unlink(name);
	}
	(void)rmdir(scratch);
	return rmdir(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_before_a_file_that_cannot_be_read_are_stored_once),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
