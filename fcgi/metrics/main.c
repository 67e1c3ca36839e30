/* SPDX-License-Identifier: MIT */
/* The metrics collector: takes points, keeps their roll-ups, and shows them over time. */
#include "clock.h"
#include "fcgi.h"
#include "metrics.h"
#include "rule.h"
#include "text.h"
#include "tier.h"

static struct metrics_cfg cfg;

#define CFG(member) offsetof(struct metrics_cfg, member)

static const struct cfg_field fields[] = {
    {"RETENTION_RAW", CFG_INT, 0, CFG(raw_hours), "1", 1, 8760, NULL,
	"hours that points are kept as they came, and that the value of an id may be corrected"},
    {"RETENTION_MINUTE", CFG_INT, 0, CFG(minute_hours), "24", 1, 87600, NULL,
	"hours that the sums of minutes are kept"},
    {"RETENTION_HOURLY", CFG_INT, 0, CFG(hourly_days), "30", 1, 3650, NULL,
	"days that the sums of hours are kept, and that a point may be late"},
    {"RETENTION_DAILY", CFG_INT, 0, CFG(daily_days), "365", 1, 36500, NULL,
	"days that the sums of days are kept"},
    {"MAX_SERIES_PER_METRIC", CFG_INT, 0, CFG(series_per_metric), "2000", 1, 10000000, NULL,
	"sets of labels a metric has before others count as one"},
    {"MAX_SERIES_PER_PROJECT", CFG_INT, 0, CFG(series_per_project), "20000", 1, 10000000, NULL,
	"the same for all metrics of a project"},
    {"MAX_SERIES", CFG_INT, 0, CFG(series_total), "100000", 1, 10000000, NULL,
	"the same for all projects"},
    {"METRIC_ALERT", CFG_NUMBERED, 0, CFG(rules), NULL, 0, RULES_MAX, NULL,
	"a rule: NAME{LABEL=VALUE} FUNCTION WINDOW OP VALUE for DURATION"},
};

static const struct route routes[] = {
    {POST, "/api/metrics", ACCESS_INGEST, BODY_CONFIGURED, metrics_ingest},
    {GET, "/api/metrics", ACCESS_READ, BODY_NONE, metrics_query},
    {GET, "/api/metrics/names", ACCESS_READ, BODY_NONE, metrics_names},
    {GET, "/api/metrics/series", ACCESS_READ, BODY_NONE, metrics_series},
    {GET, "/api/metrics/labels", ACCESS_READ, BODY_NONE, metrics_labels},
    {GET, "/api/projects", ACCESS_READ, BODY_NONE, metrics_projects},
    {GET, "/api/dashboard", ACCESS_READ, BODY_NONE, metrics_dashboard},
    {GET, "/api/alerts", ACCESS_READ, BODY_NONE, metrics_alerts},
};

static const struct app_counter counters[] = {
    [COUNTER_POINTS] = {"monlight_metrics_points_total", "Points accepted."},
    [COUNTER_DROPPED] = {"monlight_metrics_dropped_total",
	"Points left out because their time is out of bounds."},
    [COUNTER_OVERFLOWED] = {"monlight_metrics_overflowed_total",
	"Points that count under an overflow series because a cap of series was reached."},
    [COUNTER_REPEATED] = {"monlight_metrics_repeated_total",
	"Batches answered again because their Idempotency-Key was known."},
};

/* Rules are checked when the configuration is, not when they would first fire. */
static int
check_rules(const struct app *app, FILE *errors)
{
	struct arena *mem = arena_new(4096);
	struct rule rule;
	const char *why;
	int bad = 0;

	(void)app;
	for (int i = 0; i < RULES_MAX; i++)
		if (cfg.rules[i] != NULL && (why = rule_parse(mem, cfg.rules[i], &rule)) != NULL) {
			(void)fprintf(errors, "METRIC_ALERT_%d=%s is not valid: %s\n", i + 1,
			    cfg.rules[i], why);
			bad++;
		}
	arena_free(mem);
	return bad;
}

