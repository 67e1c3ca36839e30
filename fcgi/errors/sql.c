/* SPDX-License-Identifier: MIT */
/*
 * Every statement of the error tracker but two kinds that are put together from
 * fixed fragments: the walks of lists (walk.c) and the count of an hour (store.c).
 */
#include "errors_sql.h"

/* The order in which detail and list name the keys of an error: the oldest first. */
#define KEYS_OF "SELECT id FROM error_key WHERE error_id = ?1"

/* The error that one which was merged away, an expression, leads to. */
#define MERGED_INTO(error)                                                                         \
	"SELECT k.error_id FROM merged m CROSS JOIN error_key k ON k.id = m.key_id"                \
	" WHERE m.error_id = " error

/* How many errors of status ?2 were seen in scope s, up to 1000. */
#define ERRORS_IN_SCOPE                                                                            \
	"SELECT count(*) FROM (SELECT DISTINCT k.error_id FROM facet f CROSS JOIN error_key k"     \
	" ON k.id = f.key_id WHERE f.scope_id = s.id AND f.status = ?2 LIMIT 1000)"

/* Sorted by the slot, without the payloads: an error of many keys has a lot of them. */
#define OCCURRENCES_OF(order)                                                                      \
	"SELECT o.id, o.at, o.payload FROM (SELECT o.slot FROM error_key k CROSS JOIN"             \
	" occurrence o ON o.slot BETWEEN k.id * 256 AND k.id * 256 + 255 WHERE k.error_id = ?1"    \
	" ORDER BY " order " LIMIT ?2) x CROSS JOIN occurrence o ON o.slot = x.slot"               \
	" ORDER BY " order " /*scan: a key has few slots*/"

extern const char *const errors_migrations[]; /* made from schema/ */

