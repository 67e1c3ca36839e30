/* SPDX-License-Identifier: MIT */
/* From batches to tiers; see rollup.h for why, portion.h for how much at once. */
#include "rollup.h"

#include <stdlib.h>

#include "array.h"
#include "log.h"
#include "metrics_sql.h"
#include "portion.h"

/* Points of a transaction, and what one batch adds. */
enum { COMPACT_PORTION = 100000, CLOSE_PORTION = 20000 };

/* A point with an id, and when it came. */
struct opened {
	struct point point;
	int64_t received;
};

/* What is read from batches beside the points of a portion. */
struct arrivals {
	struct opened *opened; /* in the order of arrival */
	size_t nopened, opened_room;
	struct {
		int64_t hour, points;
	} * hours;
	size_t nhours;
	int64_t watermark, points;
};

bool
rollup_stopping(const struct retention *keep)
{
	return keep->stop != NULL && keep->stop();
}

/* ---- what has arrived ------------------------------------------------------------- */

static void
count_arrival(struct arrivals *a, int64_t received, int64_t points)
{
	int64_t hour = time_floor(received, SECONDS_PER_HOUR);

	if (a->nhours == 0 || a->hours[a->nhours - 1].hour != hour) {
		a->hours = heap_resize(a->hours, (a->nhours + 1) * sizeof *a->hours);
		a->hours[a->nhours].points = 0;
		a->hours[a->nhours++].hour = hour;
	}
	a->hours[a->nhours - 1].points += points;
	a->points += points;
}

/* Unpacks the batch that the statement stands at. */
static void
take_batch(struct db *db, struct portion *p, struct arrivals *a)
{
	int64_t received = db_int(db, SQL_BATCHES_AFTER, 1);
	size_t len;
	const void *data = db_blob(db, SQL_BATCHES_AFTER, 3, &len);
	struct points_reader reader = points_read(data, len);
	struct point point;
	int found;

	a->watermark = db_int(db, SQL_BATCHES_AFTER, 0);
	while ((found = points_next(&reader, &point)) == 1) {
		if (point.id == 0) {
			portion_add_point(p, &point);
			continue;
		}
		a->opened = array_grow(a->opened, a->nopened, &a->opened_room, sizeof *a->opened);
		a->opened[a->nopened++] = (struct opened){point, received};
	}
	/* What can be read of it counts; the rest is lost already and must not stop the work. */
	if (found == -1)
		log_errorx("metrics: batch %lld is damaged", (long long)a->watermark);
	count_arrival(a, received, db_int(db, SQL_BATCHES_AFTER, 2));
}

static int
read_batches(struct db *db, struct portion *p, struct arrivals *a)
{
	int found;

	if (tier_state_read(db, &p->state) == -1)
		return DB_FAILED;
	a->watermark = p->state.watermark;
	found = db_query(db, SQL_BATCHES_AFTER, DB_ARGS(DB_INT(p->state.watermark)));
	while (found == DB_ROW && p->nentries + a->nopened < COMPACT_PORTION) {
		take_batch(db, p, a);
		found = db_next(db, SQL_BATCHES_AFTER);
	}
	db_done(db, SQL_BATCHES_AFTER);
	return found == DB_FAILED ? DB_FAILED : 0;
}

static int
write_opened(struct db *db, const struct arrivals *a)
{
	for (size_t i = 0; i < a->nopened; i++) {
		const struct point *point = &a->opened[i].point;

		if (db_run(db, SQL_OPEN_PUT,
			DB_ARGS(DB_INT(point->series), DB_INT((int64_t)point->id),
			    DB_INT(point->time), DB_REAL(point->value),
			    DB_INT(a->opened[i].received))) == -1)
			return DB_FAILED;
	}
	return 0;
}

static int
write_progress(struct db *db, const struct portion *p, const struct arrivals *a, int64_t now)
{
	for (size_t i = 0; i < a->nhours; i++)
		if (db_run(db, SQL_ARRIVED_ADD,
			DB_ARGS(DB_INT(a->hours[i].hour), DB_INT(a->hours[i].points))) == -1)
			return DB_FAILED;
	if (db_run(db, SQL_WATERMARK_SET,
		DB_ARGS(DB_INT(a->watermark), DB_INT(p->state.watermark))) == -1)
		return DB_FAILED;
	/* Nobody but us may move it: see the job's lock. */
	if (db_changes(db) != 1) {
		log_errorx("metrics: another process compacts the same database");
		return DB_FAILED;
	}
	return db_run(db, SQL_COMPACTED, DB_ARGS(DB_INT(now)));
}

