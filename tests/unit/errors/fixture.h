/* SPDX-License-Identifier: MIT */
/*
 * A tracker in memory: handlers are called as the gates would call them, without
 * a socket and without the gates.  Include it behind cmocka.h.
 */
#ifndef ERRORS_FIXTURE_H
#define ERRORS_FIXTURE_H

#include <string.h>

#include "clock.h"
#include "errors.h"
#include "json.h"

static struct errors_cfg tracker_cfg;
static struct shm tracker_shm;
static struct app tracker_app = {.name = "errors", .cfg = &tracker_cfg.base, .shm = &tracker_shm};
static struct req rq;

static int
tracker_set_up(void **state)
{
	(void)state;
	tracker_cfg = (struct errors_cfg){.max_occurrences = 5, .scrub = true};
	rq = (struct req){.app = &tracker_app, .mem = arena_new(65536)};
	rq.db = db_open(":memory:", &errors_schema, DB_SYNC_NORMAL);
	clock_set_offset_ns(0);
	return rq.db == NULL ? -1 : 0;
}

static int
tracker_tear_down(void **state)
{
	(void)state;
	db_close(rq.db);
	buf_free(&rq.out);
	arena_free(rq.mem);
	return 0;
}

/* Calls a handler and returns its status; the reply is in rq.out. */
static int
call(int (*handler)(struct req *), const char *id, const char *query, const char *body)
{
	int st;

	req_clear(&rq);
	rq.params[0] = id;
	rq.query = query;
	rq.body = body;
	rq.length = strlen(body);
	st = handler(&rq);
	db_end_request(rq.db);
	return st;
}

/* The number a question to the tables gives; they are small enough to scan. */
static int64_t
ask(const char *sql)
{
	int st = db_prepare(rq.db, arena_printf(rq.mem, "%s /*scan*/", sql));
	int64_t value;

	assert_int_equal(db_number(rq.db, st, DB_NO_ARGS, -1, &value), 0);
	return value;
}

#endif
