/* SPDX-License-Identifier: MIT */
/* GET /api/stats: how much there is. */
#include "clock.h"
#include "logs.h"
#include "logs_sql.h"
#include "totals.h"

static void
write_span(struct req *rq, struct json_out *out)
{
	static const char *const names[] = {"oldest_log", "newest_log"};

	for (int i = 0; i < 2; i++)
		if (db_is_null(rq->db, SQL_SPAN, i))
			json_null(out, names[i]);
		else
			logs_write_time(out, names[i], db_int(rq->db, SQL_SPAN, i));
	db_done(rq->db, SQL_SPAN);
}

static void
write_by_level(struct json_out *out, const struct logs_tallies *tallies)
{
	json_object(out, "by_level");
	for (int level = LEVELS - 1; level >= 0; level--) {
		int64_t lines = 0;

		for (size_t i = 0; i < tallies->n; i++)
			lines += tallies->items[i].lines[level];
		if (lines > 0)
			json_int(out, level_name((enum level)level), lines);
	}
	json_object_end(out);
}

static void
write_by_container(
    struct json_out *out, const struct logs_tallies *tallies, const struct log_sources *sources)
{
	json_object(out, "by_container");
	for (size_t i = 0; i < tallies->n; i++) {
		int64_t lines = logs_tally_sum(&tallies->items[i]);

		if (lines > 0)
			json_int(out, log_sources_name(sources, tallies->items[i].source), lines);
	}
	json_object_end(out);
}

/* GET /api/stats, GET /api/logs/stats: counts of all lines, by level and by container. */
int
logs_stats(struct req *rq)
{
	struct logs_tallies tallies;
	struct log_sources sources;
	struct json_out *out;

	if (db_begin_read(rq->db) == DB_FAILED ||
	    log_sources_read(rq->db, rq->mem, &sources) == DB_FAILED ||
	    logs_tallies_read(rq->db, rq->mem, &tallies) == DB_FAILED ||
	    db_query(rq->db, SQL_SPAN, DB_NO_ARGS) != DB_ROW)
		return req_fail_db(rq);
	out = req_json(rq);
	json_object(out, NULL);
	json_int(out, "total_logs", logs_tallies_sum(&tallies));
	write_span(rq, out);
	write_by_level(out, &tallies);
	write_by_container(out, &tallies, &sources);
	json_int(out, "bytes", store_bytes(logs_store()));
	json_object_end(out);
	return 200;
}
