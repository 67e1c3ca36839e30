/* SPDX-License-Identifier: MIT */
/* `monlight import`: the databases one after the other, and what the parts share. */
#include "import.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"
#include "log.h"
#include "text.h"

/* Any file will do; whose it is says its table _meta. */
static const struct db_schema original = {.name = "original"};

static const struct part {
	const char *file;
	enum database database;
	int (*run)(struct import *);
	const char *counts[3]; /* what it counts, NULL: nothing more */
} parts[] = {
    {"errors.db", ERRORS, import_errors, {"errors", "reports", "occurrences"}},
    {"logs.db", LOGS, import_logs, {"lines", NULL, NULL}},
    {"metrics.db", METRICS, import_metrics, {"sums", "points", NULL}},
    {"browser-relay.db", RELAY, import_relay, {"keys", "source maps", NULL}},
};

/* ---- what the parts share ------------------------------------------------------------- */

int
import_prepare(struct import *in, const char *text)
{
	return db_prepare(in->from, text);
}

int
import_noted(struct import *in, const char *what, int64_t key, int64_t *value)
{
	int find = db_prepare(in->to, "SELECT value FROM imported WHERE what = ?1 AND key = ?2");

	return find == DB_FAILED
		   ? DB_FAILED
		   : db_number(in->to, find, DB_ARGS(DB_TEXT(what), DB_INT(key)), 0, value);
}

int
import_note(struct import *in, const char *what, int64_t key, int64_t value)
{
	int put = db_prepare(
	    in->to, "INSERT OR REPLACE INTO imported (what, key, value) VALUES (?1, ?2, ?3)");

	return put == DB_FAILED
		   ? DB_FAILED
		   : db_run(in->to, put, DB_ARGS(DB_TEXT(what), DB_INT(key), DB_INT(value)));
}

int64_t
import_hash(struct arena *mem, const char *const texts[], size_t n)
{
	const char *all = "";

	for (size_t i = 0; i < n; i++)
		all = arena_printf(mem, "%s\n%s", all, texts[i] != NULL ? texts[i] : "");
	return (int64_t)text_hash(all, strlen(all));
}

int64_t
import_time(const char *text, int64_t fallback)
{
	int64_t ns;

	return text != NULL && time_parse(text, strlen(text), &ns) == 0 ? ns : fallback;
}

cJSON *
import_json(struct arena *mem, const char *text)
{
	const char *why;
	size_t at;

	return text != NULL ? json_parse(mem, text, strlen(text), &why, &at) : NULL;
}

/* ---- rows in order -------------------------------------------------------------------- */

/* What the row says, as a hash; 0 if it is not there. */
static int
hash_row(struct import *in, const char *text, int64_t id, int64_t *hash)
{
	int read = import_prepare(in, text);
	int row = read == DB_FAILED ? DB_FAILED : db_query(in->from, read, DB_ARGS(DB_INT(id)));

	*hash = 0;
	if (row == DB_ROW) {
		const char *said = db_text(in->from, read, 0);

		*hash = import_hash(in->mem, &said, 1);
		db_done(in->from, read);
	}
	return row == DB_FAILED ? DB_FAILED : 0;
}

/* The last row that an earlier run has taken; 0 if none. */
static int
find_last(struct import *in, const struct import_rows *r, int64_t *upto)
{
	int list =
	    db_prepare(in->to, "SELECT key, value FROM imported WHERE what = ?1 ORDER BY key");
	int row = list == DB_FAILED ? DB_FAILED : db_query(in->to, list, DB_ARGS(DB_TEXT(r->what)));

	for (*upto = 0; row == DB_ROW; row = db_next(in->to, list)) {
		int64_t key = db_int(in->to, list, 0), value = db_int(in->to, list, 1), hash;

		if (hash_row(in, r->text, value, &hash) == -1) {
			db_done(in->to, list);
			return -1;
		}
		if (hash == key && value > *upto)
			*upto = value;
	}
	return row;
}

/* Notes that rows up to that id are taken, instead of the one before. */
static int
note_last(struct import *in, const struct import_rows *r, int64_t before, int64_t upto)
{
	int forget = db_prepare(in->to, "DELETE FROM imported WHERE what = ?1 AND key = ?2");
	int64_t old, new;

	if (forget == DB_FAILED || hash_row(in, r->text, before, &old) == -1 ||
	    hash_row(in, r->text, upto, &new) == -1 ||
	    db_run(in->to, forget, DB_ARGS(DB_TEXT(r->what), DB_INT(old))) == -1)
		return -1;
	return import_note(in, r->what, new, upto);
}