/* How many points wait for the roll-up, and for how many seconds the oldest has. */
static int
read_waiting(struct db *db, const struct tier_state *state, int64_t *points, int64_t *seconds)
{
	int64_t now = clock_now();

	if (db_query(db, SQL_WAITING, DB_ARGS(DB_INT(state->watermark))) != DB_ROW)
		return DB_FAILED;
	*points = db_int(db, SQL_WAITING, 0);
	*seconds = db_is_null(db, SQL_WAITING, 1) ? 0 : now - db_int(db, SQL_WAITING, 1);
	db_done(db, SQL_WAITING);
	return 0;
}

/* GET /health: what arrived in a day, to the hour, and when it was last added up. */
static void
health(struct req *rq, struct json_out *out)
{
	int64_t day_ago = time_floor(clock_now() - SECONDS_PER_DAY, SECONDS_PER_HOUR);
	struct tier_state state;
	int64_t arrived, waiting, seconds;

	if (tier_state_read(rq->db, &state) == -1 ||
	    db_number(rq->db, SQL_ARRIVED_SINCE, DB_ARGS(DB_INT(day_ago)), 0, &arrived) == -1 ||
	    read_waiting(rq->db, &state, &waiting, &seconds) == -1)
		return;
	json_int(out, "metrics_received_24h", arrived + waiting);
	if (state.compacted_at != 0)
		json_time(out, "last_aggregation", state.compacted_at);
	else
		json_null(out, "last_aggregation");
	json_int(out, "waiting_points", waiting);
	json_int(out, "waiting_seconds", seconds);
}

static void
gauges(struct req *rq, struct buf *out)
{
	const double now = (double)clock_now();
	struct tier_state state;
	int64_t waiting, seconds;

	if (tier_state_read(rq->db, &state) == -1 ||
	    read_waiting(rq->db, &state, &waiting, &seconds) == -1 ||
	    db_query(rq->db, SQL_CATALOGUE_COUNTS, DB_NO_ARGS) != DB_ROW)
		return;
	app_gauge(out, "monlight_metrics_series", "Sets of labels in the catalogue.",
	    (double)state.series);
	app_gauge(out, "monlight_metrics_series_limit", "MAX_SERIES.", (double)cfg.series_total);
	app_gauge(out, "monlight_metrics_names", "Names of metrics, by type and project.",
	    (double)db_int(rq->db, SQL_CATALOGUE_COUNTS, 0));
	app_gauge(out, "monlight_metrics_projects", "Projects, the nameless one too.",
	    (double)db_int(rq->db, SQL_CATALOGUE_COUNTS, 1));
	db_done(rq->db, SQL_CATALOGUE_COUNTS);
	app_gauge(out, "monlight_metrics_waiting_points", "Points that no roll-up has yet.",
	    (double)waiting);
	app_gauge(
	    out, "monlight_metrics_waiting_seconds", "Age of the oldest of them.", (double)seconds);
	if (state.compacted_at != 0)
		app_gauge(out, "monlight_metrics_rollup_age_seconds",
		    "Since a roll-up last added points.", now - (double)state.compacted_at);
}

int
main(int argc, char *argv[])
{
	static struct app app = {
	    .name = "metrics",
	    .program = "monlight-metrics",
	    .title = "metrics collector",
	    .prefix = "METRICS_COLLECTOR",
	    .key_name = "API_KEY",
	    .database = "data/metrics.db",
	    .rate_limit = 200,
	    .max_body_size = 524288,
	    .sync = DB_SYNC_NORMAL,
	    .cfg = &cfg.base,
	    .fields = fields,
	    .nfields = NELEM(fields),
	    .routes = routes,
	    .nroutes = NELEM(routes),
	    .schema = &metrics_schema,
	    .counters = counters,
	    .ncounters = NELEM(counters),
	    .check = check_rules,
	    .health = health,
	    .metrics = gauges,
	};

	return fcgi_main(&app, argc, argv);
}
