/* SPDX-License-Identifier: MIT */
/*
 * indexer: the jobs that are done on the services' databases behind their backs.
 *
 * A job is a row in main.c.  It does all there is to do in one call, in transactions
 * short enough for the services beside it, and asks indexer_stopping() between them.
 */
#ifndef INDEXER_H
#define INDEXER_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "db.h"
#include "process.h"

enum database { ERRORS, LOGS, METRICS, RELAY, DATABASES };

/* Of the error tracker, as its own programs read them. */
struct errors_settings {
	const char *database_path;
	int64_t retention_days;
	int64_t max_bytes;
	int64_t max_occurrences; /* these two for what is imported */
	bool scrub;
};

/* Of the metrics collector. */
struct metrics_settings {
	const char *database_path;
	int64_t aggregation_interval; /* seconds between two passes of the roll-up */
	int64_t raw_hours, minute_hours, hourly_days, daily_days;
	int64_t series_per_metric, series_per_project, series_total; /* for what is imported */
	const char **rules; /* METRIC_ALERT_n at [n - 1], RULES_MAX of them; NULL: not set */
};

/* Of the log viewer. */
struct logs_settings {
	const char *database_path;
	const char *sources; /* directories of Docker's containers, comma-separated */
	const char *files;   /* NAME=GLOB of plain files, comma-separated */
	const char *containers;
	int64_t tail_buffer;
	int64_t poll_interval;
	int64_t max_bytes, max_age, max_entries; /* max_age in days */
	int level_stderr;
};

/* Of the browser relay. */
struct relay_settings {
	const char *database_path;
	int64_t retention_days;
	/* For what `keys add` prints; the addresses, origins and SDK may be NULL. */
	const char *public_url, *cors_origins, *bind_address, *sdk;
	int64_t port;
};

struct indexer_cfg {
	const char *home;
	int log_level;
	struct errors_settings errors;
	struct metrics_settings metrics;
	struct logs_settings logs;
	struct relay_settings relay;
};

/* The tables that fill it. */
#define INDEXER_SECTIONS 5
extern const struct process_section indexer_sections[INDEXER_SECTIONS];

/* What a job is given. */
struct pass {
	const struct indexer_cfg *cfg;
	struct db *db;     /* of the job's row */
	const char *path;  /* that file's */
	struct arena *mem; /* the job's until it returns */
};

struct job {
	const char *name; /* as an argument; the same name may stand in several rows */
	enum database database;
	int interval_s;              /* between two passes */
	int (*run)(struct pass *);   /* 0, or -1: failed, and the reason is logged */
	int (*watch)(struct pass *); /* NULL, or a descriptor: readable when there is work
					before the interval is over; -1: none */
	const int64_t *configured;   /* NULL, or a variable that says the interval instead */
};

/* Whose file a database is, and where it lies. */
struct database_place {
	const char *const *path;
	const struct db_schema *schema;
	enum db_sync sync;
};
extern const struct database_place indexer_places[DATABASES];

/*
 * Gives up everything but the databases' directories, the log sources and the directories of
 * LOG_FILES, for good: before the jobs, after all is open.
 */
void indexer_restrict(const struct indexer_cfg *);

/* Whether the process was asked to end. */
bool indexer_stopping(void);

/*
 * Takes the lock of a job on a database as db_job_lock() does, but waits a minute for its pass
 * to end.  -1, which was logged, if it does not or we are to end.
 */
int indexer_job_lock(const char *path, const char *job);

int errors_retention(struct pass *);
int metrics_rollup(struct pass *);
int metrics_rules(struct pass *);
int metrics_retention(struct pass *);
int relay_retention(struct pass *);

/* `monlight keys ARGUMENT ...`; returns the exit status. */
int relay_keys(struct pass *, char *const arguments[]);
/* `monlight backup` and `monlight restore`, see backup.h; the same. */
int backup_make(struct pass *, char *const arguments[]);
int backup_restore(struct pass *, char *const arguments[]);
/* `monlight import`, see import.h; the same. */
int import_original(struct pass *, char *const arguments[]);
int logs_ingest(struct pass *);
int logs_ingest_watch(struct pass *);
int logs_merge(struct pass *);
int logs_retention(struct pass *);

#endif
