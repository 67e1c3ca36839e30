/* SPDX-License-Identifier: MIT */
/*
 * monlight-indexer: does what is due on the services' databases, and ends.
 *
 *	monlight-indexer [-fhnV] [-x job] [job ...]
 *	monlight-indexer keys add PROJECT [ORIGIN ...]
 *	monlight-indexer backup [--keep N] DIRECTORY
 *	monlight-indexer restore [--force] BACKUP
 *	monlight-indexer import DIRECTORY
 *
 *	-f  stay: do each job at once, and again when it is due
 *	-h  describe every variable, tab-separated
 *	-n  check the configuration, print it, exit 0 or 1
 *	-V  print the version
 *	-x  all jobs but that one, which another process does
 *
 * Without -f a job runs if its interval has passed, to a few seconds, since a pass
 * that came to its end began, so that cron may call every minute; a job that is named
 * runs in any case.  Two processes never do the same job at once: the later one passes
 * it over.
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "indexer.h"
#include "log.h"
#include "text.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define ARENA_KEEP ((size_t)65536)
/* Cron is seconds late or early, and a pass of every minute must not wait for the next but one. */
#define CRON_SLACK 5
/* Seconds before a job that failed is run again though its watch stirs. */
#define DEAF 1
/* Seconds between two tries to open a database that could not be opened. */
#define REOPEN 10
#define LOCK_TRIES 600 /* of a tenth of a second, to get a lock of a job */

static struct indexer_cfg cfg;
static const char *excluded; /* job that somebody else does; NULL: none */

/* ---- what there is to do -------------------------------------------------------- */

static const struct job jobs[] = {
    {"retention", ERRORS, HOUR, errors_retention, NULL, NULL},
    {"rollup", METRICS, MINUTE, metrics_rollup, NULL, &cfg.metrics.aggregation_interval},
    {"rules", METRICS, MINUTE, metrics_rules, NULL, NULL},
    {"retention", METRICS, HOUR, metrics_retention, NULL, NULL},
    {"retention", RELAY, DAY, relay_retention, NULL, NULL},
    {"ingest", LOGS, MINUTE, logs_ingest, logs_ingest_watch, &cfg.logs.poll_interval},
    {"merge", LOGS, 10, logs_merge, NULL, NULL},
    {"retention", LOGS, MINUTE, logs_retention, NULL, NULL},
};

/* ---- databases -------------------------------------------------------------------- */

/* The services' own; their headers of statements cannot be read side by side. */
extern const struct db_schema errors_schema, logs_schema, metrics_schema, relay_schema;

const struct database_place indexer_places[DATABASES] = {
    [ERRORS] = {&cfg.errors.database_path, &errors_schema, DB_SYNC_FULL},
    [LOGS] = {&cfg.logs.database_path, &logs_schema, DB_SYNC_NORMAL},
    [METRICS] = {&cfg.metrics.database_path, &metrics_schema, DB_SYNC_NORMAL},
    [RELAY] = {&cfg.relay.database_path, &relay_schema, DB_SYNC_FULL},
};

static struct db *databases[DATABASES]; /* NULL: could not be opened yet; its jobs fail */

/* Returns whether it is open. */
static bool
open_database(enum database which)
{
	const struct database_place *place = &indexer_places[which];

	databases[which] = db_open(*place->path, place->schema, place->sync);
	return databases[which] != NULL;
}

/* Returns how many could not be opened. */
static int
open_databases(void)
{
	int failed = 0;

	for (int i = 0; i < DATABASES; i++)
		failed += !open_database((enum database)i);
	return failed;
}

static void
close_databases(void)
{
	for (int i = 0; i < DATABASES; i++)
		db_close(databases[i]);
}

bool
indexer_stopping(void)
{
	return process_stopping();
}

int
indexer_job_lock(const char *path, const char *job)
{
	int lock = db_job_lock(path, job);

	for (int i = 0; lock == -1 && errno == EWOULDBLOCK; i++) {
		if (i == LOCK_TRIES || indexer_stopping()) {
			log_errorx("the job %s of %s does not come to an end", job, path);
			return -1;
		}
		(void)usleep(100000);
		lock = db_job_lock(path, job);
	}
	return lock;
}

/* ---- passes ----------------------------------------------------------------------- */

/* The lock file of a job holds when the last pass that came to its end began, as Unix seconds. */
static int64_t
last_run(int lock)
{
	char text[24];
	ssize_t len = pread(lock, text, sizeof text, 0);
	int64_t at;

	return len > 0 && text_int64(text, (size_t)len, 0, INT64_MAX, &at) == 0 ? at : 0;
}

