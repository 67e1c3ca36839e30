/* SPDX-License-Identifier: MIT */
#include "key_store.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "relay_sql.h"
#include "secret.h"
#include "text.h"

int
dsn_key_add(
    struct db *db, const char *project, const char *origins, char key[DSN_KEY_SIZE], int64_t *id)
{
	unsigned char random[(DSN_KEY_SIZE - 1) / 2];
	int st;

	secret_random(random, sizeof random);
	text_hex(key, random, sizeof random);
	if (db_begin(db) == DB_FAILED)
		return DB_FAILED;
	st = db_run(db, SQL_KEY_ADD,
	    DB_ARGS(DB_TEXT(key), DB_TEXT(project), DB_INT(clock_now()), DB_TEXT(origins)));
	if (id != NULL)
		*id = db_last_id(db);
	return db_finish(db, st);
}

static int
adopt(struct db *db, const char *key, const char *project, int64_t made_at, bool active)
{
	if (db_run(db, SQL_KEY_SEED, DB_ARGS(DB_TEXT(key), DB_TEXT(project), DB_INT(made_at))) ==
	    DB_FAILED)
		return DB_FAILED;
	if (db_changes(db) == 0)
		return DB_NONE;
	if (!active &&
	    db_run(db, SQL_KEY_SWITCH, DB_ARGS(DB_INT(db_last_id(db)), DB_INT(false))) == DB_FAILED)
		return DB_FAILED;
	return DB_ROW;
}

int
dsn_key_adopt(struct db *db, const char *key, const char *project, int64_t made_at, bool active)
{
	int st;

	if (db_begin(db) == DB_FAILED)
		return DB_FAILED;
	if ((st = adopt(db, key, project, made_at, active)) == DB_FAILED) {
		db_rollback(db);
		return DB_FAILED;
	}
	return db_commit(db) == DB_FAILED ? DB_FAILED : st;
}

/* Splits "project:key" at the first colon, trimmed in place; false if either is missing. */
static bool
split_seed(char *item, const char **project, const char **key)
{
	char *colon = strchr(item, ':');
	size_t project_len, key_len;

	if (colon == NULL)
		return false;
	*project = item;
	*key = colon + 1;
	project_len = (size_t)(colon - item);
	key_len = strlen(*key);
	text_trim(project, &project_len);
	text_trim(key, &key_len);
	item[*project - item + (ptrdiff_t)project_len] = '\0';
	item[*key - item + (ptrdiff_t)key_len] = '\0';
	return project_len > 0 && key_len > 0;
}

static int
seed(struct db *db, char *list)
{
	char *item;
	int place = 0;

	while ((item = strsep(&list, ",")) != NULL) {
		const char *project, *key;

		place++;
		if (!split_seed(item, &project, &key)) {
			log_warnx("DSN_KEYS item %d is not PROJECT:KEY and is passed over", place);
			continue;
		}
		if (db_run(db, SQL_KEY_SEED,
			DB_ARGS(DB_TEXT(key), DB_TEXT(project), DB_INT(clock_now()))) == DB_FAILED)
			return DB_FAILED;
	}
	return 0;
}

int
dsn_keys_seed(struct db *db, const char *list)
{
	char *copy;
	int st;

	if (list == NULL)
		return 0;
	if (db_begin(db) == DB_FAILED)
		return DB_FAILED;
	copy = heap_strdup(list);
	st = seed(db, copy);
	free(copy);
	return db_finish(db, st);
}
