/* SPDX-License-Identifier: MIT */
/* GET /api/containers: whose lines there are. */
#include <stdlib.h>
#include <string.h>

#include "logs.h"
#include "logs_sql.h"
#include "totals.h"

/* A container with lines, as the answer shows it. */
struct shown {
	const struct log_source *source;
	int64_t lines;
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(
	    ((const struct shown *)a)->source->name, ((const struct shown *)b)->source->name);
}

/*
 * GET /api/containers, GET /api/logs/containers: those that have lines, by name, with how
 * many, and the compose project and service they belong to.
 */
int
logs_containers(struct req *rq)
{
	struct logs_tallies tallies;
	struct log_sources sources;
	struct json_out *out;
	struct shown *shown;
	size_t n = 0;

	if (db_begin_read(rq->db) == DB_FAILED ||
	    log_sources_read(rq->db, rq->mem, &sources) == DB_FAILED ||
	    logs_tallies_read(rq->db, rq->mem, &tallies) == DB_FAILED)
		return req_fail_db(rq);
	shown = arena_alloc(rq->mem, (tallies.n + 1) * sizeof *shown);
	for (size_t i = 0; i < tallies.n; i++) {
		shown[n].source = log_sources_find(&sources, tallies.items[i].source);
		shown[n].lines = logs_tally_sum(&tallies.items[i]);
		n += shown[n].source != NULL && shown[n].lines > 0;
	}
	qsort(shown, n, sizeof *shown, by_name);
	out = req_json(rq);
	json_object(out, NULL);
	json_array(out, "containers");
	for (size_t i = 0; i < n; i++) {
		json_object(out, NULL);
		json_text(out, "name", shown[i].source->name);
		json_int(out, "log_count", shown[i].lines);
		json_text(out, "project", shown[i].source->project);
		json_text(out, "service", shown[i].source->service);
		json_object_end(out);
	}
	json_array_end(out);
	json_object_end(out);
	return 200;
}
