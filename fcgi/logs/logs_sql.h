/* SPDX-License-Identifier: MIT */
/* logs_sql: logs.db as its programs see it: the schema and the statements compiled at open. */
#ifndef LOGS_SQL_H
#define LOGS_SQL_H

#include "db.h"

/* Parameters and columns stand beside each text in sql.c. */
enum {
	/* the store */
	SQL_NUMBER,
	SQL_NUMBER_SET,
	SQL_MINI,
	SQL_MINI_ADD,
	SQL_MINI_DELETE,
	SQL_CHUNK_ADD,
	SQL_CHUNK_DELETE,
	SQL_UNSEALED,
	SQL_HISTOGRAM_ADD,
	SQL_TALLY_ADD,
	SQL_SEGMENT_OPEN,
	SQL_SEGMENT_ADD,
	SQL_SEGMENT_GREW,
	SQL_SEGMENT_STATE,
	SQL_SEGMENTS_OF_STATE,
	SQL_SEGMENTS_BYTES,
	SQL_SEGMENT_OLDEST,
	SQL_SEGMENT_FORGET,
	SQL_SEGMENT_FORGET_CHUNKS,
	SQL_SEGMENT_FORGET_HISTOGRAM,
	SQL_SEGMENT_FORGET_TALLY,

	/* ingest */
	SQL_SOURCE_FIND,
	SQL_SOURCE_ADD,
	SQL_SOURCE_UPDATE,
	SQL_CURSOR_FIND,
	SQL_CURSOR_PUT,
	SQL_CURSOR_SEEN,
	SQL_CURSOR_FORGET,

	/* the responder: rows of its own go here */

	SQL_COUNT
};

extern const struct db_schema logs_schema;

#endif
