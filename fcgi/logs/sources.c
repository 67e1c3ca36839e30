/* SPDX-License-Identifier: MIT */
#include "sources.h"

#include <string.h>

#include "logs_sql.h"

int
log_sources_read(struct db *db, struct arena *mem, struct log_sources *out)
{
	struct log_source *items = NULL;
	size_t n = 0, room = 0;
	int st;

	for (st = db_query(db, SQL_SOURCES, DB_NO_ARGS); st == DB_ROW;
	     st = db_next(db, SQL_SOURCES)) {
		if (n == room) {
			struct log_source *more;

			room = room > 0 ? 2 * room : 32;
			more = arena_alloc(mem, room * sizeof *more);
			if (n > 0)
				memcpy(more, items, n * sizeof *more);
			items = more;
		}
		items[n++] = (struct log_source){
		    .id = db_int(db, SQL_SOURCES, 0),
		    .name = db_text_copy(db, SQL_SOURCES, 1, mem),
		    .project = db_text_copy(db, SQL_SOURCES, 2, mem),
		    .service = db_text_copy(db, SQL_SOURCES, 3, mem),
		};
	}
	*out = (struct log_sources){items, n};
	return st == DB_FAILED ? DB_FAILED : 0;
}

const struct log_source *
log_sources_find(const struct log_sources *sources, int64_t id)
{
	size_t low = 0, high = sources->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sources->items[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < sources->n && sources->items[low].id == id ? &sources->items[low] : NULL;
}

const char *
log_sources_name(const struct log_sources *sources, int64_t id)
{
	const struct log_source *source = log_sources_find(sources, id);

	return source != NULL ? source->name : "";
}
