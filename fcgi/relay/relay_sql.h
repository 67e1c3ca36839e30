/* SPDX-License-Identifier: MIT */
/*
 * relay_sql: the browser relay's database as its programs see it: the schema
 * and the statements that are compiled when it is opened.
 */
#ifndef RELAY_SQL_H
#define RELAY_SQL_H

#include "db.h"

/* Parameters and columns stand beside each text in sql.c. */
enum {
	/* DSN keys */
	SQL_KEY_FIND,
	SQL_KEY_ADD,
	SQL_KEY_SEED,
	SQL_KEY_LIST,
	SQL_KEY_SWITCH,
	SQL_KEY_ORIGINS,
	SQL_KEY_COUNT,
	SQL_ORIGINS,

	/* source maps */
	SQL_MAP_DROP,
	SQL_MAP_ADD,
	SQL_MAP_PART_ADD,
	SQL_MAP_LIST,
	SQL_MAP_DELETE,
	SQL_MAP_OF_RELEASE,
	SQL_MAP_NEWEST,
	SQL_MAP_OF_DEBUG_ID,
	SQL_MAP_BLOCK,
	SQL_MAP_BLOCK_END,
	SQL_MAP_PART,
	SQL_MAP_OLD,

	/* the outbox */
	SQL_OUTBOX_ROOM,
	SQL_OUTBOX_ADD,
	SQL_OUTBOX_ADDED,
	SQL_OUTBOX_TURNED_AWAY,
	SQL_OUTBOX_NEXT,
	SQL_OUTBOX_DELETE,
	SQL_OUTBOX_PUT_OFF,
	SQL_OUTBOX_GONE,
	SQL_OUTBOX_UNWAIT,
	SQL_OUTBOX_SOONEST,
	SQL_OUTBOX_OLD,
	SQL_OUTBOX_TOTALS,

	SQL_COUNT
};

extern const struct db_schema relay_schema;

#endif
