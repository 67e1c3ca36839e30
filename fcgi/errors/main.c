/* SPDX-License-Identifier: MIT */
/* The error tracker: takes reports, groups them, and shows what is broken. */
#include <string.h>

#include "errors.h"
#include "fcgi.h"
#include "text.h"

static struct errors_cfg cfg;

#define CFG(member) offsetof(struct errors_cfg, member)
#define MINUTES_PER_DAY 1440

static const struct cfg_field fields[] = {
    {"RETENTION_DAYS", CFG_INT, 0, CFG(retention_days), "90", 1, 36500, NULL,
	"days a resolved error is kept"},
    {"MAX_OCCURRENCES", CFG_INT, 0, CFG(max_occurrences), "5", 1, MAX_OCCURRENCES, NULL,
	"reports kept of each grouping key: so many of the first, so many of the last"},
    {"MAX_ERRORS_BYTES", CFG_BYTES, 0, CFG(max_bytes), "1G", 0, INT64_C(1) << 50, NULL,
	"size of the database over which the least recently seen errors go; 0: no limit"},
    {"SCRUB", CFG_BOOL, 0, CFG(scrub), "on", 0, 0, NULL,
	"whether secrets are taken out of reports before they are stored"},
    ALERT_LIST_FIELDS(CFG(alert_lists)),
    {"ALERT_NEW_AFTER", CFG_INT, 0, CFG(alert_new_after), "1", 1, 1000000, NULL,
	"with which of its reports a new error is told of"},
    {"ALERT_SPIKE", CFG_TEXT, 0, CFG(alert_spike), NULL, 0, 0, NULL,
	"N/M: an error is told of when N reports of it come in M minutes; unset: never"},
};

static const struct route routes[] = {
    {POST, "/api/errors", ACCESS_INGEST, BODY_CONFIGURED, errors_report},
    {GET, "/api/errors", ACCESS_READ, BODY_NONE, errors_list},
    {GET, "/api/errors/{}", ACCESS_READ, BODY_NONE, errors_detail},
    {GET, "/api/errors/{}/occurrences", ACCESS_READ, BODY_NONE, errors_occurrences},
    {POST, "/api/errors/{}/resolve", ACCESS_WRITE, BODY_SMALL, errors_resolve},
    {POST, "/api/errors/{}/reopen", ACCESS_WRITE, BODY_SMALL, errors_reopen},
    {POST, "/api/errors/{}/ignore", ACCESS_WRITE, BODY_SMALL, errors_ignore},
    {DELETE, "/api/errors/{}", ACCESS_WRITE, BODY_NONE, errors_delete},
    {POST, "/api/errors/bulk", ACCESS_WRITE, BODY_SMALL, errors_bulk},
    {POST, "/api/errors/merge", ACCESS_WRITE, BODY_SMALL, errors_merge},
    {POST, "/api/errors/unmerge", ACCESS_WRITE, BODY_SMALL, errors_unmerge},
    {GET, "/api/projects", ACCESS_READ, BODY_NONE, errors_projects},
    {GET, "/api/scopes", ACCESS_READ, BODY_NONE, errors_scopes},
    {GET, "/api/alerts", ACCESS_READ, BODY_NONE, errors_alerts},
    {POST, "/api/test-alert", ACCESS_WRITE, BODY_SMALL, errors_test_alert},
};

static const struct app_counter counters[] = {
    [COUNTER_CREATED] = {"monlight_errors_created_total", "Errors seen for the first time."},
    [COUNTER_REOPENED] = {"monlight_errors_reopened_total", "Resolved errors that came back."},
    [COUNTER_REPEATED] = {"monlight_errors_repeated_total",
	"Reports answered again because their event_id was known."},
    [COUNTER_SCRUBBED] = {"monlight_errors_scrubbed_total",
	"Values taken out of reports as secrets."},
    [COUNTER_CAPPED] = {"monlight_errors_capped_total",
	"Tags, scopes and alerts that a limit left out."},
    [COUNTER_CROWDED] = {"monlight_errors_crowded_total",
	"Errors forgotten because the database had reached MAX_ERRORS_BYTES."},
};

/* Reads ALERT_SPIKE. */
static int
check_spike(const struct app *app, FILE *errors)
{
	const char *text = cfg.alert_spike;
	size_t n;

	(void)app;
	if (text == NULL)
		return 0;
	n = strcspn(text, "/");
	if (text[n] == '/' && text_int64(text, n, 1, 1000000, &cfg.spike.reports) == 0 &&
	    text_int64(
		text + n + 1, strlen(text + n + 1), 1, MINUTES_PER_DAY, &cfg.spike.minutes) == 0)
		return 0;
	(void)fprintf(errors,
	    "ALERT_SPIKE=%s is not valid; accepted: N/M, up to 1000000 reports in up to %d "
	    "minutes\n",
	    text, MINUTES_PER_DAY);
	return 1;
}

int
main(int argc, char *argv[])
{
	static struct app app = {
	    .name = "errors",
	    .program = "monlight-errors",
	    .title = "error tracker",
	    .prefix = "ERROR_TRACKER",
	    .key_name = "API_KEY",
	    .database = "data/errors.db",
	    .rate_limit = 100,
	    .max_body_size = 1048576,
	    .sync = DB_SYNC_FULL,
	    .cfg = &cfg.base,
	    .fields = fields,
	    .nfields = NELEM(fields),
	    .routes = routes,
	    .nroutes = NELEM(routes),
	    .schema = &errors_schema,
	    .counters = counters,
	    .ncounters = NELEM(counters),
	    .check = check_spike,
	};

	return fcgi_main(&app, argc, argv);
}
