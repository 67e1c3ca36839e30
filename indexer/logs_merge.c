/* SPDX-License-Identifier: MIT */
/* The jobs `merge` and `retention` of the log store; the work is the store's (store.h). */
#include "clock.h"
#include "indexer.h"
#include "log.h"
#include "logs_sql.h"
#include "store.h"

#define SEGMENT_BYTES (INT64_C(256) << 20)
#define SEGMENTS 8                     /* of which the limit leaves room: so much goes at once */
#define FREE_BYTES (INT64_C(16) << 20) /* free pages of logs.db that may stay */
#define SHRINK_PAGES 2000
#define DAY_S 86400
#define CURSOR_S (INT64_C(60) * 86400) /* a cursor whose file is gone is kept so long */

static int64_t
segment_bytes(const struct pass *pass)
{
	int64_t share = pass->cfg->logs.max_bytes / SEGMENTS;

	return share < SEGMENT_BYTES ? share : SEGMENT_BYTES;
}

int
logs_merge(struct pass *pass)
{
	struct store *st = store_new(pass->db, pass->path);
	int more;

	do {
		more = store_merge(st, segment_bytes(pass), clock_now());
	} while (more == 1 && !indexer_stopping());
	store_free(st);
	if (more != -1 && db_free_bytes(pass->db) > FREE_BYTES)
		more = db_shrink(pass->db, SHRINK_PAGES);
	return more == -1 ? -1 : 0;
}

/* Files and containers that were not there for long. */
static int
forget_gone(struct db *db, int64_t before)
{
	if (db_run(db, SQL_CURSOR_FORGET, DB_ARGS(DB_INT(before))) == -1)
		return -1;
	return db_run(db, SQL_LIFECYCLE_FORGET, DB_ARGS(DB_INT(before)));
}

/* A merge must not fill a segment that is being taken off the list. */
int
logs_retention(struct pass *pass)
{
	int lock = db_job_lock(pass->path, "merge"), result;
	struct store *st;

	if (lock == -1) {
		log_info("retention of logs: a merge is at it");
		return 0;
	}
	st = store_new(pass->db, pass->path);
	result = store_retain(st, pass->cfg->logs.max_bytes, pass->cfg->logs.max_age * DAY_S,
	    pass->cfg->logs.max_entries, clock_now());
	if (result == 0 && (result = db_begin(pass->db)) == 0)
		result = db_finish(pass->db, forget_gone(pass->db, clock_now() - CURSOR_S));
	store_free(st);
	db_job_unlock(lock);
	return result;
}