/* Reads what a portion takes and sums it up, as one state of the database. */
static int
prepare(struct db *db, struct portion *p, struct arrivals *a)
{
	if (db_begin_read(db) == -1)
		return DB_FAILED;
	if (read_batches(db, p, a) == -1)
		return db_finish(db, DB_FAILED);
	return db_finish(db, portion_sum_up(db, p));
}

static int
compact_portion(
    struct db *db, struct portion *p, struct arrivals *a, const struct retention *keep, int64_t now)
{
	if (prepare(db, p, a) == -1)
		return DB_FAILED;
	if (a->watermark == p->state.watermark)
		return 0;
	if (db_begin(db) == -1)
		return DB_FAILED;
	if (portion_write(db, p, keep, now) == -1 || write_opened(db, a) == -1)
		return db_finish(db, DB_FAILED);
	return db_finish(db, write_progress(db, p, a, now));
}

int
rollup_compact(struct db *db, const struct retention *keep, int64_t now, int64_t *points)
{
	bool more = true;
	int st = 0;

	*points = 0;
	while (more && st == 0 && !rollup_stopping(keep)) {
		struct portion *p = portion_new();
		struct arrivals a = {0};

		st = compact_portion(db, p, &a, keep, now);
		more = a.watermark > p->state.watermark;
		*points += a.points;
		free(a.opened);
		free(a.hours);
		portion_free(p);
	}
	return st;
}

/* ---- points with an id ------------------------------------------------------------ */

struct expired {
	int64_t series, id;
};

static int
read_expired(
    struct db *db, struct portion *p, int64_t since_before, struct expired *expired, size_t *n)
{
	int found =
	    db_query(db, SQL_OPEN_EXPIRED, DB_ARGS(DB_INT(since_before), DB_INT(CLOSE_PORTION)));

	for (*n = 0; found == DB_ROW; found = db_next(db, SQL_OPEN_EXPIRED)) {
		int64_t series = db_int(db, SQL_OPEN_EXPIRED, 0);

		expired[(*n)++] = (struct expired){series, db_int(db, SQL_OPEN_EXPIRED, 1)};
		portion_add_point(p, &(struct point){
					 .series = (uint32_t)series,
					 .time = db_int(db, SQL_OPEN_EXPIRED, 2),
					 .value = db_real(db, SQL_OPEN_EXPIRED, 3),
				     });
	}
	return found;
}

static int
delete_expired(struct db *db, const struct expired *expired, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (db_run(db, SQL_OPEN_DELETE,
			DB_ARGS(DB_INT(expired[i].series), DB_INT(expired[i].id))) == -1)
			return DB_FAILED;
	return 0;
}

static int
close_portion(
    struct db *db, struct portion *p, const struct retention *keep, int64_t now, bool *more)
{
	struct expired *expired = arena_alloc(p->mem, CLOSE_PORTION * sizeof *expired);
	size_t n;

	*more = false;
	if (tier_state_read(db, &p->state) == -1 ||
	    read_expired(db, p, now - keep->raw, expired, &n) == -1)
		return DB_FAILED;
	if (n == 0)
		return 0;
	*more = n == CLOSE_PORTION;
	if (portion_sum_up(db, p) == -1 || db_begin(db) == -1)
		return DB_FAILED;
	if (portion_write(db, p, keep, now) == -1)
		return db_finish(db, DB_FAILED);
	return db_finish(db, delete_expired(db, expired, n));
}

int
rollup_close(struct db *db, const struct retention *keep, int64_t now)
{
	bool more = true;
	int st = 0;

	while (more && st == 0 && !rollup_stopping(keep)) {
		struct portion *p = portion_new();

		st = close_portion(db, p, keep, now, &more);
		portion_free(p);
	}
	return st;
}

int
rollup_pass(struct db *db, const struct retention *keep, int64_t now, int64_t *points)
{
	if (rollup_compact(db, keep, now, points) == -1 || rollup_close(db, keep, now) == -1)
		return DB_FAILED;
	return rollup_advance(db, keep, now);
}
