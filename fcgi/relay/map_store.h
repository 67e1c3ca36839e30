/* SPDX-License-Identifier: MIT */
/*
 * map_store: source maps in relay.db.  A map is taken apart once, when it comes;
 * finding a position reads one block of it.
 */
#ifndef MAP_STORE_H
#define MAP_STORE_H

#include "arena.h"
#include "db.h"
#include "json.h"
#include "sourcemap.h"

/* The kinds of parts; they stand in the file, so their numbers never change. */
enum part {
	PART_BLOCK = 1,   /* of mappings, by its start */
	PART_SOURCES = 2, /* paths, so many to a part */
	PART_NAMES = 3,   /* the same of names */
	PART_CONTENT = 4, /* the text of one source */
};

struct map_part;

/* A map that was read and is not stored yet; all of it lies in the arena. */
struct map_parts {
	struct arena *mem;
	struct map_part *first, **last;
	struct map_list {
		enum part kind;
		struct buf text; /* of the part that is not full yet */
		size_t n;        /* items of the whole map */
	} sources, names;
};

struct map_place {
	const char *project, *release, *file_url;
	const char *path;     /* stack_path() of file_url */
	const char *debug_id; /* lower case, or NULL */
	int64_t bytes;        /* of the map as it came */
	int64_t uploaded_at;  /* Unix seconds */
};

/*
 * A debug id in its one spelling, in the arena; NULL for none and
 * for what is too long to be one.
 */
const char *map_debug_id(struct arena *, const char *id);

/* Takes the document apart.  On SOURCEMAP_INVALID *why is a static sentence. */
enum sourcemap_result map_read(
    struct arena *, const cJSON *doc, struct map_parts *, const char **why);

/* Stores it in place of one for the same file.  Returns 0 or DB_FAILED. */
int map_put(struct db *, const struct map_place *, const struct map_parts *, int64_t *id);

/* Whether there is one for that file of that release.  DB_ROW, DB_NONE or DB_FAILED. */
int map_exists(struct db *, const struct map_place *);

/* Drops one map that was uploaded before then, if there is one.  DB_ROW, DB_NONE or DB_FAILED. */
int map_drop_older(struct db *, int64_t before);

/*
 * The newest map for a debug id (may be NULL), else for the path in that release
 * (may be NULL), else for the path in any.  DB_ROW, DB_NONE or DB_FAILED.
 */
int map_find(struct db *, const char *project, const char *debug_id, const char *release,
    const char *path, int64_t *id);

/* A block, kept by who asks, because the next frame often lies in the same one. */
struct map_block {
	int64_t map_id, start;
	const char *bytes; /* in the arena; NULL: none was read yet */
	size_t len;
	int64_t end; /* up to which position it answers */
};

/* Finds a position.  DB_ROW, DB_NONE (it maps to nothing) or DB_FAILED. */
int map_locate(struct db *, struct arena *, int64_t id, struct sourcemap_position,
    struct map_block *, struct sourcemap_origin *);

/* These three: DB_ROW with a text in the arena, DB_NONE or DB_FAILED. */
int map_source(
    struct db *, struct arena *, int64_t id, int32_t source, const char **path, bool *ignored);
int map_name(struct db *, struct arena *, int64_t id, int32_t name, const char **text);
int map_content(
    struct db *, struct arena *, int64_t id, int32_t source, const char **text, size_t *len);

#endif
