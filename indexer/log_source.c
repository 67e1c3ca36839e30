/* SPDX-License-Identifier: MIT */
#include "log_source.h"

#include <string.h>

#include "logs_sql.h"

static bool
differs(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a != b : strcmp(a, b) != 0;
}

int64_t
log_source_of(struct db *db, const struct log_container *c)
{
	int64_t id = -1;
	int found = db_query(db, SQL_SOURCE_FIND, DB_ARGS(DB_TEXT(c->name)));

	if (found == DB_ROW) {
		bool changed = differs(db_text(db, SQL_SOURCE_FIND, 1), c->project) ||
			       differs(db_text(db, SQL_SOURCE_FIND, 2), c->service) ||
			       differs(db_text(db, SQL_SOURCE_FIND, 3), c->image) ||
			       differs(db_text(db, SQL_SOURCE_FIND, 4), c->id);

		id = db_int(db, SQL_SOURCE_FIND, 0);
		db_done(db, SQL_SOURCE_FIND);
		if (changed && (db_begin(db) == -1 ||
				   db_run(db, SQL_SOURCE_UPDATE,
				       DB_ARGS(DB_INT(id), DB_TEXT(c->project), DB_TEXT(c->service),
					   DB_TEXT(c->image), DB_TEXT(c->id))) == -1 ||
				   db_commit(db) == -1))
			goto fail;
	} else if (found == DB_NONE) {
		if (db_begin(db) == -1 ||
		    db_number(db, SQL_SOURCE_ADD,
			DB_ARGS(DB_TEXT(c->name), DB_TEXT(c->project), DB_TEXT(c->service),
			    DB_TEXT(c->image), DB_TEXT(c->id)),
			-1, &id) == -1 ||
		    db_commit(db) == -1)
			goto fail;
	}
	return id;
fail:
	db_rollback(db);
	return -1;
}

void
log_source_recall(struct db *db, struct arena *mem, struct log_container *c)
{
	if (db_query(db, SQL_SOURCE_OF_CONTAINER, DB_ARGS(DB_TEXT(c->id))) != DB_ROW)
		return;
	c->name = db_text_copy(db, SQL_SOURCE_OF_CONTAINER, 0, mem);
	c->project = db_text_copy(db, SQL_SOURCE_OF_CONTAINER, 1, mem);
	c->service = db_text_copy(db, SQL_SOURCE_OF_CONTAINER, 2, mem);
	c->image = db_text_copy(db, SQL_SOURCE_OF_CONTAINER, 3, mem);
	db_done(db, SQL_SOURCE_OF_CONTAINER);
}
