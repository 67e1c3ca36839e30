/* SPDX-License-Identifier: MIT */
/* The original's DSN keys and source maps; a key or a map that is there already stays as it is. */
#include <string.h>

#include "clock.h"
#include "import.h"
#include "json.h"
#include "key_store.h"
#include "log.h"
#include "map_store.h"
#include "stack.h"

#define KEYS                                                                                       \
	"SELECT public_key, project, created_at, active FROM dsn_keys ORDER BY id /*scan: all*/"
#define MAPS                                                                                       \
	"SELECT id, project, release, file_url, uploaded_at, map_content FROM source_maps"         \
	" WHERE id > ?1 ORDER BY id LIMIT 1"

static int
take_keys(struct import *in)
{
	int list = import_prepare(in, KEYS), row = DB_FAILED;

	if (list != DB_FAILED)
		row = db_query(in->from, list, DB_NO_ARGS);
	while (row == DB_ROW) {
		const char *key = db_text_copy(in->from, list, 0, in->mem);
		const char *project = db_text_copy(in->from, list, 1, in->mem);
		int64_t made = import_time(db_text(in->from, list, 2), 0) / NS_PER_SECOND;
		int added =
		    dsn_key_adopt(in->to, key, project, made, db_int(in->from, list, 3) != 0);

		in->taken[0] += added == DB_ROW;
		row = added == DB_FAILED ? DB_FAILED : db_next(in->from, list);
	}
	return row;
}

/* The map that the statement stands at. */
static int
take_map(struct import *in, int q)
{
	struct map_place place = {
	    .project = db_text_copy(in->from, q, 1, in->mem),
	    .release = db_text_copy(in->from, q, 2, in->mem),
	    .file_url = db_text_copy(in->from, q, 3, in->mem),
	    .uploaded_at = import_time(db_text(in->from, q, 4), 0) / NS_PER_SECOND,
	};
	const char *content = db_text_copy(in->from, q, 5, in->mem), *why = "it is no JSON";
	const cJSON *doc;
	struct map_parts parts;
	int64_t id;
	int known = map_exists(in->to, &place);

	if (known != DB_NONE)
		return known == DB_FAILED ? -1 : 0;
	if ((doc = import_json(in->mem, content)) == NULL ||
	    map_read(in->mem, doc, &parts, &why) != SOURCEMAP_OK) {
		log_warnx("the source map of %s in %s is passed over: %s", place.file_url,
		    place.release, why);
		return 0;
	}
	place.path = stack_path(in->mem, place.file_url, strlen(place.file_url));
	place.debug_id = map_debug_id(in->mem, sourcemap_debug_id(doc));
	place.bytes = (int64_t)strlen(content);
	in->taken[1]++;
	return map_put(in->to, &place, &parts, &id);
}

int
import_relay(struct import *in)
{
	int list = import_prepare(in, MAPS), row = DB_FAILED;
	int64_t after = 0;

	if (list == DB_FAILED || take_keys(in) == -1)
		return -1;
	while (!indexer_stopping() &&
	       (row = db_query(in->from, list, DB_ARGS(DB_INT(after)))) == DB_ROW) {
		int st;

		after = db_int(in->from, list, 0);
		st = take_map(in, list);
		db_done(in->from, list);
		arena_reset(in->mem);
		if (st == -1)
			return -1;
	}
	return row == DB_FAILED ? -1 : 0;
}
