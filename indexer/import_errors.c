/* SPDX-License-Identifier: MIT */
/* The original's errors: a group is a row with a count; of its reports the last five are there. */
#include <string.h>

#include "clock.h"
#include "errors_adopt.h"
#include "import.h"
#include "json.h"

#define PORTION 100 /* groups of a transaction */

#define GROUPS                                                                                     \
	"SELECT id, fingerprint, project, exception_type, message, count, first_seen, last_seen,"  \
	" resolved, resolved_at, EXISTS (SELECT 1 FROM error_occurrences o"                        \
	" WHERE o.error_id = e.id AND request_method = 'BROWSER')"                                 \
	" FROM errors e WHERE id > ?1 ORDER BY id LIMIT ?2"

/* The first report stands with its group when it is not among the last five; ?2: taken before. */
#define OCCURRENCES                                                                                \
	"SELECT 0 AS id, first_seen AS timestamp, NULL AS request_url, NULL AS request_method,"    \
	" NULL AS user_id, traceback, NULL AS request_headers, NULL AS extra FROM errors"          \
	" WHERE id = ?1 AND NOT ?2 AND (SELECT count(*) FROM error_occurrences"                    \
	" WHERE error_id = ?1 /*scan: at most five*/) IN (0, iif(count > 5, 5, 0))"                \
	" UNION ALL SELECT id, timestamp, request_url, request_method, user_id, traceback,"        \
	" request_headers, extra FROM error_occurrences WHERE error_id = ?1"                       \
	" ORDER BY timestamp, id /*scan: at most six*/"

/* A row of the original's table errors. */
struct group {
	int64_t id, count;
	struct adopted adopted;
	int64_t key; /* import_hash() of what tells it from others */
};

static struct group
read_group(struct import *in, int q)
{
	struct group g = {.id = db_int(in->from, q, 0), .count = db_int(in->from, q, 5)};
	struct adopted *a = &g.adopted;
	const char *first = db_text_copy(in->from, q, 6, in->mem);
	const char *texts[4];

	a->fingerprint = db_text_copy(in->from, q, 1, in->mem);
	a->project = db_text_copy(in->from, q, 2, in->mem);
	a->type = db_text_copy(in->from, q, 3, in->mem);
	a->message = db_text_copy(in->from, q, 4, in->mem);
	a->first_seen = import_time(first, 0) / NS_PER_SECOND;
	a->last_seen =
	    import_time(db_text(in->from, q, 7), a->first_seen * NS_PER_SECOND) / NS_PER_SECOND;
	if (db_int(in->from, q, 8) != 0)
		a->resolved_at =
		    import_time(db_text(in->from, q, 9), a->last_seen * NS_PER_SECOND) /
		    NS_PER_SECOND;
	a->browser = db_int(in->from, q, 10) != 0;
	texts[0] = a->fingerprint;
	texts[1] = a->project;
	texts[2] = first;
	texts[3] = arena_printf(in->mem, "%lld", (long long)g.id);
	g.key = import_hash(in->mem, texts, 4);
	return g;
}

/* What the report said: the original kept headers and extra as JSON texts. */
static const cJSON *
read_report(struct import *in, int q, const char *message)
{
	static const char *const names[] = {
	    "request_url", "request_method", "user_id", "traceback", "request_headers", "extra"};
	struct buf text = {0};
	struct json_out out = {&text, false};
	const cJSON *doc;

	json_object(&out, NULL);
	json_text(&out, "message", message);
	for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++) {
		const char *value = db_text_copy(in->from, q, i + 2, in->mem);

		if (i >= 4 && import_json(in->mem, value) != NULL)
			json_raw(&out, names[i], value, strlen(value));
		else
			json_text(&out, names[i], value);
	}
	json_object_end(&out);
	doc = import_json(in->mem, buf_text(&text));
	buf_free(&text);
	return doc;
}

/* The one that the statement stands at, unless an earlier run has taken it. */
static int
take_occurrence(struct import *in, int q, const struct group *g, int64_t key)
{
	const char *at = db_text_copy(in->from, q, 1, in->mem);
	const char *const texts[] = {arena_printf(in->mem, "%lld %lld", (long long)g->key,
					 (long long)db_int(in->from, q, 0)),
	    at};
	const struct adopted_occurrence occurrence = {
	    .id = db_int(in->from, q, 0),
	    .at = import_time(at, g->adopted.last_seen * NS_PER_SECOND) / NS_PER_SECOND,
	    .doc = read_report(in, q, g->adopted.message),
	    .scrub = in->cfg->errors.scrub,
	    .most = in->cfg->errors.max_occurrences,
	};
	int64_t hash = import_hash(in->mem, texts, 2), noted;

	if (import_noted(in, "occurrence", hash, &noted) == -1)
		return -1;
	if (noted != 0)
		return 0;
	in->taken[2]++;
	if (error_adopt_occurrence(in->to, in->mem, key, &occurrence) == -1)
		return -1;
	return import_note(in, "occurrence", hash, 1);
}

static int
take_group(struct import *in, struct group *g)
{
	int list = import_prepare(in, OCCURRENCES), row = DB_FAILED;
	int64_t noted, key;

	if (g->count < 1 || g->count > IMPORT_COUNT_MAX) {
		in->passed_over++;
		return 0;
	}
	if (list == DB_FAILED || import_noted(in, "error", g->key, &noted) == -1)
		return -1;
	/* One that has not grown has nothing new. */
	if (g->count <= noted)
		return 0;
	g->adopted.count = g->count - noted;
	in->taken[0] += noted == 0;
	in->taken[1] += g->adopted.count;
	if (error_adopt(in->to, &g->adopted, &key) == -1 ||
	    import_note(in, "error", g->key, g->count) == -1)
		return -1;
	row = db_query(in->from, list, DB_ARGS(DB_INT(g->id), DB_INT(noted != 0)));
	while (row == DB_ROW)
		row = take_occurrence(in, list, g, key) == 0 ? db_next(in->from, list) : DB_FAILED;
	return row;
}

/* Takes so many groups behind *after in one transaction; 1 if there may be more, 0 or -1. */
static int
take_portion(struct import *in, int list, int64_t *after)
{
	int n = 0, row;

	if (db_begin(in->to) == -1)
		return -1;
	row = db_query(in->from, list, DB_ARGS(DB_INT(*after), DB_INT(PORTION)));
	for (; row == DB_ROW; n++) {
		struct group g = read_group(in, list);

		*after = g.id;
		row = take_group(in, &g) == 0 ? db_next(in->from, list) : DB_FAILED;
	}
	if (row == DB_FAILED || db_commit(in->to) == -1) {
		db_rollback(in->to);
		return -1;
	}
	arena_reset(in->mem);
	return n == PORTION;
}

int
import_errors(struct import *in)
{
	int list = import_prepare(in, GROUPS), more = list == DB_FAILED ? -1 : 1;
	int64_t after = 0;

	while (more == 1 && !indexer_stopping())
		more = take_portion(in, list, &after);
	return more == -1 ? -1 : 0;
}
