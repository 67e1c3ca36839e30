/* SPDX-License-Identifier: MIT */
/*
 * monlight-deliver: carries out of the house what the services have put aside: the
 * alerts of tracker and collector to mail and webhooks, and the relay's outbox to
 * tracker and collector.  Alone among the helpers it speaks to the network.
 *
 *	monlight-deliver [-fhnV]
 *
 *	-f  stay: look every second for something new, and for what is due again
 *	-h  describe every variable, tab-separated
 *	-n  check the configuration, print it, exit 0 or 1
 *	-V  print the version
 *
 * Two processes never work at the same database at once: the later one passes it over.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "deliver_settings.h"
#include "log.h"
#include "outbox_drain.h"
#include "process.h"
#include "sandbox.h"
#include "text.h"

#define ARENA_KEEP ((size_t)65536)
#define CONNECT_MS 1000L
#define TOTAL_MS 10000L
#define MISSING_SECONDS 2 /* until a file that is not there is looked for again */
#define BROKEN_SECONDS 60

/* The services' own; their headers of statements cannot be read side by side. */
extern const struct db_schema errors_schema, metrics_schema, relay_schema;

static struct deliver_settings cfg;
static struct arena *kept; /* its texts */

/* ---- what is drained ---------------------------------------------------------------- */

static struct outbox_drain drain;

/* A database with something to carry out; db is NULL while it cannot be opened. */
static struct queue {
	const char *const *path;
	const struct db_schema *schema;
	const char *const *base_url; /* of the pages its alerts link to; NULL: an outbox */
	struct db *db;
	int64_t next;   /* Unix seconds: when there is something to do, or to try to open it */
	int64_t looked; /* the same: when it was last looked at */
	struct deliver_outcome outcome;
} queues[] = {
    {.path = &cfg.errors_path,
	.schema = &errors_schema,
	.base_url = &cfg.errors_pages,
	.looked = INT64_MAX},
    {.path = &cfg.metrics_path,
	.schema = &metrics_schema,
	.base_url = &cfg.metrics_pages,
	.looked = INT64_MAX},
    {.path = &cfg.relay_path, .schema = &relay_schema, .looked = INT64_MAX},
};

/* A service that was never started, or an older one's file, has nothing to tell. */
static bool
has_alerts(struct db *db)
{
	int stmt = db_prepare(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'alert'"
				  " /*scan: the list of tables*/");
	int64_t n;

	return stmt != DB_FAILED && db_number(db, stmt, DB_NO_ARGS, 0, &n) == 0 && n > 0;
}

static int
drain_queue(struct queue *q, struct arena *mem, int64_t now, int64_t *next)
{
	struct deliver_queue alerts = {
	    .db = q->db, .service = q->schema->name, .outcome = &q->outcome};
	bool set_back = now < q->looked; /* the clock was, or may have been before we began */

	*next = INT64_MAX;
	if (q->base_url == NULL) {
		drain.db = q->db;
		if (set_back && outbox_drain_anew(&drain, now) == DB_FAILED)
			return -1;
		q->looked = now;
		return outbox_drain(&drain, mem, now, next);
	}
	alerts.base_url = *q->base_url;
	if (!has_alerts(q->db)) {
		q->looked = now;
		return 0;
	}
	if (set_back && deliver_anew(&alerts, now) == DB_FAILED)
		return -1;
	q->looked = now;
	return deliver_pass(&cfg.deliver, &alerts, mem, now, next);
}

/*
 * Whether there is a file to open: who makes it is the service.  Of a service with
 * alerts none of its own statements is of use here, and all of them take memory.
 */
static bool
open_queue(struct queue *q)
{
	static struct db_schema bare[NELEM(queues)];
	struct db_schema *schema = &bare[q - queues];

	if (q->db == NULL && access(*q->path, F_OK) == 0) {
		*schema = *q->schema;
		if (q->base_url != NULL)
			schema->nstatements = 0;
		q->db = db_open(*q->path, schema, DB_SYNC_FULL);
	}
	return q->db != NULL;
}

/* One pass over one database; -1 if it failed.  q->next is when it wants another. */
static int
run_queue(struct queue *q, struct arena *mem)
{
	int64_t now = clock_now();
	int lock, st;

	q->next = now + (access(*q->path, F_OK) == 0 ? BROKEN_SECONDS : MISSING_SECONDS);
	if (!open_queue(q))
		return 0;
	if ((lock = db_job_lock(*q->path, "deliver")) == -1) {
		log_info("%s: another process is at it", q->schema->name);
		return 0;
	}
	db_set_deadline(q->db, INT64_MAX);
	st = drain_queue(q, mem, now, &q->next);
	db_end_request(q->db);
	db_job_unlock(lock);
	arena_reset(mem);
	if (st == -1)
		q->next = now + BROKEN_SECONDS;
	return st;
}

