/* SPDX-License-Identifier: MIT */
/* The variables of monlight-indexer: those of each service that its jobs go by. */
#include "indexer.h"
#include "log.h"
#include "rule.h"
#include "text.h"

#define CFG(member) offsetof(struct indexer_cfg, member)

static const struct cfg_field common_fields[] = {
    PROCESS_FIELDS(CFG(home), CFG(log_level)),
};

static const struct cfg_field errors_fields[] = {
    {"DATABASE_PATH", CFG_PATH, CFG_PREFIXED, CFG(errors.database_path), "data/errors.db", 0, 0,
	NULL, "the error tracker's SQLite file"},
    {"RETENTION_DAYS", CFG_INT, 0, CFG(errors.retention_days), "90", 1, 36500, NULL,
	"days a resolved error is kept"},
    {"MAX_ERRORS_BYTES", CFG_BYTES, 0, CFG(errors.max_bytes), "1G", 0, INT64_C(1) << 50, NULL,
	"size of the database over which the least recently seen errors go; 0: no limit"},
    {"MAX_OCCURRENCES", CFG_INT, 0, CFG(errors.max_occurrences), "5", 1, 100, NULL,
	"of an imported error so many occurrences are kept as the first ones, so many as the last"},
    {"SCRUB", CFG_BOOL, 0, CFG(errors.scrub), "on", 0, 0, NULL,
	"whether secrets are taken out of imported reports"},
};

/* In the order of enum level of the logs. */
static const char *const level_words[] = {
    "unknown", "trace", "debug", "info", "warning", "error", "critical", NULL};

static const struct cfg_field logs_fields[] = {
    {"DATABASE_PATH", CFG_PATH, CFG_PREFIXED, CFG(logs.database_path), "data/logs.db", 0, 0, NULL,
	"the log viewer's SQLite file"},
    {"LOG_SOURCES", CFG_TEXT, 0, CFG(logs.sources), "/var/lib/docker/containers", 0, 0, NULL,
	"directories of Docker's containers, comma-separated"},
    {"LOG_FILES", CFG_TEXT, 0, CFG(logs.files), NULL, 0, 0, NULL,
	"plain or CRI log files: NAME=GLOB, comma-separated"},
    {"CONTAINERS", CFG_TEXT, 0, CFG(logs.containers), NULL, 0, 0, NULL,
	"names of containers, comma-separated, * for anything; unset: all"},
    {"POLL_INTERVAL", CFG_INT, 0, CFG(logs.poll_interval), "2", 1, 3600, NULL,
	"seconds after which log files are looked at unasked"},
    {"TAIL_BUFFER", CFG_BYTES, 0, CFG(logs.tail_buffer), "0", 0, INT64_C(1) << 50, NULL,
	"bytes from the end of a file seen for the first time; 0: all there is"},
    {"MAX_LOG_BYTES", CFG_BYTES, 0, CFG(logs.max_bytes), "1G", 1 << 20, INT64_C(1) << 50, NULL,
	"size of all stored logs over which the oldest go"},
    {"MAX_LOG_AGE", CFG_INT, 0, CFG(logs.max_age), "30", 1, 36500, NULL,
	"days that log lines are kept"},
    {"MAX_ENTRIES", CFG_INT, 0, CFG(logs.max_entries), "0", 0, INT64_C(1) << 53, NULL,
	"newest entries that are shown; 0: all"},
    {"LEVEL_STDERR", CFG_CHOICE, 0, CFG(logs.level_stderr), "unknown", 0, 0, level_words,
	"level of a line on stderr that names none; if set, one on stdout is INFO"},
};

static const struct cfg_field metrics_fields[] = {
    {"DATABASE_PATH", CFG_PATH, CFG_PREFIXED, CFG(metrics.database_path), "data/metrics.db", 0, 0,
	NULL, "the metrics collector's SQLite file"},
    {"AGGREGATION_INTERVAL", CFG_INT, 0, CFG(metrics.aggregation_interval), "60", 1, 86400, NULL,
	"seconds between two roll-ups of what has arrived"},
    {"RETENTION_RAW", CFG_INT, 0, CFG(metrics.raw_hours), "1", 1, 8760, NULL,
	"hours that points are kept as they came"},
    {"RETENTION_MINUTE", CFG_INT, 0, CFG(metrics.minute_hours), "24", 1, 87600, NULL,
	"hours that the sums of minutes are kept"},
    {"RETENTION_HOURLY", CFG_INT, 0, CFG(metrics.hourly_days), "30", 1, 3650, NULL,
	"days that the sums of hours are kept"},
    {"RETENTION_DAILY", CFG_INT, 0, CFG(metrics.daily_days), "365", 1, 36500, NULL,
	"days that the sums of days are kept"},
    {"MAX_SERIES_PER_METRIC", CFG_INT, 0, CFG(metrics.series_per_metric), "2000", 1, 10000000, NULL,
	"label sets of an imported metric beyond which points count under an overflow series"},
    {"MAX_SERIES_PER_PROJECT", CFG_INT, 0, CFG(metrics.series_per_project), "20000", 1, 10000000,
	NULL, "the same of a project"},
    {"MAX_SERIES", CFG_INT, 0, CFG(metrics.series_total), "100000", 1, 10000000, NULL,
	"the same of all projects"},
    {"METRIC_ALERT", CFG_NUMBERED, 0, CFG(metrics.rules), NULL, 0, RULES_MAX, NULL,
	"a rule: NAME{LABEL=VALUE} FUNCTION WINDOW OP VALUE for DURATION"},
};

static const struct cfg_field relay_fields[] = {
    {"DATABASE_PATH", CFG_PATH, CFG_PREFIXED, CFG(relay.database_path), "data/relay.db", 0, 0, NULL,
	"the browser relay's SQLite file"},
    {"RETENTION_DAYS", CFG_INT, 0, CFG(relay.retention_days), "90", 1, 36500, NULL,
	"days a source map is kept"},
    {"CORS_ORIGINS", CFG_TEXT, 0, CFG(relay.cors_origins), NULL, 0, 0, NULL,
	"origins whose pages may post; keys add looks at it"},
    {"PUBLIC_URL", CFG_TEXT, CFG_PREFIXED, CFG(relay.public_url), NULL, 0, 0, NULL,
	"where browsers reach the relay: what keys add prints"},
    {"BIND_ADDRESS", CFG_TEXT, 0, CFG(relay.bind_address), "127.0.0.1", 0, 0, NULL,
	"address that lighttpd listens on"},
    {"MONLIGHT_SDK", CFG_TEXT, 0, CFG(relay.sdk), NULL, 0, 0, NULL,
	"directory of the browser SDK that is served; keys add tells its hash"},
    {"PORT", CFG_INT, CFG_PREFIXED, CFG(relay.port), "5013", 1, 65535, NULL, "the relay's port"},
};

const struct process_section indexer_sections[INDEXER_SECTIONS] = {
    {NULL, common_fields, NELEM(common_fields)},
    {"ERROR_TRACKER", errors_fields, NELEM(errors_fields)},
    {"LOG_VIEWER", logs_fields, NELEM(logs_fields)},
    {"METRICS_COLLECTOR", metrics_fields, NELEM(metrics_fields)},
    {"BROWSER_RELAY", relay_fields, NELEM(relay_fields)},
};
