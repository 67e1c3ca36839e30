/* SPDX-License-Identifier: MIT */
/* The store's reading side; store.h says how it is used. */
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "segment.h"
#include "text.h"

struct store *
store_new(struct db *db, const char *path)
{
	struct store *st = heap_alloc(sizeof *st);

	st->db = db;
	st->path = heap_strdup(path);
	return st;
}

void
store_free(struct store *st)
{
	if (st == NULL)
		return;
	for (size_t i = 0; i < NELEM(st->open); i++)
		db_close(st->open[i].db);
	free(st->path);
	free(st);
}

void
store_refresh(struct store *st)
{
	struct arena *mem = arena_new(512);

	for (size_t i = 0; i < NELEM(st->open); i++)
		if (st->open[i].id != 0 &&
		    access(segment_path(st, mem, st->open[i].id), F_OK) == -1)
			segment_close(st, st->open[i].id);
	arena_free(mem);
}

int
store_load(struct store *st, struct arena *mem, int64_t segment, int64_t chunk, struct chunk *out)
{
	struct db *db = segment == 0 ? st->db : segment_open(st, segment, false);
	int q = segment == 0 ? SQL_MINI : SQL_SEALED;
	const void *blob;
	size_t len;
	int result;

	if (db == NULL || (result = db_query(db, q, DB_ARGS(DB_INT(chunk)))) == DB_FAILED)
		return -1;
	if (result == DB_NONE) {
		log_errorx("logs: chunk %lld is not in segment %lld", (long long)chunk,
		    (long long)segment);
		return STORE_LOST;
	}
	blob = db_blob(db, q, 0, &len);
	result = chunk_unpack(mem, blob, len, out);
	db_done(db, q);
	if (result == 0)
		return 0;
	log_errorx(
	    "logs: chunk %lld of segment %lld is damaged", (long long)chunk, (long long)segment);
	return STORE_LOST;
}

int
store_match(struct store *st, struct arena *mem, int64_t segment, const char *expression,
    struct store_ids *out)
{
	struct db *db = segment_open(st, segment, false);
	struct buf ids = {0};
	int result;

	*out = (struct store_ids){0};
	if (db == NULL)
		return -1;
	result = db_query(db, SQL_SEALED_MATCH, DB_ARGS(DB_TEXT(expression)));
	for (; result == DB_ROW; result = db_next(db, SQL_SEALED_MATCH)) {
		int64_t id = db_int(db, SQL_SEALED_MATCH, 0);

		buf_add(&ids, &id, sizeof id);
	}
	if (result == DB_NONE && ids.len > 0) {
		out->ids = memcpy(arena_alloc(mem, ids.len), ids.data, ids.len);
		out->n = ids.len / sizeof *out->ids;
	}
	buf_free(&ids);
	return result;
}

static int
compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

bool
store_ids_have(const struct store_ids *set, int64_t id)
{
	return set->n > 0 && bsearch(&id, set->ids, set->n, sizeof *set->ids, compare_ids) != NULL;
}

int64_t
store_number(struct store *st, const char *name)
{
	int64_t value;

	(void)db_number(st->db, SQL_NUMBER, DB_ARGS(DB_TEXT(name)), 0, &value);
	return value;
}

int64_t
store_bytes(struct store *st)
{
	int64_t bytes;

	if (db_number(st->db, SQL_SEGMENTS_BYTES, DB_NO_ARGS, 0, &bytes) == -1)
		return -1;
	return bytes + db_bytes(st->db);
}
