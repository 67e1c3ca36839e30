/* SPDX-License-Identifier: MIT */
/* Every statement of the metrics collector. */
#include "metrics_sql.h"

extern const char *const metrics_migrations[]; /* made from schema/ */

const char *const metric_type_words[] = {"counter", "histogram", "gauge", NULL};

#define ROW "key, count, sum, min, max, last, last_at, sketch"

/* The four statements of a tier, in the order of the enumeration. */
#define TIER(NAME, name)                                                                           \
	/* key */                                                                                  \
	[SQL_##NAME##_GET] =                                                                       \
	    "SELECT " ROW " FROM " name " WHERE key = ?1", /* the columns of ROW */                \
	    [SQL_##NAME##_PUT] =                                                                   \
		"INSERT OR REPLACE INTO " name " (" ROW ")"                                        \
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", /* first key, first key behind */      \
	    [SQL_##NAME##_RANGE] = "SELECT " ROW " FROM " name " WHERE key >= ?1 AND key < ?2",    \
	[SQL_##NAME##_TRIM] = "DELETE FROM " name " WHERE key >= ?1 AND key < ?2"

static const char *const statements[SQL_COUNT] = {
    /* project, name, type, labels */
    [SQL_SERIES_FIND] = "SELECT s.id FROM project p"
			" JOIN metric m ON m.name = ?2 AND m.type = ?3 AND m.project = p.id"
			" JOIN series s ON s.metric = m.id AND s.labels = ?4 WHERE p.name = ?1",
    /* name */
    [SQL_PROJECT_FIND] = "SELECT id, series FROM project WHERE name = ?1",
    [SQL_PROJECT_ADD] = "INSERT INTO project (name) VALUES (?1) RETURNING id",
    /* id, how many more */
    [SQL_PROJECT_COUNT] = "UPDATE project SET series = series + ?2 WHERE id = ?1",
    /* name, type, project */
    [SQL_METRIC_FIND] = "SELECT id, series FROM metric WHERE name = ?1 AND type = ?2"
			" AND project = ?3",
    /* name, type, project, now */
    [SQL_METRIC_ADD] = "INSERT INTO metric (name, type, project, last_seen)"
		       " VALUES (?1, ?2, ?3, ?4) RETURNING id",
    /* id, how many more */
    [SQL_METRIC_COUNT] = "UPDATE metric SET series = series + ?2 WHERE id = ?1",
    /* metric, labels, now */
    [SQL_SERIES_ADD] = "INSERT INTO series (metric, labels, last_seen) VALUES (?1, ?2, ?3)"
		       " RETURNING id",
    /* how many more */
    [SQL_SERIES_COUNT] = "UPDATE state SET series = series + ?1",
    /* not seen since, after which id, how many */
    [SQL_SERIES_UNSEEN] = "SELECT s.id, s.metric, m.project FROM series s"
			  " JOIN metric m ON m.id = s.metric /*scan: once a day*/"
			  " WHERE s.id > ?2 AND s.labels != '' AND s.last_seen < ?1"
			  " ORDER BY s.id LIMIT ?3",
    /* id */
    [SQL_SERIES_DELETE] = "DELETE FROM series WHERE id = ?1",
    /* what nothing is left of but its total, and then the metric; what has no metric */
    [SQL_METRIC_TOTALS_DELETE] = "DELETE FROM series WHERE labels = '' AND metric IN"
				 " (SELECT id FROM metric WHERE series = 0) /*scan: once a day*/",
    [SQL_METRIC_DELETE] = "DELETE FROM metric WHERE series = 0 /*scan: once a day*/",
    [SQL_PROJECT_DELETE] = "DELETE FROM project WHERE series = 0 /*scan: once a day*/",
    [SQL_GENERATION_ADD] = "UPDATE state SET generation = generation + 1",

    /* key, received not before */
    [SQL_ANSWERED_FIND] = "SELECT count, dropped FROM answered WHERE key = ?1 AND received >= ?2",
    /* key, received, count, dropped */
    [SQL_ANSWERED_ADD] = "INSERT OR REPLACE INTO answered (key, received, count, dropped)"
			 " VALUES (?1, ?2, ?3, ?4)",
    /* received, points, data */
    [SQL_BATCH_ADD] = "INSERT INTO batch (received, points, data) VALUES (?1, ?2, ?3)",

    TIER(MINUTE, "minute"),
    TIER(HOUR, "hour"),
    TIER(DAY, "day"),

    [SQL_STATE] =
	"SELECT watermark, hours_to, days_to, compacted_at, series, generation FROM state",
    /* id */
    [SQL_BATCHES_AFTER] = "SELECT id, received, points, data FROM batch WHERE id > ?1 ORDER BY id",
    /* id of a series: type, metric, total of the metric */
    [SQL_SERIES_PLACE] = "SELECT m.type, m.id, t.id FROM series s JOIN metric m ON m.id = s.metric"
			 " JOIN series t ON t.metric = m.id AND t.labels = '' WHERE s.id = ?1",
    /* series, id, time, value, received */
    [SQL_OPEN_PUT] = "INSERT INTO open_point (series, id, time, value, since)"
		     " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (series, id)"
		     " DO UPDATE SET time = excluded.time, value = excluded.value",
    /* since before, how many */
    [SQL_OPEN_EXPIRED] = "SELECT series, id, time, value FROM open_point WHERE since < ?1"
			 " ORDER BY since LIMIT ?2",
    /* series, id */
    [SQL_OPEN_DELETE] = "DELETE FROM open_point WHERE series = ?1 AND id = ?2",
    /* hour, points */
    [SQL_ARRIVED_ADD] = "INSERT INTO arrived (hour, points) VALUES (?1, ?2)"
			" ON CONFLICT (hour) DO UPDATE SET points = points + excluded.points",
    /* id, now */
    [SQL_METRIC_SEEN] = "UPDATE metric SET last_seen = ?2 WHERE id = ?1 AND last_seen < ?2",
    [SQL_SERIES_SEEN] = "UPDATE series SET last_seen = ?2 WHERE id = ?1 AND last_seen < ?2 - 3600",
    /* watermark, the one before */
    [SQL_WATERMARK_SET] = "UPDATE state SET watermark = ?1 WHERE watermark = ?2",
    /* now */
    [SQL_COMPACTED] = "UPDATE state SET compacted_at = ?1",
    /* hours_to, days_to */
    [SQL_BOUNDS_SET] = "UPDATE state SET hours_to = ?1, days_to = ?2",
    /* id, how many */
    [SQL_SERIES_AFTER] = "SELECT id FROM series WHERE id > ?1 ORDER BY id LIMIT ?2",
    /* received not before, now: the first batch to keep; none that a clock ahead has stamped */
    [SQL_BATCH_KEPT] = "SELECT id FROM batch WHERE received BETWEEN ?1 AND ?2 ORDER BY id LIMIT 1"
		       " /*scan: over what is then deleted*/",
    /* id at most, how many */
    [SQL_BATCH_TRIM] = "DELETE FROM batch WHERE id IN"
		       " (SELECT id FROM batch WHERE id <= ?1 ORDER BY id LIMIT ?2)",
    /* received before */
    [SQL_ANSWERED_TRIM] = "DELETE FROM answered WHERE received < ?1",
    /* hour before */
    [SQL_ARRIVED_TRIM] = "DELETE FROM arrived WHERE hour < ?1",

    /* name: id, type, project, last_seen */
    [SQL_METRICS_OF_NAME] = "SELECT m.id, m.type, p.name, m.last_seen FROM metric m"
			    " JOIN project p ON p.id = m.project WHERE m.name = ?1"
			    " ORDER BY m.type, m.project",
    /* metric */
    [SQL_METRIC_SERIES] = "SELECT id, labels, last_seen FROM series WHERE metric = ?1"
			  " ORDER BY labels",
    /* project or null: name, type, series, whether it is the total */
    [SQL_SERIES_LIST] = "SELECT m.name, m.type, s.id, s.labels = '' FROM metric m"
			" JOIN project p ON p.id = m.project"
			" JOIN series s ON s.metric = m.id /*scan: the catalogue is small*/"
			" WHERE ?1 IS NULL OR p.name = ?1 ORDER BY m.name, m.type",
    /* series */
    [SQL_OPEN_OF_SERIES] = "SELECT id, time, value FROM open_point WHERE series = ?1",
    /* project or null: name, type, project, series, last_seen */
    [SQL_METRIC_LIST] = "SELECT m.name, m.type, p.name, m.series, m.last_seen FROM metric m"
			" JOIN project p ON p.id = m.project /*scan: the catalogue is small*/"
			" WHERE ?1 IS NULL OR p.name = ?1 ORDER BY m.name, m.type, m.project",
    [SQL_PROJECT_LIST] = "SELECT name FROM project WHERE name != '' ORDER BY name /*scan*/",
    /* watermark: points that are not compacted yet, and the oldest arrival among them */
    [SQL_WAITING] = "SELECT ifnull(sum(points), 0), min(received) FROM batch WHERE id > ?1",
    /* hour */
    [SQL_ARRIVED_SINCE] = "SELECT ifnull(sum(points), 0) FROM arrived WHERE hour >= ?1",
    [SQL_CATALOGUE_COUNTS] = "SELECT (SELECT count(*) FROM metric), (SELECT count(*) FROM project)"
			     " /*scan: counted for GET /metrics alone*/",

    /* text */
    [SQL_RULE_GET] = "SELECT state, since, value, checked FROM rule WHERE text = ?1",
    /* text, state, since, value, checked */
    [SQL_RULE_PUT] = "INSERT OR REPLACE INTO rule (text, state, since, value, checked)"
		     " VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_RULE_LIST] = "SELECT text FROM rule /*scan: a handful*/",
    /* text */
    [SQL_RULE_DELETE] = "DELETE FROM rule WHERE text = ?1",
};

const struct db_schema metrics_schema = {
    .name = "metrics",
    .application_id = 0x4d4c4d31, /* "MLM1" */
    .migrations = metrics_migrations,
    .statements = statements,
    .nstatements = SQL_COUNT,
};
