/* SPDX-License-Identifier: MIT */
/* Every statement on logs.db but searches, which are put together from fixed fragments. */
#include "logs_sql.h"

extern const char *const logs_migrations[]; /* made from schema/ */

#define LEVEL_COLUMNS "unknown, trace, debug, info, warning, error, critical"
#define CHUNK_COLUMNS "id, segment, source, first_id, last_id, min_ns, max_ns, levels, lines"
#define ADD_LEVELS                                                                                 \
	" DO UPDATE SET unknown = unknown + excluded.unknown, trace = trace + excluded.trace,"     \
	" debug = debug + excluded.debug, info = info + excluded.info,"                            \
	" warning = warning + excluded.warning, error = error + excluded.error,"                   \
	" critical = critical + excluded.critical"

static const char *const statements[] = {
    /* ---- the store ----------------------------------------------------------- */

    /* name */
    [SQL_NUMBER] = "SELECT value FROM number WHERE name = ?1",
    /* name, value */
    [SQL_NUMBER_SET] = "INSERT OR REPLACE INTO number (name, value) VALUES (?1, ?2)",
    /* chunk */
    [SQL_MINI] = "SELECT data FROM mini WHERE chunk = ?1",
    /* chunk, data */
    [SQL_MINI_ADD] = "INSERT INTO mini (chunk, data) VALUES (?1, ?2)",
    /* chunk */
    [SQL_MINI_DELETE] = "DELETE FROM mini WHERE chunk = ?1",
    /* the columns in their order */
    [SQL_CHUNK_ADD] = "INSERT INTO chunk (id, segment, source, first_id, last_id, min_ns, max_ns,"
		      " levels, lines, bytes, written)"
		      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    /* chunk */
    [SQL_CHUNK_DELETE] = "DELETE FROM chunk WHERE id = ?1",
    /* after source, most rows: small chunks by source and id */
    [SQL_UNSEALED] = "SELECT id, source, bytes, written FROM chunk"
		     " WHERE segment = 0 AND source >= ?1 ORDER BY source, first_id LIMIT ?2",
    /* segment, minute, source, then lines of each level, to be added */
    [SQL_HISTOGRAM_ADD] = "INSERT INTO histogram (segment, minute, source, " LEVEL_COLUMNS ")"
			  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
			  " ON CONFLICT (segment, minute, source)" ADD_LEVELS,
    /* segment, minute, source */
    [SQL_HISTOGRAM_TRIM] = "DELETE FROM histogram WHERE segment = ?1 AND minute = ?2"
			   " AND source = ?3 AND unknown + trace + debug + info + warning + error"
			   " + critical = 0",
    /* segment, source, then lines of each level, to be added */
    [SQL_TALLY_ADD] = "INSERT INTO tally (segment, source, " LEVEL_COLUMNS ")"
		      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
		      " ON CONFLICT (segment, source)" ADD_LEVELS,

    [SQL_SEGMENT_OPEN] = "SELECT id, made, bytes FROM segment WHERE state = 0"
			 " ORDER BY id DESC LIMIT 1 /*scan: tens of segments*/",
    /* id, now */
    [SQL_SEGMENT_ADD] = "INSERT INTO segment (id, made) VALUES (?1, ?2)",
    /* id, bytes, latest time, greatest id */
    [SQL_SEGMENT_GREW] = "UPDATE segment SET bytes = ?2, max_ns = max(ifnull(max_ns, ?3), ?3),"
			 " last_id = max(ifnull(last_id, ?4), ?4) WHERE id = ?1",
    /* id, state */
    [SQL_SEGMENT_STATE] = "UPDATE segment SET state = ?2 WHERE id = ?1",
    /* state */
    [SQL_SEGMENTS_OF_STATE] = "SELECT id FROM segment WHERE state = ?1 /*scan: tens of segments*/",
    [SQL_SEGMENTS_BYTES] = "SELECT ifnull(sum(bytes), 0) FROM segment WHERE state < 2"
			   " /*scan: tens of segments*/",
    /*
     * now as ns: the latest time in it; when it was filled, if that lies ahead or it is empty, which
     * by a clock that was ahead was before the next one
     */
    [SQL_SEGMENT_OLDEST] =
	"SELECT id, CASE WHEN max_ns > ?1 OR (max_ns IS NULL AND state = 1)"
	" THEN ((SELECT min(made) FROM segment AS later WHERE later.id >= segment.id) + 86400)"
	" * 1000000000 ELSE max_ns END, last_id FROM segment WHERE state < 2"
	" ORDER BY id LIMIT 1 /*scan: tens of segments*/",
    /* segment, for these four */
    [SQL_SEGMENT_FORGET] = "DELETE FROM segment WHERE id = ?1",
    [SQL_SEGMENT_FORGET_CHUNKS] = "DELETE FROM chunk WHERE segment = ?1",
    [SQL_SEGMENT_FORGET_HISTOGRAM] = "DELETE FROM histogram WHERE segment = ?1",
    [SQL_SEGMENT_FORGET_TALLY] = "DELETE FROM tally WHERE segment = ?1",

    /* after source */
    [SQL_SOURCE_IDS] = "SELECT id FROM source WHERE id > ?1 ORDER BY id LIMIT 1",
    /* source, id: chunks with lines from it on */
    [SQL_CHUNKS_HIDING] = "SELECT id, segment, first_id FROM chunk WHERE source = ?1"
			  " AND last_id >= ?2 ORDER BY last_id",
    /* id, for these two: chunks with no line from it on */
    [SQL_MINI_FORGET] = "DELETE FROM mini WHERE chunk IN"
			" (SELECT id FROM chunk WHERE last_id < ?1 AND +segment = 0)",
    [SQL_CHUNK_FORGET] = "DELETE FROM chunk WHERE last_id < ?1",

    /* ---- ingest ---------------------------------------------------------------- */

    /* name */
    [SQL_SOURCE_FIND] =
	"SELECT id, project, service, image, container_id FROM source WHERE name = ?1",
    /* container: the name it was known by; one that is its id's beginning stands for none */
    [SQL_SOURCE_OF_CONTAINER] =
	"SELECT name, project, service, image FROM source WHERE container_id = ?1"
	" ORDER BY substr(?1, 1, length(name)) = name, id DESC LIMIT 1 /*scan: of containers*/",
    /* name, project, service, image, container */
    [SQL_SOURCE_ADD] = "INSERT INTO source (name, project, service, image, container_id)"
		       " VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
    /* id, project, service, image, container */
    [SQL_SOURCE_UPDATE] = "UPDATE source SET project = ?2, service = ?3, image = ?4,"
			  " container_id = ?5 WHERE id = ?1",
    /* key */
    [SQL_CURSOR_FIND] = "SELECT inode, offset, tail, midline, done_out, done_err, last_ns"
			" FROM cursor WHERE key = ?1",
    /* the columns in their order */
    [SQL_CURSOR_PUT] = "INSERT OR REPLACE INTO cursor (key, inode, offset, tail, midline, done_out,"
		       " done_err, last_ns, seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    /* key, now */
    [SQL_CURSOR_SEEN] = "UPDATE cursor SET seen = ?2 WHERE key = ?1",
    /* not seen since */
    [SQL_CURSOR_FORGET] = "DELETE FROM cursor WHERE seen < ?1 /*scan: one row for each file*/",
    /* container */
    [SQL_LIFECYCLE_FIND] = "SELECT state FROM lifecycle WHERE container = ?1",
    /* container, state, now */
    [SQL_LIFECYCLE_PUT] = "INSERT OR REPLACE INTO lifecycle (container, state, seen)"
			  " VALUES (?1, ?2, ?3)",
    /* container, now; one of which nothing is known has the state of one that was never there */
    [SQL_LIFECYCLE_SEEN] = "INSERT INTO lifecycle (container, state, seen) VALUES (?1, '', ?2)"
			   " ON CONFLICT DO UPDATE SET seen = excluded.seen",
    /* not seen since */
    [SQL_LIFECYCLE_FORGET] =
	"DELETE FROM lifecycle WHERE seen < ?1 /*scan: one row for each container*/",
    /*
     * a JSON array of ids to keep: others whose container is forgotten and of whom no line is
     * left; then their empty counts
     */
    [SQL_SOURCE_FORGET] =
	"DELETE FROM source WHERE container_id IS NOT NULL"
	" AND id NOT IN (SELECT value FROM json_each(?1))"
	" AND NOT EXISTS (SELECT 1 FROM lifecycle WHERE container = source.container_id)"
	" AND NOT EXISTS (SELECT 1 FROM chunk WHERE chunk.source = source.id)"
	" /*scan: one row for each container*/",
    [SQL_TALLY_FORGET] = "DELETE FROM tally WHERE source NOT IN (SELECT id FROM source)"
			 " /*scan: a row for each container and segment*/",

    /* ---- the responder ----------------------------------------------------------- */

    [SQL_SOURCES] = "SELECT id, name, project, service FROM source ORDER BY id"
		    " /*scan: a row for each container*/",
    /* since, until, levels, source or 0 for any: chunks that may hold such lines */
    [SQL_CHUNKS_NEWEST] = "SELECT " CHUNK_COLUMNS " FROM chunk INDEXED BY chunk_newest"
			  " WHERE max_ns >= ?1 AND min_ns <= ?2 AND levels & ?3 <> 0"
			  " AND (?4 = 0 OR source = ?4) ORDER BY max_ns DESC",
    [SQL_CHUNKS_OLDEST] = "SELECT " CHUNK_COLUMNS " FROM chunk INDEXED BY chunk_oldest"
			  " WHERE min_ns <= ?2 AND max_ns >= ?1 AND levels & ?3 <> 0"
			  " AND (?4 = 0 OR source = ?4) ORDER BY min_ns",
    /* id: chunks with lines after it */
    [SQL_CHUNKS_AFTER] = "SELECT " CHUNK_COLUMNS " FROM chunk WHERE last_id > ?1 ORDER BY last_id",
    /* chunk */
    [SQL_CHUNK] = "SELECT " CHUNK_COLUMNS " FROM chunk WHERE id = ?1",
    /* segment; 0 for the small chunks */
    [SQL_CHUNKS_OF_SEGMENT] = "SELECT " CHUNK_COLUMNS " FROM chunk WHERE segment = ?1",
    [SQL_SEGMENTS_NEWEST] = "SELECT id FROM segment WHERE state < 2 ORDER BY id DESC"
			    " /*scan: tens of segments*/",
    /* source, id: the one chunk of the source that may hold the line */
    [SQL_CHUNK_OF_SOURCE] = "SELECT " CHUNK_COLUMNS " FROM chunk"
			    " WHERE source = ?1 AND last_id >= ?2 ORDER BY last_id LIMIT 1",
    /* times of the oldest and the newest line */
    [SQL_SPAN] = "SELECT (SELECT min_ns FROM chunk ORDER BY min_ns LIMIT 1),"
		 " (SELECT max_ns FROM chunk ORDER BY max_ns DESC LIMIT 1)",
    [SQL_TALLY] = "SELECT source, sum(unknown), sum(trace), sum(debug), sum(info), sum(warning),"
		  " sum(error), sum(critical) FROM tally GROUP BY source"
		  " /*scan: a row for each container and segment*/",
    /* minute, and the one after the last */
    [SQL_HISTOGRAM] =
	"SELECT minute, source, " LEVEL_COLUMNS " FROM histogram WHERE segment IN"
	" (SELECT 0 UNION ALL SELECT id FROM segment) AND minute >= ?1 AND minute < ?2"
	" /*scan: the segments*/",
};

const struct db_schema logs_schema = {
    .name = "logs",
    .application_id = 0x4d4c4c31, /* "MLL1" */
    .migrations = logs_migrations,
    .statements = statements,
    .nstatements = SQL_COUNT,
};