static void
note_run(int lock, int64_t began)
{
	char text[24];
	int len = snprintf(text, sizeof text, "%lld", (long long)began);

	if (pwrite(lock, text, (size_t)len, 0) != len || ftruncate(lock, len) == -1)
		log_warn("cannot note when a job ran");
}

/* Seconds between two passes. */
static int64_t
interval(const struct job *job)
{
	return job->configured != NULL ? *job->configured : job->interval_s;
}

static struct pass
make_pass(const struct job *job, struct arena *mem)
{
	return (struct pass){
	    .cfg = &cfg,
	    .db = databases[job->database],
	    .path = *indexer_places[job->database].path,
	    .mem = mem,
	};
}

/* Runs the job if it is due, or in any case; -1 if it failed. */
static int
run_job(const struct job *job, struct arena *mem, bool anyhow)
{
	struct pass pass = make_pass(job, mem);
	int64_t now, since;
	int lock, st = 0;

	if (pass.db == NULL)
		return -1;
	if ((lock = db_job_lock(pass.path, job->name)) == -1) {
		log_info("%s of %s: another process is at it", job->name,
		    indexer_places[job->database].schema->name);
		return 0;
	}
	now = clock_now();
	since = now - last_run(lock);
	/* A clock that was set back must not put a job off for years. */
	if (anyhow || since >= interval(job) - CRON_SLACK || since < 0) {
		db_set_deadline(pass.db, INT64_MAX);
		st = job->run(&pass);
		db_end_request(pass.db);
		/* The responders write in between, so the next pass has no use for them. */
		db_forget_pages(pass.db);
		if (st == 0 && !indexer_stopping())
			note_run(lock, now);
	}
	db_job_unlock(lock);
	arena_reset(mem);
	return st;
}

/* Whether the job is among those named; all are if none is named. */
static bool
is_named(const struct job *job, char *const names[])
{
	if (excluded != NULL && strcmp(job->name, excluded) == 0)
		return false;
	if (*names == NULL)
		return true;
	for (; *names != NULL; names++)
		if (strcmp(*names, job->name) == 0)
			return true;
	return false;
}

/* One pass; returns how many jobs failed. */
static int
run_once(struct arena *mem, char *const names[])
{
	int failed = 0;

	for (size_t i = 0; i < NELEM(jobs) && !indexer_stopping(); i++)
		if (is_named(&jobs[i], names) && run_job(&jobs[i], mem, *names != NULL) == -1)
			failed++;
	return failed;
}

/* When each job is due, by the monotonic clock in microseconds, and what it watches, or -1. */
struct timetable {
	int64_t due[NELEM(jobs)];
	int watch[NELEM(jobs)];
};

/* Begins the jobs of a database that has just been opened: they are due at once. */
static void
begin_jobs(struct timetable *t, enum database which, struct arena *mem, char *const names[])
{
	for (size_t i = 0; i < NELEM(jobs); i++) {
		struct pass pass = make_pass(&jobs[i], mem);

		if (jobs[i].database != which)
			continue;
		t->due[i] = 0;
		if (jobs[i].watch != NULL && pass.db != NULL && is_named(&jobs[i], names))
			t->watch[i] = jobs[i].watch(&pass);
	}
}

/* Opens what could not be opened: a disk that was full when we began may have space again. */
static void
open_missing(struct timetable *t, struct arena *mem, char *const names[])
{
	for (int i = 0; i < DATABASES; i++)
		if (databases[i] == NULL && open_database((enum database)i))
			begin_jobs(t, (enum database)i, mem, names);
}

