/* SPDX-License-Identifier: MIT */
#include "outbox.h"

#include <stdbool.h>

#include "clock.h"
#include "log.h"
#include "pack.h"
#include "relay_sql.h"
#include "text.h"

#define ZSTD_LEVEL 1
/* A body of 64 KiB grows by the source around its frames; nothing of ours is larger. */
#define BODY_MAX ((size_t)16 << 20)
#define EXPIRE_SLICE 200 /* items a transaction drops */

/* ---- in ------------------------------------------------------------------------ */

static enum outbox_result
add(struct db *db, enum destination to, const char *event, struct db_value body, int64_t max_bytes)
{
	int64_t bytes;

	if (db_number(db, SQL_OUTBOX_ROOM, DB_NO_ARGS, 0, &bytes) == DB_FAILED)
		return OUTBOX_FAILED;
	if (bytes + (int64_t)body.len > max_bytes)
		return db_run(db, SQL_OUTBOX_TURNED_AWAY, DB_ARGS(DB_INT(to))) == DB_FAILED
			   ? OUTBOX_FAILED
			   : OUTBOX_FULL;
	if (db_run(db, SQL_OUTBOX_ADD,
		DB_ARGS(DB_INT(to), DB_INT(clock_now()), DB_TEXT(event), body)) == DB_FAILED ||
	    db_run(db, SQL_OUTBOX_ADDED, DB_ARGS(DB_INT(to), DB_INT((int64_t)body.len))) ==
		DB_FAILED)
		return OUTBOX_FAILED;
	return OUTBOX_ADDED;
}

enum outbox_result
outbox_add(struct db *db, struct arena *mem, enum destination to, const char *event,
    const void *body, size_t len, int64_t max_bytes)
{
	enum outbox_result result;
	size_t packed_len;
	const char *packed = pack_zstd(mem, body, len, ZSTD_LEVEL, &packed_len);

	if (db_begin(db) == DB_FAILED)
		return OUTBOX_FAILED;
	result = add(db, to, event, DB_BLOB(packed, packed_len), max_bytes);
	if (result == OUTBOX_FAILED)
		db_rollback(db);
	else if (db_commit(db) == DB_FAILED)
		return OUTBOX_FAILED;
	return result;
}

/* ---- out ----------------------------------------------------------------------- */

/* Takes the item away and counts it; passes over one that another process took first. */
static int
remove_item(struct db *db, int64_t id, enum outbox_outcome outcome)
{
	int64_t destination, bytes;
	int st = db_query(db, SQL_OUTBOX_DELETE, DB_ARGS(DB_INT(id)));

	if (st != DB_ROW)
		return st;
	destination = db_int(db, SQL_OUTBOX_DELETE, 0);
	bytes = db_int(db, SQL_OUTBOX_DELETE, 1);
	if (db_next(db, SQL_OUTBOX_DELETE) == DB_FAILED)
		return DB_FAILED;
	return db_run(db, SQL_OUTBOX_GONE,
	    DB_ARGS(DB_INT(destination), DB_INT(bytes), DB_INT(outcome == OUTBOX_DELIVERED),
		DB_INT(outcome == OUTBOX_REFUSED), DB_INT(outcome == OUTBOX_EXPIRED)));
}

static int
settle(struct db *db, const struct outbox_verdict *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int st = v[i].outcome == OUTBOX_PUT_OFF
			     ? db_run(db, SQL_OUTBOX_PUT_OFF,
				   DB_ARGS(DB_INT(v[i].id), DB_INT(v[i].next_at)))
			     : remove_item(db, v[i].id, v[i].outcome);

		if (st == DB_FAILED)
			return DB_FAILED;
	}
	return 0;
}

int
outbox_settle(struct db *db, const struct outbox_verdict *verdicts, size_t n)
{
	if (n == 0)
		return 0;
	if (db_begin(db) == DB_FAILED)
		return DB_FAILED;
	return db_finish(db, settle(db, verdicts, n));
}