/* Does what is due now; returns how many databases failed. */
static int
run_once(struct arena *mem)
{
	int failed = 0;

	for (size_t i = 0; i < NELEM(queues); i++)
		do
			failed += run_queue(&queues[i], mem) == -1;
		while (queues[i].next <= clock_now() && failed == 0 && !process_stopping());
	return failed;
}

/*
 * Whether the database wants a pass: it is time, somebody has written to it, or the clock
 * was set back, by which what we wait for may lie days ahead.
 */
static bool
is_due(struct queue *q)
{
	int64_t now = clock_now();

	if (q->db == NULL)
		return q->next <= now || q->next > now + BROKEN_SECONDS;
	return db_changed_elsewhere(q->db) || q->next <= now || now < q->looked;
}

/*
 * Stays until it is told to end.  Once a second each database is asked whether
 * somebody has written to it, which costs a read of one page.
 */
static void
follow(struct arena *mem, const sigset_t *waiting)
{
	while (!process_stopping()) {
		struct timespec second = {1, 0};

		for (size_t i = 0; i < NELEM(queues) && !process_stopping(); i++) {
			struct queue *q = &queues[i];

			if (is_due(q))
				(void)run_queue(q, mem);
			if (q->next <= clock_now())
				second.tv_sec = 0;
		}
		if (ppoll(NULL, 0, &second, waiting) == -1)
			break;
	}
}

/* ---- the program ------------------------------------------------------------------- */

static void
connect_drain(void)
{
	for (int to = 0; to < DESTINATIONS; to++) {
		char url[DESTINATION_URL_SIZE];

		destination_url(
		    url, (enum destination)to, cfg.urls[to], cfg.bind_address, cfg.ports[to]);
		drain.lanes[to].to =
		    forward_new(url, cfg.internal_key != NULL ? cfg.internal_key : cfg.keys[to],
			CONNECT_MS, TOTAL_MS);
	}
}

static void
enter_sandbox(void)
{
	const struct sandbox_path paths[] = {
	    {cfg.errors_path, SANDBOX_WRITE_BESIDE},
	    {cfg.metrics_path, SANDBOX_WRITE_BESIDE},
	    {cfg.relay_path, SANDBOX_WRITE_BESIDE},
	    {cfg.deliver.smtp.ca_file, SANDBOX_READ},
	    /* Names, certificates and random numbers; resolv.conf may be a link to the second. */
	    {"/etc", SANDBOX_READ},
	    {"/run/systemd/resolve", SANDBOX_READ},
	    {"/usr", SANDBOX_READ},
	    {"/dev/urandom", SANDBOX_READ},
	};

	(void)sandbox_enter(paths, NELEM(paths));
}

static void
usage(void)
{
	(void)fprintf(stderr, "usage: monlight-deliver [-fhnV]\n");
}

static int
complete(FILE *errors)
{
	kept = arena_new(0);
	return deliver_settings_complete(&cfg, kept, errors);
}

static bool
accepts(char *const arguments[])
{
	return *arguments == NULL;
}

static const struct process_program program = {
    .name = "monlight-deliver",
    .cfg = &cfg,
    .sections = deliver_sections,
    .nsections = DELIVER_SECTIONS,
    .log_level = &cfg.log_level,
    .complete = complete,
    .accepts = accepts,
    .usage = usage,
};

int
main(int argc, char *argv[])
{
	struct arena *mem;
	sigset_t waiting;
	bool stay;
	int failed = 0;

	stay = process_options(&program, argc, argv);
	if (stay)
		process_follow_parent();
	process_hold_signals(&waiting);
	/* What sends mail loads TLS, which takes more memory than all the rest. */
	if (cfg.deliver.channels.n > 0)
		send_init();
	connect_drain();
	mem = arena_new(ARENA_KEEP);
	for (size_t i = 0; i < NELEM(queues); i++)
		(void)open_queue(&queues[i]);
	enter_sandbox();
	if (stay)
		follow(mem, &waiting);
	else
		failed = run_once(mem);
	arena_free(mem);
	arena_free(kept);
	for (size_t i = 0; i < NELEM(queues); i++)
		db_close(queues[i].db);
	for (int to = 0; to < DESTINATIONS; to++)
		forward_free(drain.lanes[to].to);
	if (cfg.deliver.channels.n > 0)
		send_end();
	return failed > 0 ? 1 : 0;
}