static const char *const statements[] = {
    /* ---- a report ------------------------------------------------------------ */

    /* event, not older than */
    [SQL_EVENT_FIND] = "SELECT error_id, outcome, count FROM event WHERE event = ?1 AND at >= ?2",
    /* event, at, error, outcome, count */
    [SQL_EVENT_ADD] = "INSERT OR REPLACE INTO event (event, at, error_id, outcome, count)"
		      " VALUES (?1, ?2, ?3, ?4, ?5)",
    /* project, mechanism, key */
    [SQL_KEY_FIND] =
	"SELECT k.id, k.count, k.reports, e.id, e.status, e.resolved_at, e.level, e.browser,"
	" e.first_seen, e.last_seen, e.rank, e.keys, e.ignored_until, e.ignored_count,"
	" e.ignored_minutes, e.resolved_release"
	" FROM error_key k CROSS JOIN error e ON e.id = k.error_id"
	" WHERE k.project = ?1 AND k.mechanism = ?2 AND k.key = ?3",
    /* error, project, mechanism, key, at, level, browser */
    [SQL_KEY_ADD] =
	"INSERT INTO error_key (error_id, project, mechanism, key, count, reports, first_seen,"
	" last_seen, level, browser) VALUES (?1, ?2, ?3, ?4, 0, 0, ?5, ?5, ?6, ?7)"
	" RETURNING id",
    /* key, count, at, level, browser */
    [SQL_KEY_COUNT] = "UPDATE error_key SET count = count + ?2, reports = reports + 1,"
		      " first_seen = min(first_seen, ?3), last_seen = max(last_seen, ?3),"
		      " level = ?4, browser = max(browser, ?5) WHERE id = ?1",
    /* key */
    [SQL_KEY_USERS] = "UPDATE error_key SET users = users + 1 WHERE id = ?1",
    /* project, type, message, level, browser, at, rank */
    [SQL_ERROR_ADD] =
	"INSERT INTO error (project, type, message, level, browser, first_seen, last_seen, rank)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7) RETURNING id",
    /* key, type, message */
    [SQL_KEY_WORDS] = "INSERT INTO error_fts (rowid, type, message) VALUES (?1, ?2, ?3)",
    /* error */
    [SQL_ERROR_SUM] = "SELECT sum(count) FROM error_key WHERE error_id = ?1",
    /* error, value; apart, so that only the index that changes is written */
    [SQL_ERROR_LAST] = "UPDATE error SET last_seen = ?2 WHERE id = ?1",
    [SQL_ERROR_FIRST] = "UPDATE error SET first_seen = ?2 WHERE id = ?1",
    [SQL_ERROR_RANK] = "UPDATE error SET rank = ?2 WHERE id = ?1",
    /* error, status, resolved_at, level, browser */
    [SQL_ERROR_CHANGE] = "UPDATE error SET status = ?2, resolved_at = ?3, level = ?4, browser = ?5"
			 " WHERE id = ?1",
    /* error */
    [SQL_ERROR_ENVIRONMENTS] =
	"UPDATE error SET environments = (SELECT json_group_array(environment) FROM ("
	"/*scan: an error has few scopes*/ SELECT DISTINCT s.environment FROM error_key k"
	" CROSS JOIN facet f ON f.key_id = k.id CROSS JOIN scope s ON s.id = f.scope_id"
	" WHERE k.error_id = ?1 AND s.project = '' AND s.release = '' ORDER BY 1 LIMIT 20))"
	" WHERE id = ?1",
    /* slot, id, at, payload */
    [SQL_OCCURRENCE_PUT] = "INSERT OR REPLACE INTO occurrence (slot, id, at, payload)"
			   " VALUES (?1, ?2, ?3, ?4)",
    /* project, environment, release */
    [SQL_SCOPE_FIND] =
	"SELECT id FROM scope WHERE project = ?1 AND environment = ?2 AND release = ?3",
    [SQL_SCOPE_ADD] =
	"INSERT INTO scope (project, environment, release) VALUES (?1, ?2, ?3) RETURNING id",
    /* key, project, environment, release: the scope, and its facet or nulls */
    [SQL_FACET_FIND] = "SELECT s.id, f.count, f.rank, f.first_seen, f.last_seen FROM scope s"
		       " LEFT JOIN facet f ON f.key_id = ?1 AND f.scope_id = s.id"
		       " WHERE s.project = ?2 AND s.environment = ?3 AND s.release = ?4",
    /* key, scope, value */
    [SQL_FACET_COUNT] = "UPDATE facet SET count = ?3 WHERE key_id = ?1 AND scope_id = ?2",
    [SQL_FACET_RANK] = "UPDATE facet SET rank = ?3 WHERE key_id = ?1 AND scope_id = ?2",
    /* error, scope */
    [SQL_FACETS_SUM] = "SELECT sum(f.count) FROM error_key k"
		       " CROSS JOIN facet f ON f.key_id = k.id AND f.scope_id = ?2"
		       " WHERE k.error_id = ?1",
    /* error, scope, rank */
    [SQL_FACETS_RANK] = "UPDATE facet SET rank = ?3 WHERE scope_id = ?2 AND rank <> ?3"
			" AND key_id IN (SELECT id FROM error_key WHERE error_id = ?1)",
    [SQL_FACET_FIRST] = "UPDATE facet SET first_seen = ?3 WHERE key_id = ?1 AND scope_id = ?2",
    [SQL_FACET_LAST] = "UPDATE facet SET last_seen = ?3 WHERE key_id = ?1 AND scope_id = ?2",
    /* key */
    [SQL_FACET_COUNT_OF] = "SELECT count(*) FROM facet WHERE key_id = ?1",
    /* key: of its scopes the one not seen for longest */
    [SQL_FACET_FORGET] = "DELETE FROM facet WHERE key_id = ?1 AND scope_id = (SELECT scope_id"
			 " FROM facet WHERE key_id = ?1 ORDER BY last_seen, scope_id LIMIT 1)"
			 " RETURNING scope_id /*scan: sorts the facets of a key*/",
    /* key, scope, status, count, rank, at */
    [SQL_FACET_ADD] =
	"INSERT INTO facet (key_id, scope_id, status, count, rank, first_seen, last_seen)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
    /* key, name, value, count */
    [SQL_TAG_COUNT] =
	"UPDATE tag SET count = count + ?4 WHERE key_id = ?1 AND name = ?2 AND value = ?3",
    /* key, name: how many values the name has, and the key has names */
    [SQL_TAG_VALUES] =
	"SELECT (SELECT count(*) FROM tag WHERE key_id = ?1 AND name = ?2),"
	" (/*scan: a key has few tags*/ SELECT count(DISTINCT name) FROM tag WHERE key_id = ?1)",
    /* key, name, value, count */
    [SQL_TAG_ADD] = "INSERT INTO tag (key_id, name, value, count) VALUES (?1, ?2, ?3, ?4)"
		    " ON CONFLICT DO UPDATE SET count = count + excluded.count",
    /* key, user, most */
    [SQL_USER_ADD] = "INSERT OR IGNORE INTO user_seen (key_id, user) SELECT ?1, ?2"
		     " WHERE (SELECT users FROM error_key WHERE id = ?1) < ?3",
    /* session, key, at, most */
    [SQL_SESSION_ADD] = "INSERT OR IGNORE INTO session_seen (session, key_id, at) SELECT ?1, ?2, ?3"
			" WHERE (SELECT count(*) FROM session_seen WHERE session = ?1) < ?4",

    /* key, minute, count */
    [SQL_MINUTE_COUNT] = "INSERT INTO minute (key_id, minute, count) VALUES (?1, ?2, ?3)"
			 " ON CONFLICT DO UPDATE SET count = count + excluded.count",
    /* key, the first minute to keep */
    [SQL_MINUTES_FORGET] = "DELETE FROM minute WHERE key_id = ?1 AND minute < ?2",
    /* error */
    [SQL_MINUTES_FORGET_ALL] =
	"DELETE FROM minute WHERE key_id IN (SELECT id FROM error_key WHERE error_id = ?1)",
    /* error, first minute */
    [SQL_MINUTES_SUM] = "SELECT coalesce(sum(m.count), 0) FROM error_key k"
			" CROSS JOIN minute m ON m.key_id = k.id AND m.minute >= ?2"
			" WHERE k.error_id = ?1",
    /* error, now; only if the last one is not after that, or of a clock that was ahead */
    [SQL_SPIKE_NOTE] = "UPDATE error SET spike_at = ?2 WHERE id = ?1"
		       " AND (spike_at <= ?3 OR spike_at > ?2)",

    /* time, how many to pass: whether more were queued since then */
    [SQL_ALERTS_SINCE] = "SELECT 1 FROM alert WHERE created_at > ?1 LIMIT 1 OFFSET ?2",

    /* ---- lists --------------------------------------------------------------- */

    /* project or null, statuses, sources, level or null */
    [SQL_TALLY] = "SELECT coalesce(sum(errors), 0) FROM tally /*scan: a few rows a project*/"
		  " WHERE (?1 IS NULL OR project = ?1) AND ?2 >> status & 1 AND ?3 >> browser & 1"
		  " AND (?4 IS NULL OR level = ?4)",
    /* words, most */
    [SQL_SEARCH_SIZE] =
	"SELECT count(*) FROM (SELECT 1 FROM error_fts WHERE error_fts MATCH ?1 LIMIT ?2) /*scan*/",
    /* event: the error it was counted for, or what that was merged into */
    [SQL_EVENT_ERROR] =
	"SELECT coalesce((" MERGED_INTO("v.error_id") "), v.error_id)"
						      " FROM event v WHERE v.event = ?1",
    /* error */
    [SQL_LIST_ROW] = "SELECT project, type, message, status, level, browser, first_seen, last_seen,"
		     " environments FROM error WHERE id = ?1",
    [SQL_LIST_KEYS] = "SELECT key, count, users FROM error_key WHERE error_id = ?1 ORDER BY id",
    /* error, scope */
    [SQL_LIST_SCOPED] =
	"SELECT sum(f.count), min(f.first_seen), max(f.last_seen) FROM error_key k"
	" CROSS JOIN facet f ON f.key_id = k.id AND f.scope_id = ?2 WHERE k.error_id = ?1",
    /* error */
    [SQL_LIST_WORDS] = "SELECT type, message FROM error_words WHERE error_id = ?1",
    /* error, first day */
    [SQL_DAYS] =
	"SELECT d.day, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h12, h13, h14, h15, h16,"
	" h17, h18, h19, h20, h21, h22, h23 FROM error_key k CROSS JOIN day d ON d.key_id = k.id"
	" WHERE k.error_id = ?1 AND d.day >= ?2",
    /* project, status; counted up to 1000 */
    [SQL_SCOPE_ENVIRONMENTS] = "SELECT s.environment, (" ERRORS_IN_SCOPE ") FROM scope s"
			       " WHERE s.project = ?1 AND s.environment <> '' AND s.release = ''"
			       " ORDER BY s.environment LIMIT 100",
    /* (project: a release is of none), status */
    [SQL_SCOPE_RELEASES] =
	"SELECT s.release, (" ERRORS_IN_SCOPE ") FROM (SELECT id, release FROM scope"
	" /*scan: sorts the releases, of which there are few*/ WHERE project = '' AND"
	" environment = '' AND release <> '' ORDER BY id DESC LIMIT 50) s",
    /* project, or null for all */
    [SQL_PROJECTS] = "SELECT DISTINCT project FROM tally /*scan: a few rows a project*/"
		     " WHERE errors > 0 AND (?1 IS NULL OR project = ?1) ORDER BY project",

    /* ---- one error ----------------------------------------------------------- */

    /* error */
    [SQL_DETAIL] =
	"SELECT project, type, message, status, level, browser, first_seen, last_seen, resolved_at,"
	" (SELECT key FROM error_key WHERE error_id = ?1 ORDER BY id LIMIT 1),"
	" (SELECT sum(count) FROM error_key WHERE error_id = ?1) FROM error WHERE id = ?1",
    [SQL_DETAIL_KEYS] = "SELECT mechanism, key, count, first_seen, last_seen FROM error_key"
			" WHERE error_id = ?1 ORDER BY id",
    [SQL_DETAIL_ENVIRONMENTS] =
	"SELECT s.environment, sum(f.count) AS n, min(f.first_seen), max(f.last_seen)"
	" FROM error_key k CROSS JOIN facet f ON f.key_id = k.id CROSS JOIN scope s ON s.id = "
	"f.scope_id"
	" WHERE k.error_id = ?1 AND s.project = '' AND s.release = ''"
	" GROUP BY s.environment ORDER BY n DESC, 1 /*scan: an error has few scopes*/",
    [SQL_DETAIL_RELEASES] =
	"SELECT s.release, sum(f.count), min(f.first_seen) AS first, max(f.last_seen) AS last"
	" FROM error_key k CROSS JOIN facet f ON f.key_id = k.id CROSS JOIN scope s ON s.id = "
	"f.scope_id"
	" WHERE k.error_id = ?1 AND s.environment = '' AND s.release <> ''"
	" GROUP BY s.release ORDER BY first DESC, last DESC, 1 /*scan: an error has few scopes*/",
    [SQL_DETAIL_TAGS] =
	"SELECT name, sum(n) OVER (PARTITION BY name), value, n FROM ("
	"SELECT t.name, t.value, sum(t.count) AS n FROM error_key k CROSS JOIN tag t ON t.key_id = "
	"k.id"
	" WHERE k.error_id = ?1 GROUP BY t.name, t.value) ORDER BY name, n DESC, value"
	" /*scan: an error has few tags*/",
    [SQL_DETAIL_USERS] =
	"SELECT count(DISTINCT u.user) FROM error_key k"
	" CROSS JOIN user_seen u ON u.key_id = k.id WHERE k.error_id = ?1 /*scan*/",
    /* error, most; the newest first */
    [SQL_OCCURRENCES] = OCCURRENCES_OF("o.at DESC, o.id DESC"),
    /* error, most; as they arrived */
    [SQL_FIRST_OCCURRENCE] = OCCURRENCES_OF("o.id"),
    /* error, status, resolved_at, release, ignored until, count, minutes; one that is resolved
       already keeps its time, one that is ignored gets the new terms */
    [SQL_SET_STATUS] =
	"UPDATE error SET status = ?2, resolved_at = ?3, resolved_release = ?4, ignored_until = ?5,"
	" ignored_count = ?6, ignored_minutes = ?7 WHERE id = ?1 AND (status <> ?2 OR ?2 = 2)",
    /* error, at, action, who, detail */
    [SQL_HISTORY_ADD] = "INSERT INTO history (error_id, at, action, who, detail)"
			" VALUES (?1, ?2, ?3, ?4, ?5)",
    /* error; newest first */
    [SQL_HISTORY] = "SELECT at, action, who, detail FROM history WHERE error_id = ?1"
		    " ORDER BY id DESC LIMIT 100",
    /* error */
    [SQL_EXISTS] = "SELECT 1 FROM error WHERE id = ?1",
    [SQL_MERGED_INTO] = MERGED_INTO("?1"),

    /* ---- merging ------------------------------------------------------------- */

    /* error */
    [SQL_PROJECT_OF] = "SELECT project FROM error WHERE id = ?1",
    [SQL_KEYS_NAME] = "UPDATE error_key SET type = e.type, message = e.message FROM error e"
		      " WHERE e.id = ?1 AND error_key.error_id = ?1 AND error_key.type IS NULL",
    /* error; the key that stands for it is one that stands for no other, if it has one */
    [SQL_MERGED_ADD] = "INSERT INTO merged (error_id, key_id)"
		       " SELECT ?1, id FROM error_key WHERE error_id = ?1"
		       " ORDER BY id IN (SELECT key_id FROM merged), id LIMIT 1"
		       " /*scan: sorts the keys of an error*/",
    /* error, key: the last that it stands for, null for none */
    [SQL_MERGED_FIND] = "SELECT max(m.id) FROM error_key k CROSS JOIN merged m ON m.key_id = k.id"
			" WHERE k.error_id = ?1 AND k.key = ?2",
    /* what was found */
    [SQL_MERGED_TAKE] = "DELETE FROM merged WHERE id = ?1 RETURNING error_id",
    /* error, other error */
    [SQL_KEYS_MOVE] = "UPDATE error_key SET error_id = ?2 WHERE error_id = ?1",
    /* error, other error, key */
    [SQL_KEY_MOVE] = "UPDATE error_key SET error_id = ?2 WHERE error_id = ?1 AND key = ?3",
    /* error, id or null: another one in its state */
    [SQL_ERROR_LIKE] =
	"INSERT INTO error (id, project, type, message, status, resolved_at, level, browser,"
	" first_seen, last_seen, rank, ignored_until, ignored_count, ignored_minutes,"
	" resolved_release, spike_at) SELECT ?2, project, type, message, status, resolved_at, "
	"level,"
	" browser, first_seen, last_seen, rank, ignored_until, ignored_count, ignored_minutes,"
	" resolved_release, spike_at FROM error WHERE id = ?1 RETURNING id",
    /* error, rank: all else that its keys say; the last report is the one that arrived last */
    [SQL_ERROR_OF_KEYS] =
	"UPDATE error SET rank = ?2, type = o.type, message = o.message, level = l.level,"
	" browser = s.browser, keys = s.keys, first_seen = s.first, last_seen = s.last FROM"
	" (SELECT k.type, k.message FROM error_key k WHERE k.error_id = ?1 ORDER BY k.id LIMIT 1)"
	" AS o, (/*scan: sorts the keys of an error*/ SELECT k.level FROM error_key k"
	" WHERE k.error_id = ?1 ORDER BY (SELECT max(c.id) FROM occurrence c"
	" WHERE c.slot BETWEEN k.id * 256 AND k.id * 256 + 255) DESC LIMIT 1) AS l,"
	" (SELECT max(k.browser) AS browser, count(*) AS keys, min(k.first_seen) AS first,"
	" max(k.last_seen) AS last FROM error_key k WHERE k.error_id = ?1) AS s"
	" WHERE error.id = ?1",
    /* error */
    [SQL_SCOPES_COUNT] = "SELECT count(DISTINCT f.scope_id) FROM error_key k"
			 " CROSS JOIN facet f ON f.key_id = k.id WHERE k.error_id = ?1 /*scan*/",
    [SQL_SCOPES_OF] = "SELECT DISTINCT f.scope_id FROM error_key k"
		      " CROSS JOIN facet f ON f.key_id = k.id WHERE k.error_id = ?1 /*scan*/",

    /* ---- forgetting ------------------------------------------------------------ */

    /* resolved before, most */
    [SQL_OLD_RESOLVED] = "SELECT id FROM error WHERE resolved_at < ?1 LIMIT ?2",
    /* status: the one not seen for longest */
    [SQL_OLDEST_SEEN] =
	"SELECT id, last_seen FROM error INDEXED BY error_last WHERE status = ?1 AND browser = 0"
	" UNION ALL"
	" SELECT id, last_seen FROM error INDEXED BY error_last WHERE status = ?1 AND browser = 1"
	" ORDER BY 2 LIMIT 1",
    /* error */
    [SQL_FORGET_WORDS] = "INSERT INTO error_fts (error_fts, rowid, type, message)"
			 " SELECT 'delete', key_id, type, message FROM error_words"
			 " WHERE error_id = ?1",
    [SQL_FORGET_ERROR] = "DELETE FROM error WHERE id = ?1",
    /* after, rows to pass: where a slice of the table ends */
    [SQL_SLICE_EVENTS] = "SELECT event FROM event WHERE event > ?1 ORDER BY 1 LIMIT 1 OFFSET ?2",
    [SQL_SLICE_SESSIONS] =
	"SELECT session FROM session_seen WHERE session > ?1 ORDER BY 1 LIMIT 1 OFFSET ?2",
    [SQL_SLICE_DAYS] = "SELECT key_id FROM day WHERE key_id > ?1 ORDER BY 1 LIMIT 1 OFFSET ?2",
    [SQL_COUNT_EVENTS] = "SELECT count(*) FROM event",
    [SQL_COUNT_SESSIONS] = "SELECT count(*) FROM session_seen",
    /* after, the slice's end, not older than */
    [SQL_FORGET_EVENTS] = "DELETE FROM event WHERE event > ?1 AND event <= ?2 AND at < ?3",
    [SQL_FORGET_SESSIONS] =
	"DELETE FROM session_seen WHERE session > ?1 AND session <= ?2 AND at < ?3",
    /* most */
    [SQL_FORGET_SCOPES] = "DELETE FROM scope WHERE id IN (SELECT id FROM scope WHERE NOT EXISTS"
			  " (SELECT 1 FROM facet WHERE scope_id = scope.id) LIMIT ?1) /*scan*/",
    [SQL_FORGET_DAYS] = "DELETE FROM day WHERE key_id > ?1 AND key_id <= ?2 AND day < ?3",
};

const struct db_schema errors_schema = {
    .name = "errors",
    .application_id = 0x4d4c4531, /* "MLE1" */
    .migrations = errors_migrations,
    .statements = statements,
    .nstatements = SQL_COUNT,
    /* A report changes a few numbers on each of four pages or five, which are copied whole. */
    .page_size = 2048,
};
