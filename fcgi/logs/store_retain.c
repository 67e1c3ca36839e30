/* SPDX-License-Identifier: MIT */
/*
 * Forgetting: whole segment files, the oldest first, so nothing is ever deleted from
 * an index and the disk really gets its bytes back.  A segment leaves the list in one pass
 * and its file goes in a later one, so that a reader in between finds what it was told of.
 *
 * MAX_ENTRIES hides lines by their id.  They leave the counts at once, and the directory
 * with the last line of their chunk; their bytes go with their segment.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "segment.h"
#include "store.h"
#include "tally.h"
#include "text.h"

#define SHRINK_PAGES 2000  /* free pages of logs.db given back in one call */
#define HIDE_AT_ONCE 20000 /* lines hidden in one transaction */

/* Takes the segment off the list, with its chunks and counts. */
static int
unlist(struct store *st, int64_t segment)
{
	static const int forget[] = {
	    SQL_SEGMENT_FORGET_CHUNKS, SQL_SEGMENT_FORGET_HISTOGRAM, SQL_SEGMENT_FORGET_TALLY};
	int result = 0;

	if (db_begin(st->db) == -1)
		return -1;
	for (size_t i = 0; i < NELEM(forget) && result == 0; i++)
		result = db_run(st->db, forget[i], DB_ARGS(DB_INT(segment)));
	if (result == 0)
		result = db_run(
		    st->db, SQL_SEGMENT_STATE, DB_ARGS(DB_INT(segment), DB_INT(SEGMENT_UNLISTED)));
	return db_finish(st->db, result);
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

/* What the logs take; the free pages of logs.db are given back anyway, and must cost no lines. */
static int64_t
used_bytes(struct store *st)
{
	int64_t segments;

	if (db_number(st->db, SQL_SEGMENTS_BYTES, DB_NO_ARGS, 0, &segments) == -1)
		return -1;
	return segments + db_used_bytes(st->db);
}

/*
 * Takes off the list what is too old or too much.  low_id: lines below it are hidden anyway.
 * A line from the future, or a merge that was killed before it had filled its segment, must
 * not keep what comes behind.
 */
static int
unlist_oldest(struct store *st, int64_t max_bytes, int64_t max_age, int64_t now, int64_t low_id)
{
	const int64_t oldest_ns = (now - max_age) * NS_PER_SECOND;

	for (;;) {
		int64_t total = used_bytes(st), segment, max_ns, last_id;
		int found =
		    db_query(st->db, SQL_SEGMENT_OLDEST, DB_ARGS(DB_INT(now * NS_PER_SECOND)));
		bool old, empty;

		if (total == -1 || found == DB_FAILED)
			return -1;
		if (found == DB_NONE)
			return 0;
		segment = db_int(st->db, SQL_SEGMENT_OLDEST, 0);
		empty = db_is_null(st->db, SQL_SEGMENT_OLDEST, 1);
		max_ns = db_int(st->db, SQL_SEGMENT_OLDEST, 1);
		last_id = db_int(st->db, SQL_SEGMENT_OLDEST, 2);
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

/* ---- hiding ------------------------------------------------------------------------ */

/* Lines [from, to) become hidden, which of a chunk may be some only. */
struct hiding {
	struct store *st;
	struct arena *mem;
	int64_t from, to;
};

/* Takes the chunk's lines that become hidden off the counts. */
static int
uncount_chunk(struct hiding *h, int64_t source, int64_t segment, int64_t id)
{
	struct tally tally = {0};
	struct chunk c;
	int result;

	arena_reset(h->mem);
	/* The counts of a segment whose file is gone go when it is unlisted. */
	if (store_load(h->st, h->mem, segment, id, &c) != 0)
		return 0;
	for (size_t i = 0; i < c.n; i++)
		if (c.lines[i].id >= h->from && c.lines[i].id < h->to)
			tally_add(&tally, source, &c.lines[i]);
	result = tally_write(&tally, h->st->db, segment, -1);
	tally_free(&tally);
	return result;
}

static int
uncount_source(struct hiding *h, int64_t source)
{
	struct db *db = h->st->db;
	int st;

	for (st = db_query(db, SQL_CHUNKS_HIDING, DB_ARGS(DB_INT(source), DB_INT(h->from)));
	     st == DB_ROW; st = db_next(db, SQL_CHUNKS_HIDING)) {
		int64_t id = db_int(db, SQL_CHUNKS_HIDING, 0);
		int64_t segment = db_int(db, SQL_CHUNKS_HIDING, 1);

		/* Chunks of a source do not overlap. */
		if (db_int(db, SQL_CHUNKS_HIDING, 2) >= h->to)
			break;
		if (uncount_chunk(h, source, segment, id) == -1) {
			st = DB_FAILED;
			break;
		}
	}
	db_done(db, SQL_CHUNKS_HIDING);
	return st == DB_FAILED ? -1 : 0;
}

/* The counts, the directory and the low-water id. */
static int
hide_lines(struct hiding *h)
{
	struct db *db = h->st->db;
	int64_t source = 0;

	for (;;) {
		if (db_number(db, SQL_SOURCE_IDS, DB_ARGS(DB_INT(source)), 0, &source) == -1)
			return -1;
		if (source == 0)
			break;
		if (uncount_source(h, source) == -1)
			return -1;
	}
	if (db_run(db, SQL_MINI_FORGET, DB_ARGS(DB_INT(h->to))) == -1 ||
	    db_run(db, SQL_CHUNK_FORGET, DB_ARGS(DB_INT(h->to))) == -1)
		return -1;
	return store_set_number(h->st, "low_id", h->to);
}

/* The first id that max_entries leaves visible: ids are without holes.  Never back. */
static int64_t
wanted_low_id(struct store *st, int64_t max_entries)
{
	int64_t low = store_number(st, "low_id"), want = 1;

	if (max_entries > 0)
		want = store_number(st, "next_id") - max_entries;
	return want > low ? want : low;
}

static int
hide_below(struct store *st, int64_t low_id)
{
	struct hiding h = {.st = st, .mem = arena_new(CHUNK_TEXT_TARGET)};
	int result = 0;

	h.from = store_number(st, "low_id");
	for (; h.from < low_id && result == 0; h.from = h.to) {
		h.to = low_id - h.from > HIDE_AT_ONCE ? h.from + HIDE_AT_ONCE : low_id;
		if ((result = db_begin(st->db)) == 0)
			result = db_finish(st->db, hide_lines(&h));
	}
	arena_free(h.mem);
	return result;
}

/* ---- all --------------------------------------------------------------------------- */

int
store_retain(struct store *st, int64_t max_bytes, int64_t max_age, int64_t max_entries, int64_t now)
{
	int64_t low_id = wanted_low_id(st, max_entries);

	/* What goes as a whole needs no looking at. */
	if (unlink_unlisted(st) == -1 || unlist_oldest(st, max_bytes, max_age, now, low_id) == -1 ||
	    hide_below(st, low_id) == -1)
		return -1;
	return db_shrink(st->db, SHRINK_PAGES);
}
