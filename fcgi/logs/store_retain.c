/* SPDX-License-Identifier: MIT */
/*
 * Forgetting: whole segment files, the oldest first, so nothing is ever deleted from
 * an index and the disk really gets its bytes back.  A segment leaves the list in one pass
 * and its file goes in a later one, so that a reader in between finds what it was told of.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "segment.h"
#include "store.h"

#define SHRINK_PAGES 2000 /* free pages of logs.db given back in one call */

/* Takes the segment off the list, with its chunks and counts. */
static int
unlist(struct store *st, int64_t segment)
{
	static const int forget[] = {
	    SQL_SEGMENT_FORGET_CHUNKS, SQL_SEGMENT_FORGET_HISTOGRAM, SQL_SEGMENT_FORGET_TALLY};

	if (db_begin(st->db) == -1)
		return -1;
	for (size_t i = 0; i < sizeof forget / sizeof forget[0]; i++)
		if (db_run(st->db, forget[i], DB_ARGS(DB_INT(segment))) == -1)
			goto fail;
	if (db_run(st->db, SQL_SEGMENT_STATE, DB_ARGS(DB_INT(segment), DB_INT(SEGMENT_UNLISTED))) ==
	    -1)
		goto fail;
	return db_commit(st->db);
fail:
	db_rollback(st->db);
	return -1;
}

/* Unlinks the files of a segment that was taken off the list, and forgets it. */
static int
unlink_segment(struct store *st, int64_t segment)
{
	static const char *const suffixes[] = {"-wal", "-shm", "-lock", ""};
	struct arena *mem = arena_new(4096);
	const char *path = segment_path(st, mem, segment);
	int result = 0;

	segment_close(st, segment);
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		const char *name = arena_printf(mem, "%s%s", path, suffixes[i]);

		if (unlink(name) == -1 && errno != ENOENT) {
			log_error("%s", name);
			result = -1;
		}
	}
	arena_free(mem);
	if (result == 0)
		result = db_run(st->db, SQL_SEGMENT_FORGET, DB_ARGS(DB_INT(segment)));
	return result;
}

static int
unlink_unlisted(struct store *st)
{
	int64_t segments[64];
	size_t n = 0;
	int result = db_query(st->db, SQL_SEGMENTS_OF_STATE, DB_ARGS(DB_INT(SEGMENT_UNLISTED)));

	for (; result == DB_ROW; result = db_next(st->db, SQL_SEGMENTS_OF_STATE))
		if (n < sizeof segments / sizeof segments[0])
			segments[n++] = db_int(st->db, SQL_SEGMENTS_OF_STATE, 0);
	for (size_t i = 0; i < n && result == 0; i++)
		result = unlink_segment(st, segments[i]);
	return result;
}

/* Takes off the list what is too old or too much.  low_id: lines below it are hidden anyway. */
static int
unlist_oldest(struct store *st, int64_t max_bytes, int64_t oldest_ns, int64_t low_id)
{
	for (;;) {
		int64_t total = store_bytes(st), segment, max_ns, last_id;
		int found = db_query(st->db, SQL_SEGMENT_OLDEST, DB_NO_ARGS);
		bool old, empty;

		if (total == -1 || found == DB_FAILED)
			return -1;
		if (found == DB_NONE)
			return 0;
		segment = db_int(st->db, SQL_SEGMENT_OLDEST, 0);
		empty = db_is_null(st->db, SQL_SEGMENT_OLDEST, 2);
		max_ns = db_int(st->db, SQL_SEGMENT_OLDEST, 2);
		last_id = db_int(st->db, SQL_SEGMENT_OLDEST, 3);
		db_done(st->db, SQL_SEGMENT_OLDEST);
		old = !empty && (max_ns < oldest_ns || last_id < low_id);
		if (!old && total <= max_bytes)
			return 0;
		log_info("logs: segment %lld is taken off: %s", (long long)segment,
		    old ? "its lines are too old" : "the logs take more than MAX_LOG_BYTES");
		if (unlist(st, segment) == -1)
			return -1;
	}
}

/* The ids are without holes, so the newest n lines are those above the last n ids. */
static int
hide(struct store *st, int64_t max_entries, int64_t *low_id)
{
	int64_t low = store_number(st, "low_id"), want = 1;

	if (max_entries > 0)
		want = store_number(st, "next_id") - max_entries;
	/* Never back: what was hidden may be half gone. */
	*low_id = want > low ? want : low;
	return *low_id == low ? 0 : store_set_number(st, "low_id", *low_id);
}

int
store_retain(struct store *st, int64_t max_bytes, int64_t max_age, int64_t max_entries, int64_t now)
{
	int64_t low_id;

	if (unlink_unlisted(st) == -1 || hide(st, max_entries, &low_id) == -1 ||
	    unlist_oldest(st, max_bytes, (now - max_age) * NS_PER_SECOND, low_id) == -1)
		return -1;
	return db_shrink(st->db, SHRINK_PAGES);
}
