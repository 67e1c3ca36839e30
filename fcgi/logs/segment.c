/* SPDX-License-Identifier: MIT */
/* Segment files: their schema, and the few that are open. */
#include "segment.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "store.h"
#include "text.h"

/*
 * The index has no copy of its documents (content) and neither positions nor sizes of
 * them (detail, columnsize): it answers which chunks hold a word, and nothing else.
 * The tokenizer takes what words.h has split already.
 */
static const char *const migrations[] = {
    "CREATE TABLE sealed (chunk INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"
    "CREATE VIRTUAL TABLE words USING fts5(word, content='', detail=none, columnsize=0,"
    " tokenize=\"ascii tokenchars '_'\");"
    /* Words gathered in memory before they are written: the most of what a merge needs. */
    "INSERT INTO words (words, rank) VALUES ('hashsize', 524288);",
    NULL,
};

static const char *const statements[] = {
    [SQL_SEALED] = "SELECT data FROM sealed WHERE chunk = ?1",
    [SQL_SEALED_ADD] = "INSERT INTO sealed (chunk, data) VALUES (?1, ?2)",
    [SQL_SEALED_WORDS] = "INSERT INTO words (rowid, word) VALUES (?1, ?2)",
    [SQL_SEALED_MATCH] = "SELECT rowid FROM words WHERE words MATCH ?1 ORDER BY rowid",
    [SQL_SEALED_LAST] = "SELECT max(chunk) FROM sealed",
};

static const struct db_schema segment_schema = {
    .name = "logs segment",
    .application_id = 0x4d4c5331, /* "MLS1" */
    .migrations = migrations,
    .statements = statements,
    .nstatements = SQL_SEALED__COUNT,
};

char *
store_segment_path(struct arena *mem, const char *path, int64_t id)
{
	size_t len = strlen(path);

	if (len > 3 && strcmp(path + len - 3, ".db") == 0)
		len -= 3;
	return arena_printf(mem, "%.*s-%06lld.db", (int)len, path, (long long)id);
}

char *
segment_path(const struct store *st, struct arena *mem, int64_t id)
{
	return store_segment_path(mem, st->path, id);
}

void
segment_close(struct store *st, int64_t id)
{
	for (size_t i = 0; i < NELEM(st->open); i++)
		if (st->open[i].id == id) {
			db_close(st->open[i].db);
			st->open[i].id = 0;
			st->open[i].db = NULL;
			st->open[i].used = 0;
		}
}

struct db *
segment_open(struct store *st, int64_t id, bool make)
{
	struct arena *mem;
	struct db *db = NULL;
	const char *path;
	size_t place = 0;

	for (size_t i = 0; i < NELEM(st->open); i++) {
		if (st->open[i].id == id) {
			st->open[i].used = ++st->uses;
			return st->open[i].db;
		}
		if (st->open[i].used < st->open[place].used)
			place = i;
	}
	mem = arena_new(512);
	path = segment_path(st, mem, id);
	/* Opening would make an empty file where one is missing. */
	if (!make && access(path, F_OK) == -1)
		log_warn("%s: its lines cannot be shown", path);
	else
		db = db_open(path, &segment_schema, DB_SYNC_FULL);
	arena_free(mem);
	if (db == NULL)
		return NULL;
	segment_close(st, st->open[place].id);
	st->open[place].id = id;
	st->open[place].db = db;
	st->open[place].used = ++st->uses;
	return db;
}