/* Stays until it is told to end: each job at once, when it is due, and when its watch stirs. */
static void
follow(struct arena *mem, char *const names[], const sigset_t *waiting)
{
	struct pollfd watches[NELEM(jobs)];
	struct timetable t;
	int64_t open_at = clock_mono_us() + (int64_t)REOPEN * 1000000;

	for (size_t i = 0; i < NELEM(jobs); i++) {
		t.watch[i] = -1;
		watches[i] = (struct pollfd){-1, POLLIN, 0};
	}
	for (int i = 0; i < DATABASES; i++)
		begin_jobs(&t, (enum database)i, mem, names);
	while (!indexer_stopping()) {
		int64_t next, wait;
		struct timespec timeout;

		if (clock_mono_us() >= open_at) {
			open_missing(&t, mem, names);
			open_at = clock_mono_us() + (int64_t)REOPEN * 1000000;
		}
		next = open_at;
		for (size_t i = 0; i < NELEM(jobs) && !indexer_stopping(); i++) {
			if (!is_named(&jobs[i], names))
				continue;
			if (clock_mono_us() >= t.due[i] || watches[i].revents != 0) {
				bool failed = run_job(&jobs[i], mem, true) == -1;
				int64_t pause = interval(&jobs[i]);

				/* A disk is full for hours, and each line written would stir
				 * the watch: one that fails is deaf for a moment. */
				watches[i].fd = failed ? -1 : t.watch[i];
				if (failed && t.watch[i] != -1 && pause > DEAF)
					pause = DEAF;
				t.due[i] = clock_mono_us() + pause * 1000000;
			}
			if (t.due[i] < next)
				next = t.due[i];
		}
		/* Sealing takes megabytes for a moment; an idle indexer keeps none of them. */
		(void)malloc_trim(0);
		wait = next > clock_mono_us() ? next - clock_mono_us() : 0;
		timeout = (struct timespec){wait / 1000000, wait % 1000000 * 1000};
		if (ppoll(watches, NELEM(watches), &timeout, waiting) == -1)
			break;
	}
}

/* ---- the program ------------------------------------------------------------------- */

/* Several databases have a job of the same name, and it is one to whoever asks for it. */
static bool
first_of_its_name(size_t job)
{
	size_t i = 0;

	while (strcmp(jobs[i].name, jobs[job].name) != 0)
		i++;
	return i == job;
}

static void
usage(void)
{
	(void)fprintf(stderr, "usage: monlight-indexer [-fhnV] [-x job] [job ...]\njobs:");
	for (size_t i = 0; i < NELEM(jobs); i++)
		if (first_of_its_name(i))
			(void)fprintf(stderr, " %s", jobs[i].name);
	(void)fputs("\n       monlight-indexer keys add PROJECT [ORIGIN ...]\n"
		    "       monlight-indexer backup [--keep N] DIRECTORY\n"
		    "       monlight-indexer restore [--force] BACKUP\n"
		    "       monlight-indexer import DIRECTORY\n",
	    stderr);
}

/* What is done once, by its name as the first argument, instead of jobs. */
static const struct command {
	const char *name;
	enum database database; /* that is opened for it; DATABASES: none */
	int (*run)(struct pass *, char *const arguments[]); /* returns the exit status */
} commands[] = {
    {"keys", RELAY, relay_keys},
    {"backup", DATABASES, backup_make},
    {"restore", DATABASES, backup_restore},
    {"import", DATABASES, import_original},
};

static const struct command *
find_command(char *const arguments[])
{
	for (size_t i = 0; i < NELEM(commands); i++)
		if (*arguments != NULL && strcmp(*arguments, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static int
run_command(const struct command *command, struct arena *mem, char *const arguments[])
{
	struct pass pass = {.cfg = &cfg, .mem = mem};

	if (command->database != DATABASES) {
		if (!open_database(command->database))
			return 1;
		pass.db = databases[command->database];
		pass.path = *indexer_places[command->database].path;
	}
	return command->run(&pass, arguments);
}

/* Whether the arguments are a command, or names of jobs. */
static bool
accepts(char *const names[])
{
	if (find_command(names) != NULL)
		return true;
	for (; *names != NULL; names++) {
		size_t i = 0;

		while (i < NELEM(jobs) && strcmp(jobs[i].name, *names) != 0)
			i++;
		if (i == NELEM(jobs))
			return false;
	}
	return true;
}

static const struct process_program program = {
    .name = "monlight-indexer",
    .cfg = &cfg,
    .sections = indexer_sections,
    .nsections = INDEXER_SECTIONS,
    .log_level = &cfg.log_level,
    .excluded = &excluded,
    .accepts = accepts,
    .usage = usage,
};

int
main(int argc, char *argv[])
{
	const struct command *command;
	struct arena *mem;
	sigset_t waiting;
	bool stay;
	int failed = 0;

	stay = process_options(&program, argc, argv);
	if (stay)
		process_follow_parent();
	process_hold_signals(&waiting);
	mem = arena_new(ARENA_KEEP);
	if ((command = find_command(argv + optind)) != NULL)
		failed = run_command(command, mem, argv + optind + 1);
	else {
		failed = open_databases();
		/* A command reads and writes what it is told to by who calls it; jobs do not. */
		indexer_restrict(&cfg);
		if (stay)
			follow(mem, argv + optind, &waiting);
		else
			failed += run_once(mem, argv + optind);
		failed = failed > 0 && !stay;
	}
	arena_free(mem);
	close_databases();
	return failed;
}
