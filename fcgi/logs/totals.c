/* SPDX-License-Identifier: MIT */
#include "totals.h"

#include <string.h>

#include "clock.h"
#include "logs.h"
#include "logs_sql.h"

#define COUNTING_US 200000

int
logs_tallies_read(struct db *db, struct arena *mem, struct logs_tallies *out)
{
	struct logs_tally *items = NULL;
	size_t n = 0, room = 0;
	int st;

	for (st = db_query(db, SQL_TALLY, DB_NO_ARGS); st == DB_ROW; st = db_next(db, SQL_TALLY)) {
		if (n == room) {
			struct logs_tally *more;

			room = room > 0 ? 2 * room : 32;
			more = arena_alloc(mem, room * sizeof *more);
			if (n > 0)
				memcpy(more, items, n * sizeof *more);
			items = more;
		}
		items[n].source = db_int(db, SQL_TALLY, 0);
		for (int level = 0; level < LEVELS; level++)
			items[n].lines[level] = db_int(db, SQL_TALLY, 1 + level);
		n++;
	}
	*out = (struct logs_tallies){items, n};
	return st == DB_FAILED ? DB_FAILED : 0;
}

int64_t
logs_tally_sum(const struct logs_tally *tally)
{
	int64_t sum = 0;

	for (int level = 0; level < LEVELS; level++)
		sum += tally->lines[level];
	return sum;
}

int64_t
logs_tallies_sum(const struct logs_tallies *tallies)
{
	int64_t sum = 0;

	for (size_t i = 0; i < tallies->n; i++)
		sum += logs_tally_sum(&tallies->items[i]);
	return sum;
}

/* Whether the kept counts answer: by source and level alone. */
static bool
is_kept(const struct filter *f)
{
	return !filter_by_text(f) && f->since == INT64_MIN && f->until == INT64_MAX &&
	       f->streams == ALL_STREAMS;
}

static int
total_kept(struct req *rq, struct logs_view *view, int64_t *total)
{
	struct logs_tallies tallies;

	if (logs_tallies_read(rq->db, rq->mem, &tallies) == DB_FAILED)
		return req_fail_db(rq);
	*total = 0;
	for (size_t i = 0; i < tallies.n; i++) {
		const struct log_source *source =
		    log_sources_find(&view->sources, tallies.items[i].source);

		if (source == NULL || !filter_wants_source(&view->filter, source))
			continue;
		for (int level = 0; level < LEVELS; level++)
			if (view->filter.levels & 1U << level)
				*total += tallies.items[i].lines[level];
	}
	return 0;
}

int
logs_total(struct req *rq, struct logs_view *view, int64_t *total, bool *exact)
{
	struct walk_request asked = {
	    .db = rq->db,
	    .store = logs_store(),
	    .filter = &view->filter,
	    .sources = &view->sources,
	    .deadline_us = clock_mono_us() + COUNTING_US,
	};
	enum walk_result result;

	if (is_kept(&view->filter)) {
		*exact = true;
		return total_kept(rq, view, total);
	}
	result = walk_count(&asked, total, exact);
	/* An expression that takes too long for all lines did find those of the page. */
	return result == WALK_FAILED ? logs_fail_walk(rq, result) : 0;
}
