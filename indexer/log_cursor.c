/* SPDX-License-Identifier: MIT */
#include "log_cursor.h"

#include <string.h>

#include "logs_sql.h"

int
log_cursor_load(struct log_cursor *c, struct db *db, const char *key, bool *midline)
{
	int found = db_query(db, SQL_CURSOR_FIND, DB_ARGS(DB_TEXT(key)));

	if (found != DB_ROW)
		return found;
	c->mark.inode = (uint64_t)db_int(db, SQL_CURSOR_FIND, 0);
	c->mark.offset = db_int(db, SQL_CURSOR_FIND, 1);
	c->mark.tail = (uint64_t)db_int(db, SQL_CURSOR_FIND, 2);
	*midline = db_int(db, SQL_CURSOR_FIND, 3) != 0;
	c->at[CURSOR_READ] = c->mark.offset;
	c->at[CURSOR_STDOUT] = db_int(db, SQL_CURSOR_FIND, 4);
	c->at[CURSOR_STDERR] = db_int(db, SQL_CURSOR_FIND, 5);
	c->mark.last_ns = db_int(db, SQL_CURSOR_FIND, 6);
	c->known = true;
	db_done(db, SQL_CURSOR_FIND);
	return DB_ROW;
}

const struct log_mark *
log_cursor_mark(const struct log_cursor *c)
{
	return c->known ? &c->mark : NULL;
}

bool
log_cursor_differs(const struct log_cursor *c, const int64_t at[CURSOR_OFFSETS])
{
	return !c->known || memcmp(at, c->at, sizeof c->at) != 0;
}

int
log_cursor_put(struct log_cursor *c, struct db *db, struct chain *chain,
    const int64_t at[CURSOR_OFFSETS], const struct log_cursor_facts *facts)
{
	int64_t base;

	c->pending = true;
	if (chain_mark(chain, at[CURSOR_READ], &c->next_mark, &base) == -1)
		return -1;
	c->next_mark.last_ns = facts->last_ns;
	memcpy(c->next_at, at, sizeof c->next_at);
	return db_run(db, SQL_CURSOR_PUT,
	    DB_ARGS(DB_TEXT(facts->key), DB_INT((int64_t)c->next_mark.inode),
		DB_INT(c->next_mark.offset), DB_INT((int64_t)c->next_mark.tail),
		DB_INT(facts->midline), DB_INT(at[CURSOR_STDOUT] - base),
		DB_INT(at[CURSOR_STDERR] - base), DB_INT(facts->last_ns), DB_INT(facts->now)));
}

void
log_cursor_committed(struct log_cursor *c)
{
	c->mark = c->next_mark;
	memcpy(c->at, c->next_at, sizeof c->at);
	c->known = true;
	c->pending = false;
}
