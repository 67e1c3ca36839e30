/* SPDX-License-Identifier: MIT */
/* GET /api/alerts and POST /api/test-alert: what was told, and whether telling works. */
#include "alert.h"

#include <time.h>

#include "clock.h"
#include "errors.h"
#include "process.h"
#include "query.h"
#include "text.h"

#define WAIT_US INT64_C(10000000)
#define POLL_NS 100000000L

/*
 * GET /api/alerts, parameters limit and cursor: 200 {"alerts": [...], next_cursor}, newest
 * first, each with what became of it at every channel.
 */
int
errors_alerts(struct req *rq)
{
	static const struct query_field fields[] = {ALERT_PAGE_FIELDS};
	struct json_out *out;
	struct alert_page page;
	int st = query_read(rq, fields, NELEM(fields), &page);

	if (st != 0)
		return st;
	out = req_json(rq);
	json_object(out, NULL);
	if (db_begin_read(rq->db) == -1 || alert_list(rq->db, out, &page) == -1)
		return req_fail_db(rq);
	json_object_end(out);
	return 200;
}

/* Puts the test into the queue; its id in *id. */
static int
enqueue_test(struct req *rq, int64_t *id)
{
	const struct alert test = {
	    .kind = "test",
	    .title = "[error-tracker] SMTP test alert",
	    .heading = "This is a test: alerts of the error tracker arrive here",
	    .path = "/",
	};

	if (db_begin(rq->db) == -1 || alert_enqueue(rq->db, rq->mem, &test, clock_now()) == -1)
		return DB_FAILED;
	*id = db_last_id(rq->db);
	return db_commit(rq->db);
}

static int
reply(struct req *rq, int status, const char *word, const char *detail, int64_t id)
{
	struct json_out *out = req_json(rq);

	json_object(out, NULL);
	json_text(out, "status", word);
	json_text(out, "detail", detail);
	json_int(out, "id", id);
	json_object_end(out);
	return status;
}

static int
dispatched(struct req *rq, int64_t id)
{
	return reply(
	    rq, 202, "test alert dispatched", "Check service logs for SMTP transaction result", id);
}

/* Asks for the outcome, each time outside a transaction, until there is one or we are to end. */
static int
wait_outcome(struct req *rq, int64_t id)
{
	int64_t until = clock_mono_us() + WAIT_US;
	const struct timespec pause = {0, POLL_NS};
	const char *detail;
	char outcome;

	db_set_deadline(rq->db, until + WAIT_US);
	do {
		if (alert_outcome(rq->db, rq->mem, id, &outcome, &detail) == -1)
			return req_fail_db(rq);
		if (outcome == 's')
			return reply(rq, 200, "sent", "The test alert was delivered", id);
		/* An attempt that is going to be repeated has told what is wrong, too. */
		if (detail != NULL)
			return req_fail(rq, 502, "The test alert was not delivered: %s", detail);
		(void)nanosleep(&pause, NULL);
	} while (clock_mono_us() < until && !process_stopping());
	return dispatched(rq, id);
}

/*
 * POST /api/test-alert: 202 once it is queued; with ?wait=1 200 when every channel has
 * taken it, 502 with the reason when one has not, 202 when that takes over 10 s.
 * 503 while there is no channel.
 */
int
errors_test_alert(struct req *rq)
{
	static const struct query_field fields[] = {{"wait", QUERY_FLAG, 0, 0, 0, 0, 0, NULL}};
	const char *missing = alert_channels_missing(&errors_cfg(rq)->alert_lists);
	bool wait;
	int64_t id;
	int st;

	if ((st = query_read(rq, fields, NELEM(fields), &wait)) != 0)
		return st;
	if (missing != NULL)
		return req_fail(rq, 503, "SMTP not configured: %s is not set", missing);
	if (enqueue_test(rq, &id) == -1)
		return req_fail_db(rq);
	return wait ? wait_outcome(rq, id) : dispatched(rq, id);
}
