/* SPDX-License-Identifier: MIT */
#include "map_store.h"

#include <ctype.h>
#include <string.h>

#include "log.h"
#include "pack.h"
#include "relay_sql.h"
#include "text.h"

#define ZSTD_LEVEL 3
#define DEBUG_ID_MAX 64
#define PART_LIST 64 /* paths or names of a part; each ends with a NUL */
#define PART_BYTES_MAX ((size_t)64 << 20)

/* Before a path: whether the source is on the ignore list. */
#define FLAG_OWN 'o'
#define FLAG_IGNORED 'i'

struct map_part {
	struct map_part *next;
	enum part kind;
	int64_t number;
	const char *data;
	size_t len;
};

const char *
map_debug_id(struct arena *mem, const char *id)
{
	char *plain;

	if (id == NULL || *id == '\0' || strlen(id) > DEBUG_ID_MAX)
		return NULL;
	plain = arena_strdup(mem, id);
	for (char *p = plain; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return plain;
}

/* ---- reading one that came ---------------------------------------------------------- */

static void
add_part(struct map_parts *parts, enum part kind, int64_t number, const void *bytes, size_t len)
{
	struct map_part *part = arena_alloc(parts->mem, sizeof *part);
	size_t packed_len;
	char *packed = pack_zstd(parts->mem, bytes, len, ZSTD_LEVEL, &packed_len);

	*part = (struct map_part){NULL, kind, number, packed, packed_len};
	*parts->last = part;
	parts->last = &part->next;
}

static int
take_block(void *arg, int64_t start, const void *bytes, size_t len)
{
	add_part(arg, PART_BLOCK, start, bytes, len);
	return 0;
}

static int
take_content(void *arg, size_t i, const char *text, size_t len)
{
	add_part(arg, PART_CONTENT, (int64_t)i, text, len);
	return 0;
}

static void
end_list_part(struct map_parts *parts, struct map_list *list)
{
	if (list->text.len > 0)
		add_part(parts, list->kind, (int64_t)((list->n - 1) / PART_LIST), list->text.data,
		    list->text.len);
	list->text.len = 0;
}

static void
begin_item(struct map_parts *parts, struct map_list *list)
{
	if (list->n % PART_LIST == 0)
		end_list_part(parts, list);
	list->n++;
}

static int
take_source(void *arg, size_t i, const char *path, bool ignored)
{
	struct map_parts *parts = arg;

	(void)i; /* they come in order */
	begin_item(parts, &parts->sources);
	buf_char(&parts->sources.text, ignored ? FLAG_IGNORED : FLAG_OWN);
	buf_add(&parts->sources.text, path, strlen(path) + 1);
	return 0;
}

static int
take_name(void *arg, size_t i, const char *name)
{
	struct map_parts *parts = arg;

	(void)i;
	begin_item(parts, &parts->names);
	buf_add(&parts->names.text, name, strlen(name) + 1);
	return 0;
}

enum sourcemap_result
map_read(struct arena *mem, const cJSON *doc, struct map_parts *parts, const char **why)
{
	const struct sourcemap_sink sink = {
	    parts, take_block, take_source, take_content, take_name};
	enum sourcemap_result result;

	*parts =
	    (struct map_parts){.mem = mem, .sources.kind = PART_SOURCES, .names.kind = PART_NAMES};
	parts->last = &parts->first;
	result = sourcemap_read(mem, doc, &sink, why);
	end_list_part(parts, &parts->sources);
	end_list_part(parts, &parts->names);
	buf_free(&parts->sources.text);
	buf_free(&parts->names.text);
	return result;
}

/* ---- storing --------------------------------------------------------------------------- */

static int
put(struct db *db, const struct map_place *place, const struct map_parts *parts, int64_t *id)
{
	const struct db_value names[] = {
	    DB_TEXT(place->project), DB_TEXT(place->release), DB_TEXT(place->file_url)};

	if (db_run(db, SQL_MAP_DROP, names, NELEM(names)) == DB_FAILED ||
	    db_run(db, SQL_MAP_ADD,
		DB_ARGS(names[0], names[1], names[2], DB_TEXT(place->path),
		    DB_TEXT(place->debug_id), DB_INT(place->uploaded_at), DB_INT(place->bytes))) ==
		DB_FAILED)
		return DB_FAILED;
	*id = db_last_id(db);
	for (const struct map_part *part = parts->first; part != NULL; part = part->next)
		if (db_run(db, SQL_MAP_PART_ADD,
			DB_ARGS(DB_INT(*id), DB_INT(part->kind), DB_INT(part->number),
			    DB_BLOB(part->data, part->len))) == DB_FAILED)
			return DB_FAILED;
	return 0;
}

int
map_put(struct db *db, const struct map_place *place, const struct map_parts *parts, int64_t *id)
{
	if (db_begin(db) == DB_FAILED)
		return DB_FAILED;
	return db_finish(db, put(db, place, parts, id));
}

int
map_exists(struct db *db, const struct map_place *place)
{
	int find = db_prepare(db, "SELECT 1 FROM source_map WHERE project = ?1 AND release = ?2"
				  " AND file_url = ?3");
	int st;

	if (find == DB_FAILED)
		return DB_FAILED;
	st = db_query(db, find,
	    DB_ARGS(DB_TEXT(place->project), DB_TEXT(place->release), DB_TEXT(place->file_url)));
	if (st == DB_ROW)
		db_done(db, find);
	return st;
}

int
map_drop_older(struct db *db, int64_t before)
{
	int64_t id;

	if (db_number(db, SQL_MAP_OLD, DB_ARGS(DB_INT(before)), 0, &id) == DB_FAILED)
		return DB_FAILED;
	if (id == 0)
		return DB_NONE;
	if (db_begin(db) == DB_FAILED)
		return DB_FAILED;
	if (db_finish(db, db_run(db, SQL_MAP_DELETE, DB_ARGS(DB_INT(id)))) == DB_FAILED)
		return DB_FAILED;
	return DB_ROW;
}

/* ---- looking up --------------------------------------------------------------------------- */

/* The number in the first row, if it is one. */
static int
find_id(struct db *db, int statement, const struct db_value *values, int n, int64_t *id)
{
	if (db_number(db, statement, values, n, 0, id) == DB_FAILED)
		return DB_FAILED;
	return *id != 0 ? DB_ROW : DB_NONE;
}

int
map_find(struct db *db, const char *project, const char *debug_id, const char *release,
    const char *path, int64_t *id)
{
	int st = DB_NONE;

	if (debug_id != NULL)
		st = find_id(
		    db, SQL_MAP_OF_DEBUG_ID, DB_ARGS(DB_TEXT(project), DB_TEXT(debug_id)), id);
	if (st == DB_NONE && release != NULL)
		st = find_id(db, SQL_MAP_OF_RELEASE,
		    DB_ARGS(DB_TEXT(project), DB_TEXT(path), DB_TEXT(release)), id);
	if (st == DB_NONE)
		st = find_id(db, SQL_MAP_NEWEST, DB_ARGS(DB_TEXT(project), DB_TEXT(path)), id);
	return st;
}

/* Unpacks the column with a part's bytes; DB_NONE, and a line in the log, if it is damaged. */
static int
unpack_part(struct db *db, struct arena *mem, int statement, int column, int64_t id, char **out,
    size_t *len)
{
	size_t packed_len;
	const void *packed = db_blob(db, statement, column, &packed_len);
	enum pack_result result = unpack_zstd(mem, packed, packed_len, PART_BYTES_MAX, out, len);

	db_done(db, statement);
	if (result == PACK_OK)
		return DB_ROW;
	log_errorx("relay: source map %lld is damaged", (long long)id);
	return DB_NONE;
}

static int
load_block(struct db *db, struct arena *mem, int64_t id, int64_t key, struct map_block *block)
{
	char *bytes;
	int st = db_query(db, SQL_MAP_BLOCK, DB_ARGS(DB_INT(id), DB_INT(PART_BLOCK), DB_INT(key)));

	if (st != DB_ROW)
		return st;
	block->start = db_int(db, SQL_MAP_BLOCK, 0);
	if ((st = unpack_part(db, mem, SQL_MAP_BLOCK, 1, id, &bytes, &block->len)) != DB_ROW)
		return st;
	block->map_id = id;
	block->bytes = bytes;
	return db_number(db, SQL_MAP_BLOCK_END,
		   DB_ARGS(DB_INT(id), DB_INT(PART_BLOCK), DB_INT(block->start)), INT64_MAX,
		   &block->end) == DB_FAILED
		   ? DB_FAILED
		   : DB_ROW;
}

int
map_locate(struct db *db, struct arena *mem, int64_t id, struct sourcemap_position at,
    struct map_block *block, struct sourcemap_origin *origin)
{
	int64_t key = sourcemap_key(at.line, at.column);

	if (block->bytes == NULL || block->map_id != id || key < block->start ||
	    key >= block->end) {
		int st = load_block(db, mem, id, key, block);

		if (st != DB_ROW)
			return st;
	}
	return sourcemap_find(block->bytes, block->len, block->start, at, origin) ? DB_ROW
										  : DB_NONE;
}

static int
load_part(struct db *db, struct arena *mem, int64_t id, enum part kind, int64_t number, char **out,
    size_t *len)
{
	int st = db_query(db, SQL_MAP_PART, DB_ARGS(DB_INT(id), DB_INT(kind), DB_INT(number)));

	return st == DB_ROW ? unpack_part(db, mem, SQL_MAP_PART, 0, id, out, len) : st;
}

/* An item of a list; they end with a NUL each. */
static int
load_item(
    struct db *db, struct arena *mem, int64_t id, enum part kind, int32_t i, const char **item)
{
	char *text, *end;
	size_t len;
	int st;

	if (i < 0)
		return DB_NONE;
	if ((st = load_part(db, mem, id, kind, i / PART_LIST, &text, &len)) != DB_ROW)
		return st;
	end = text + len;
	for (i %= PART_LIST; i > 0 && text < end; i--)
		text += strlen(text) + 1;
	if (text >= end)
		return DB_NONE;
	*item = text;
	return DB_ROW;
}

int
map_source(
    struct db *db, struct arena *mem, int64_t id, int32_t source, const char **path, bool *ignored)
{
	const char *item;
	int st = load_item(db, mem, id, PART_SOURCES, source, &item);

	if (st != DB_ROW)
		return st;
	*ignored = *item == FLAG_IGNORED;
	*path = item + 1;
	return DB_ROW;
}

int
map_name(struct db *db, struct arena *mem, int64_t id, int32_t name, const char **text)
{
	return load_item(db, mem, id, PART_NAMES, name, text);
}

int
map_content(
    struct db *db, struct arena *mem, int64_t id, int32_t source, const char **text, size_t *len)
{
	char *content = NULL;
	int st = load_part(db, mem, id, PART_CONTENT, source, &content, len);

	*text = content;
	return st;
}
