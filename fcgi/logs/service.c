/* SPDX-License-Identifier: MIT */
/* What the programs of the log viewer have in common: configuration, counters, health. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "logs.h"
#include "logs_sql.h"
#include "text.h"
#include "totals.h"

/* An indexer that runs, by itself or every minute, has been there more lately than this. */
#define LATE_SECONDS 300

struct logs_cfg logs_cfg;

static struct store *store;

static const struct cfg_field fields[] = {
    {"TAIL_CLIENTS", CFG_INT, 0, offsetof(struct logs_cfg, tail_clients), "32", 1, 1024, NULL,
	"live tails at a time; the next is refused with 503"},
    {"TAIL_HEARTBEAT", CFG_INT, 0, offsetof(struct logs_cfg, tail_heartbeat_s), "15", 1, 50, NULL,
	"seconds between two heartbeats of a live tail"},
    {"TAIL_DURATION", CFG_INT, 0, offsetof(struct logs_cfg, tail_duration_s), "1800", 1, 86400,
	NULL, "seconds after which a live tail ends; the page takes it up again"},
};

static const struct app_counter counters[LOGS_COUNTERS] = {
    [COUNT_TAIL_STREAMS] = {"monlight_logs_tail_streams_total", "Live tails opened."},
    [COUNT_TAIL_REFUSED] = {"monlight_logs_tail_refused_total",
	"Live tails refused because there were TAIL_CLIENTS."},
    [COUNT_TAIL_EVENTS] = {"monlight_logs_tail_events_total", "Lines sent to live tails."},
    [COUNT_TAIL_DROPPED] = {"monlight_logs_tail_dropped_total",
	"Lines not sent to live tails that did not keep up."},
};

struct store *
logs_store(void)
{
	return store;
}

static int
start(const struct app *app, struct db *db)
{
	store = store_new(db, app->cfg->database_path);
	return 0;
}

/* A segment that was taken off the list must not live on in a process that nobody asks. */
static void
tend(void)
{
	store_refresh(store);
}

/* The number of lines and the time of the newest; false if the database cannot tell. */
static bool
read_totals(struct req *rq, int64_t *lines, bool *any, int64_t *newest_ns)
{
	struct logs_tallies tallies;

	if (logs_tallies_read(rq->db, rq->mem, &tallies) == DB_FAILED ||
	    db_query(rq->db, SQL_SPAN, DB_NO_ARGS) != DB_ROW)
		return false;
	*any = !db_is_null(rq->db, SQL_SPAN, 1);
	*newest_ns = db_int(rq->db, SQL_SPAN, 1);
	db_done(rq->db, SQL_SPAN);
	*lines = logs_tallies_sum(&tallies);
	return true;
}

/* Where the indexer is: beside us, and in nobody's PATH. */
static const char *
indexer_path(struct arena *mem)
{
	static const char name[] = "/monlight-indexer";
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self);

	while (len > 0 && self[len - 1] != '/')
		len--;
	return len > 0 ? arena_printf(mem, "%.*s%s", (int)len - 1, self, name) : name + 1;
}

/* What keeps lines from coming in, and the command that mends it. */
static void
warn(struct req *rq, struct json_out *out, int64_t sources, int64_t last_pass)
{
	char since[TIME_TEXT_SIZE];

	if (sources == SOURCES_DENIED)
		json_text(out, "warning",
		    arena_printf(rq->mem,
			"LOG_SOURCES cannot be read, so no new lines come in; run "
			"`sudo setcap cap_dac_read_search=p %s`, then `monlight reload`, "
			"or give the indexer a user that may read it",
			indexer_path(rq->mem)));
	else if (sources == SOURCES_ABSENT)
		json_text(out, "warning",
		    "LOG_SOURCES is not there: without Docker on this host, name "
		    "other directories by LOG_SOURCES or files by LOG_FILES");
	else if (last_pass > 0 && clock_now() - last_pass > LATE_SECONDS)
		json_text(out, "warning",
		    arena_printf(rq->mem,
			"The logs have not been read to their end since %s: the indexer does not "
			"run, cannot store what it reads (a full disk) or is behind; `monlight "
			"status` and its messages tell which",
			time_format(since, last_pass)));
}

/* logs_indexed, last_ingest (time of the newest line), last_pass and the warning. */
static void
health(struct req *rq, struct json_out *out)
{
	int64_t lines, newest, last_pass = store_number(store, "last_pass");
	bool any;

	if (!read_totals(rq, &lines, &any, &newest))
		return;
	json_int(out, "logs_indexed", lines);
	if (any)
		json_time(out, "last_ingest", newest / NS_PER_SECOND);
	else
		json_null(out, "last_ingest");
	if (last_pass > 0)
		json_time(out, "last_pass", last_pass);
	warn(rq, out, store_number(store, "sources_readable"), last_pass);
}

static void
metrics(struct req *rq, struct buf *out)
{
	int64_t lines, newest, pass = store_number(store, "last_pass");
	bool any;

	if (!read_totals(rq, &lines, &any, &newest))
		return;
	app_gauge(out, "monlight_logs_lines", "Lines stored.", (double)lines);
	app_gauge(out, "monlight_logs_bytes", "Bytes on disk, of the database and its segments.",
	    (double)store_bytes(store));
	if (pass > 0)
		app_gauge(out, "monlight_logs_ingest_lag_seconds",
		    "Seconds since the indexer last had read all there was.",
		    (double)(clock_now() - pass));
	app_gauge(out, "monlight_logs_sources_readable", "1 if LOG_SOURCES could be read.",
	    store_number(store, "sources_readable") == SOURCES_READ);
}

struct app
logs_app(const char *program, const struct route *routes, size_t n)
{
	return (struct app){
	    .name = "logs",
	    .program = program,
	    .title = "log viewer",
	    .prefix = "LOG_VIEWER",
	    .key_name = "API_KEY",
	    .database = "data/logs.db",
	    .rate_limit = 60,
	    .max_body_size = 65536,
	    .sync = DB_SYNC_NORMAL,
	    .cfg = &logs_cfg.base,
	    .fields = fields,
	    .nfields = NELEM(fields),
	    .routes = routes,
	    .nroutes = n,
	    .schema = &logs_schema,
	    .counters = counters,
	    .ncounters = NELEM(counters),
	    .start = start,
	    .health = health,
	    .metrics = metrics,
	    .tend = tend,
	};
}