/* Takes a portion behind *upto in one transaction; 1 if there may be more, 0 or -1. */
static int
take_portion(struct import *in, const struct import_rows *r, int list, void *arg, int64_t *upto)
{
	int64_t before = *upto;
	int n = 0, row;

	if (db_begin(in->to) == -1)
		return -1;
	row = db_query(in->from, list, DB_ARGS(DB_INT(before), DB_INT(r->portion)));
	for (; row == DB_ROW; n++) {
		*upto = db_int(in->from, list, 0);
		row = r->take(in, list, arg) == 0 ? db_next(in->from, list) : DB_FAILED;
	}
	if (row == DB_FAILED || r->write(in, arg) == -1 ||
	    (n > 0 && note_last(in, r, before, *upto) == -1) || db_commit(in->to) == -1) {
		db_rollback(in->to);
		return -1;
	}
	arena_reset(in->mem);
	return n == r->portion;
}

int
import_all_rows(struct import *in, const struct import_rows *r, void *arg)
{
	int list = import_prepare(in, r->rows), more = list == DB_FAILED ? -1 : 1;
	int64_t upto = 0;

	if (more == 1 && find_last(in, r, &upto) == -1)
		more = -1;
	while (more == 1 && !indexer_stopping()) {
		int lock = indexer_job_lock(in->to_path, r->job);

		more = lock != -1 ? take_portion(in, r, list, arg, &upto) : -1;
		db_job_unlock(lock);
	}
	return more == -1 ? -1 : 0;
}

/* ---- the command -------------------------------------------------------------------------- */

static bool
is_original(struct import *in, const char *path)
{
	int ask = import_prepare(in, "SELECT count(*) FROM sqlite_schema WHERE name = '_meta'"
				     " /*scan: the list of tables*/");
	int64_t n = 0;

	if (ask != DB_FAILED && db_number(in->from, ask, DB_NO_ARGS, 0, &n) == 0 && n == 1)
		return true;
	log_errorx("%s is no database of the original Monlight", path);
	return false;
}

static void
tell(const struct part *part, const struct import *in)
{
	(void)printf("%s:", part->file);
	for (int i = 0; i < 3 && part->counts[i] != NULL; i++)
		(void)printf(
		    "%s %lld %s", i > 0 ? "," : "", (long long)in->taken[i], part->counts[i]);
	(void)printf(" taken over\n");
	if (in->passed_over > 0)
		log_warnx("%s: %lld rows that cannot be right are passed over", part->file,
		    (long long)in->passed_over);
}

static int
run_part(const struct part *part, struct pass *p, const char *path)
{
	const struct database_place *place = &indexer_places[part->database];
	struct import in = {.cfg = p->cfg, .mem = p->mem, .to_path = *place->path};
	int st = -1;

	if ((in.from = db_open_readonly(path, &original)) != NULL && is_original(&in, path) &&
	    (in.to = db_open(*place->path, place->schema, place->sync)) != NULL) {
		db_set_deadline(in.from, INT64_MAX);
		db_set_deadline(in.to, INT64_MAX);
		st = part->run(&in);
		if (st == 0)
			tell(part, &in);
	}
	db_close(in.to);
	db_close(in.from);
	arena_reset(p->mem);
	return st;
}

int
import_original(struct pass *p, char *const arguments[])
{
	int found = 0, failed = 0;

	if (arguments[0] == NULL || arguments[1] != NULL || *arguments[0] == '-') {
		(void)fputs(
		    "usage: monlight import DIRECTORY\n"
		    "Takes over errors.db, logs.db, metrics.db and browser-relay.db of the\n"
		    "original Monlight, those that are in the directory.  Stop the original\n"
		    "first; ours may run.  Doing it again changes nothing.\n",
		    stderr);
		return 2;
	}
	for (size_t i = 0; i < NELEM(parts) && !indexer_stopping(); i++) {
		char path[4096];

		(void)snprintf(path, sizeof path, "%s/%s", arguments[0], parts[i].file);
		if (access(path, F_OK) == -1)
			continue;
		found++;
		failed += run_part(&parts[i], p, path) == -1;
	}
	if (found == 0)
		log_errorx("%s holds none of the four databases", arguments[0]);
	return found == 0 || failed > 0 || indexer_stopping() ? 1 : 0;
}
