/* SPDX-License-Identifier: MIT */
/* Every statement of the browser relay. */
#include "relay_sql.h"

extern const char *const relay_migrations[]; /* made from schema/ */

static const char *const statements[] = {
    /* ---- DSN keys ------------------------------------------------------------ */

    /* public_key */
    [SQL_KEY_FIND] = "SELECT id, project, origins FROM dsn_key WHERE public_key = ?1 AND active",
    /* public_key, project, at, origins or null */
    [SQL_KEY_ADD] = "INSERT INTO dsn_key (public_key, project, created_at, origins)"
		    " VALUES (?1, ?2, ?3, ?4)",
    /* public_key, project, at */
    [SQL_KEY_SEED] = "INSERT OR IGNORE INTO dsn_key (public_key, project, created_at)"
		     " VALUES (?1, ?2, ?3)",
    [SQL_KEY_LIST] = "SELECT id, public_key, project, active, created_at, origins, last_used_at,"
		     " errors, points FROM dsn_key ORDER BY id /*scan: all of them*/",
    /* key, active */
    [SQL_KEY_SWITCH] = "UPDATE dsn_key SET active = ?2 WHERE id = ?1",
    /* key, origins or null */
    [SQL_KEY_ORIGINS] = "UPDATE dsn_key SET origins = ?2 WHERE id = ?1",
    /* key, at, errors, points */
    [SQL_KEY_COUNT] = "UPDATE dsn_key SET last_used_at = ?2, errors = errors + ?3,"
		      " points = points + ?4 WHERE id = ?1",
    [SQL_ORIGINS] = "SELECT DISTINCT origins FROM dsn_key WHERE active = 1"
		    " AND origins IS NOT NULL /*scan: a few lists*/",

    /* ---- source maps --------------------------------------------------------- */

    /* project, release, file_url */
    [SQL_MAP_DROP] = "DELETE FROM source_map WHERE project = ?1 AND release = ?2 AND file_url = ?3",
    /* project, release, file_url, path, debug_id or null, at, bytes */
    [SQL_MAP_ADD] = "INSERT INTO source_map (project, release, file_url, path, debug_id,"
		    " uploaded_at, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    /* map, kind, number, data */
    [SQL_MAP_PART_ADD] =
	"INSERT INTO source_map_part (map_id, kind, number, data) VALUES (?1, ?2, ?3, ?4)",
    /* project or null */
    [SQL_MAP_LIST] = "SELECT id, project, release, file_url, uploaded_at, debug_id, bytes"
		     " FROM source_map WHERE ?1 IS NULL OR project = ?1"
		     " ORDER BY id /*scan: all of them*/",
    /* map */
    [SQL_MAP_DELETE] = "DELETE FROM source_map WHERE id = ?1",
    /* project, path, release */
    [SQL_MAP_OF_RELEASE] = "SELECT id FROM source_map WHERE project = ?1 AND path = ?2"
			   " AND release = ?3 ORDER BY id DESC LIMIT 1",
    /* project, path */
    [SQL_MAP_NEWEST] = "SELECT max(id) FROM source_map WHERE project = ?1 AND path = ?2",
    /* project, debug_id */
    [SQL_MAP_OF_DEBUG_ID] = "SELECT id FROM source_map WHERE project = ?1 AND debug_id = ?2"
			    " ORDER BY id DESC LIMIT 1",
    /* map, kind, position */
    [SQL_MAP_BLOCK] = "SELECT number, data FROM source_map_part WHERE map_id = ?1 AND kind = ?2"
		      " AND number <= ?3 ORDER BY number DESC LIMIT 1",
    /* map, kind, position */
    [SQL_MAP_BLOCK_END] = "SELECT min(number) FROM source_map_part WHERE map_id = ?1"
			  " AND kind = ?2 AND number > ?3",
    /* map, kind, number */
    [SQL_MAP_PART] =
	"SELECT data FROM source_map_part WHERE map_id = ?1 AND kind = ?2 AND number = ?3",
    /* before: Unix seconds */
    [SQL_MAP_OLD] = "SELECT id FROM source_map WHERE uploaded_at < ?1 LIMIT 1",

    /* ---- the outbox ---------------------------------------------------------- */

    [SQL_OUTBOX_ROOM] = "SELECT sum(bytes) FROM outbox_total /*scan: two rows*/",
    /* destination, at, event, body */
    [SQL_OUTBOX_ADD] = "INSERT INTO outbox (destination, created_at, event, body)"
		       " VALUES (?1, ?2, ?3, ?4)",
    /* destination, bytes */
    [SQL_OUTBOX_ADDED] = "UPDATE outbox_total SET waiting = waiting + 1, queued = queued + 1,"
			 " bytes = bytes + ?2 WHERE destination = ?1",
    /* destination */
    [SQL_OUTBOX_TURNED_AWAY] =
	"UPDATE outbox_total SET turned_away = turned_away + 1 WHERE destination = ?1",
    /* destination, behind this id, now */
    [SQL_OUTBOX_NEXT] = "SELECT id, event, attempts, body FROM outbox WHERE destination = ?1"
			" AND id > ?2 AND next_at <= ?3 ORDER BY id LIMIT 1",
    /* id */
    [SQL_OUTBOX_DELETE] = "DELETE FROM outbox WHERE id = ?1 RETURNING destination, length(body)",
    /* id, next_at */
    [SQL_OUTBOX_PUT_OFF] = "UPDATE outbox SET attempts = attempts + 1, next_at = ?2 WHERE id = ?1",
    /* destination, bytes, delivered, refused, expired */
    [SQL_OUTBOX_GONE] = "UPDATE outbox_total SET waiting = waiting - 1, bytes = bytes - ?2,"
			" delivered = delivered + ?3, refused = refused + ?4,"
			" expired = expired + ?5 WHERE destination = ?1",
    /* now, seconds */
    [SQL_OUTBOX_UNWAIT] =
	"UPDATE outbox SET next_at = ?1 WHERE next_at > ?1 + ?2 /*scan: after a clock's step*/",
    /* destination */
    [SQL_OUTBOX_SOONEST] = "SELECT min(next_at) FROM outbox WHERE destination = ?1",
    /* destination */
    [SQL_OUTBOX_OLD] = "SELECT id, created_at FROM outbox WHERE destination = ?1 ORDER BY id",
    [SQL_OUTBOX_TOTALS] =
	"SELECT t.destination, waiting, bytes, queued, delivered, refused, expired, turned_away,"
	" (SELECT created_at FROM outbox o WHERE o.destination = t.destination ORDER BY id LIMIT 1)"
	" FROM outbox_total t ORDER BY t.destination /*scan: two rows*/",
};

const struct db_schema relay_schema = {
    .name = "relay",
    .application_id = 0x4d4c5231, /* "MLR1" */
    .migrations = relay_migrations,
    .statements = statements,
    .nstatements = SQL_COUNT,
};
