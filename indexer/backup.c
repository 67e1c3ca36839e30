/* SPDX-License-Identifier: MIT */
/* What making and restoring a backup share: names, and what is asked of a copy. */
#include "backup.h"

#include <stdio.h>
#include <string.h>

#include "indexer.h"
#include "json.h"
#include "log.h"
#include "text.h"

/*
 * The relay first: what its outbox holds when it is copied and hands over before the others are,
 * they have twice and know it; the other way round it would be lost.
 */
const struct backup_part backup_parts[BACKUP_PARTS] = {
    {"relay.db", RELAY},
    {"errors.db", ERRORS},
    {"metrics.db", METRICS},
    {"logs.db", LOGS},
};

const struct db_schema backup_segment_schema = {.name = "logs segment"};

char *
backup_segment_name(struct arena *mem, int64_t id)
{
	return arena_printf(mem, "logs-%06lld.db", (long long)id);
}

int64_t
backup_segment_id(const char *name)
{
	size_t len = strlen(name);
	int64_t id;

	if (len < sizeof "logs-000001.db" - 1 || !text_starts_with(name, "logs-") ||
	    strcmp(name + len - 3, ".db") != 0 ||
	    text_int64(name + 5, len - 8, 1, INT64_MAX, &id) == -1)
		return 0;
	return id;
}

/* A virtual table's rows lie in tables of their own, which are counted. */
static int
count_table(struct db *db, struct arena *mem, const char *table, struct json_out *out)
{
	int count = db_prepare(
	    db, arena_printf(mem, "SELECT count(*) FROM \"%s\" /*scan: all of it*/", table));
	int64_t rows;

	if (count == DB_FAILED || db_number(db, count, DB_NO_ARGS, 0, &rows) == DB_FAILED)
		return DB_FAILED;
	json_int(out, table, rows);
	return 0;
}

/*
 * The rows of each table of a database as a JSON object, in the arena; NULL if that failed.
 * Equal content has equal text.
 */
static char *
count_rows(struct db *db, struct arena *mem)
{
	int tables =
	    db_prepare(db, "SELECT name FROM sqlite_schema WHERE type = 'table'"
			   " AND name NOT LIKE 'sqlite%' AND sql NOT LIKE"
			   " 'CREATE VIRTUAL%' ORDER BY name /*scan: the list of tables*/");
	struct buf text = {0};
	struct json_out out = {&text, false};
	char *rows = NULL;
	int st;

	if (tables == DB_FAILED)
		return NULL;
	json_object(&out, NULL);
	st = db_query(db, tables, DB_NO_ARGS);
	while (st == DB_ROW) {
		const char *table = db_text_copy(db, tables, 0, mem);

		st = count_table(db, mem, table, &out) == 0 ? db_next(db, tables) : DB_FAILED;
	}
	json_object_end(&out);
	if (st != DB_FAILED)
		rows = arena_strndup(mem, text.data, text.len);
	buf_free(&text);
	return rows;
}

int
backup_verify(const char *path, const struct db_schema *schema, struct arena *mem,
    const char *expected, char **rows)
{
	struct db *db = db_open_readonly(path, schema);
	char *found = NULL;
	int st = -1;

	if (db == NULL)
		return -1;
	db_set_deadline(db, INT64_MAX);
	if (db_check(db) == 0 && (found = count_rows(db, mem)) != NULL) {
		st = expected == NULL || strcmp(found, expected) == 0 ? 0 : -1;
		if (st == -1)
			log_errorx("%s has the rows %s, expected %s", path, found, expected);
	}
	db_close(db);
	if (rows != NULL)
		*rows = found;
	return st;
}