/* The row that SQL_OUTBOX_NEXT stands on; false if its body is damaged. */
static bool
read_item(struct db *db, struct arena *mem, struct outbox_item *item)
{
	const void *packed;
	size_t packed_len;

	item->id = db_int(db, SQL_OUTBOX_NEXT, 0);
	item->event = db_text_copy(db, SQL_OUTBOX_NEXT, 1, mem);
	item->attempts = db_int(db, SQL_OUTBOX_NEXT, 2);
	packed = db_blob(db, SQL_OUTBOX_NEXT, 3, &packed_len);
	return unpack_zstd(mem, packed, packed_len, BODY_MAX, &item->body, &item->len) == PACK_OK;
}

int
outbox_next(struct db *db, struct arena *mem, enum destination from, int64_t behind, int64_t now,
    struct outbox_item *item)
{
	for (;;) {
		struct outbox_verdict damaged = {.outcome = OUTBOX_REFUSED};
		int st = db_query(
		    db, SQL_OUTBOX_NEXT, DB_ARGS(DB_INT(from), DB_INT(behind), DB_INT(now)));
		bool sound;

		if (st != DB_ROW)
			return st;
		sound = read_item(db, mem, item);
		db_done(db, SQL_OUTBOX_NEXT);
		if (sound)
			return DB_ROW;
		log_errorx("relay: outbox item %lld is damaged and dropped", (long long)item->id);
		damaged.id = item->id;
		if (outbox_settle(db, &damaged, 1) == DB_FAILED)
			return DB_FAILED;
	}
}

int
outbox_expire(struct db *db, enum destination from, int64_t now, int64_t *dropped)
{
	for (;;) {
		struct outbox_verdict old[EXPIRE_SLICE];
		size_t n = 0;
		int st = db_query(db, SQL_OUTBOX_OLD, DB_ARGS(DB_INT(from)));

		for (; st == DB_ROW && n < NELEM(old) &&
		       db_int(db, SQL_OUTBOX_OLD, 1) < now - OUTBOX_MAX_AGE;
		     st = db_next(db, SQL_OUTBOX_OLD))
			old[n++] = (struct outbox_verdict){
			    .id = db_int(db, SQL_OUTBOX_OLD, 0), .outcome = OUTBOX_EXPIRED};
		if (st == DB_ROW)
			db_done(db, SQL_OUTBOX_OLD);
		if (st == DB_FAILED || outbox_settle(db, old, n) == DB_FAILED)
			return DB_FAILED;
		*dropped += (int64_t)n;
		if (n < NELEM(old))
			return 0;
	}
}

int
outbox_unwait(struct db *db, int64_t now, int64_t longest)
{
	if (db_begin(db) == DB_FAILED)
		return DB_FAILED;
	return db_finish(db, db_run(db, SQL_OUTBOX_UNWAIT, DB_ARGS(DB_INT(now), DB_INT(longest))));
}

/* ---- how it stands --------------------------------------------------------------- */

int
outbox_soonest(struct db *db, enum destination from, int64_t *next_at)
{
	return db_number(db, SQL_OUTBOX_SOONEST, DB_ARGS(DB_INT(from)), INT64_MAX, next_at);
}

int
outbox_totals(struct db *db, struct outbox_totals totals[DESTINATIONS])
{
	int st = db_query(db, SQL_OUTBOX_TOTALS, DB_NO_ARGS);

	for (; st == DB_ROW; st = db_next(db, SQL_OUTBOX_TOTALS))
		totals[db_int(db, SQL_OUTBOX_TOTALS, 0) % DESTINATIONS] = (struct outbox_totals){
		    .waiting = db_int(db, SQL_OUTBOX_TOTALS, 1),
		    .bytes = db_int(db, SQL_OUTBOX_TOTALS, 2),
		    .queued = db_int(db, SQL_OUTBOX_TOTALS, 3),
		    .delivered = db_int(db, SQL_OUTBOX_TOTALS, 4),
		    .refused = db_int(db, SQL_OUTBOX_TOTALS, 5),
		    .expired = db_int(db, SQL_OUTBOX_TOTALS, 6),
		    .turned_away = db_int(db, SQL_OUTBOX_TOTALS, 7),
		    .oldest_at = db_int(db, SQL_OUTBOX_TOTALS, 8),
		};
	return st;
}
