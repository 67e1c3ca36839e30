/* SPDX-License-Identifier: MIT */
/* Source maps: the wire contract's vectors, sections, what is refused, blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "sourcemap.h"
#include "text.h"

#define BLOCKS_MAX 64
#define LIST_MAX 16

/* Everything that sourcemap_read() hands over. */
struct taken {
	struct {
		int64_t start;
		char *bytes;
		size_t len;
	} blocks[BLOCKS_MAX];
	size_t nblocks, nsources, nnames, ncontents;
	char *sources[LIST_MAX], *names[LIST_MAX], *contents[LIST_MAX];
	bool ignored[LIST_MAX];
};

static int
take_block(void *arg, int64_t start, const void *bytes, size_t len)
{
	struct taken *t = arg;

	if (t->nblocks == BLOCKS_MAX)
		return -1;
	t->blocks[t->nblocks].start = start;
	t->blocks[t->nblocks].bytes = malloc(len);
	t->blocks[t->nblocks].len = len;
	memcpy(t->blocks[t->nblocks++].bytes, bytes, len);
	return 0;
}

static int
take_source(void *arg, size_t i, const char *path, bool ignored)
{
	struct taken *t = arg;

	assert_int_equal(i, t->nsources);
	t->sources[i] = strdup(path);
	t->ignored[t->nsources++] = ignored;
	return 0;
}

static int
take_content(void *arg, size_t i, const char *text, size_t len)
{
	struct taken *t = arg;

	t->contents[i] = strndup(text, len);
	t->ncontents++;
	return 0;
}

static int
take_name(void *arg, size_t i, const char *name)
{
	struct taken *t = arg;

	assert_int_equal(i, t->nnames);
	t->names[t->nnames++] = strdup(name);
	return 0;
}

static void
forget(struct taken *t)
{
	for (size_t i = 0; i < t->nblocks; i++)
		free(t->blocks[i].bytes);
	for (size_t i = 0; i < LIST_MAX; i++) {
		free(t->sources[i]);
		free(t->names[i]);
		free(t->contents[i]);
	}
	*t = (struct taken){0};
}

static enum sourcemap_result
take(struct arena *mem, const char *json, struct taken *t, const char **why)
{
	const struct sourcemap_sink sink = {t, take_block, take_source, take_content, take_name};
	const char *no_json;
	size_t at;
	const cJSON *doc = json_parse(mem, json, strlen(json), &no_json, &at);

	assert_non_null(doc);
	*why = NULL;
	return sourcemap_read(mem, doc, &sink, why);
}

/* As the relay does: the block with the greatest start that is not behind the place. */
static bool
find(const struct taken *t, uint32_t line, uint32_t column, struct sourcemap_origin *o)
{
	size_t i = t->nblocks;

	while (i > 0 && t->blocks[i - 1].start > sourcemap_key(line, column))
		i--;
	return i > 0 && sourcemap_find(t->blocks[i - 1].bytes, t->blocks[i - 1].len,
			    t->blocks[i - 1].start, (struct sourcemap_position){line, column}, o);
}

/* ---- places, from 1 as engines print them ------------------------------------------ */

static const struct {
	const char *mappings;
	uint32_t line, column; /* generated */
	int source;            /* -1: maps to nothing */
	uint32_t original_line, original_column;
	int name; /* -1: none */
} places[] = {
    {"AAAA", 1, 1, 0, 1, 1, -1},
    {"AAAA;AACA", 2, 1, 0, 2, 1, -1},
    {"AAAA,EACA", 1, 1, 0, 1, 1, -1},
    {"AAAA,EACA", 1, 3, 0, 2, 1, -1},
    {"AAAA,KACA", 1, 4, 0, 1, 1, -1},
    {"AAAA,KACA", 1, 7, 0, 2, 1, -1},
    {"AAAAA", 1, 1, 0, 1, 1, 0},
    {"", 1, 1, -1, 0, 0, -1},
    {"AAAA", 2, 1, -1, 0, 0, -1},
    {"EAAA", 1, 1, -1, 0, 0, -1},        /* before the first */
    {"AAAA,E,EACA", 1, 4, -1, 0, 0, -1}, /* a segment of one field maps to nothing */
    {";;;AAAA", 4, 100, 0, 1, 1, -1},
    {"AAAA;;AACA", 2, 1, -1, 0, 0, -1},
    {"ACAA", 1, 1, 1, 1, 1, -1},
    {"KAAA,FACA", 1, 4, 0, 2, 1, -1}, /* not in order of columns */
    {"KAAA,FACA", 1, 7, 0, 1, 1, -1},
    {"AAAA,AACA", 1, 1, 0, 1, 1, -1}, /* two at one place: met exactly, the first */
    {"AAAA,AACA", 1, 2, 0, 2, 1, -1}, /* else the last */
    {"AIAA", 1, 1, -1, 0, 0, -1},     /* a source that is not there */
    {"AAAAE", 1, 1, 0, 1, 1, -1},     /* a name that is not there */
    {",,AAAA,,", 1, 1, 0, 1, 1, -1},
};

static void
a_place_is_looked_up(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(places); i++) {
		struct taken t = {0};
		struct sourcemap_origin o = {0};
		const char *why;
		bool found;

		assert_int_equal(
		    take(mem,
			arena_printf(mem,
			    "{\"version\":3,\"sources\":[\"a\",\"b\"],\"names\":[\"n\"],"
			    "\"mappings\":\"%s\"}",
			    places[i].mappings),
			&t, &why),
		    SOURCEMAP_OK);
		found = find(&t, places[i].line - 1, places[i].column - 1, &o);
		if (found != (places[i].source >= 0) ||
		    (found &&
			(o.source != places[i].source || o.line + 1 != places[i].original_line ||
			    o.column + 1 != places[i].original_column || o.name != places[i].name)))
			fail_msg(
			    "%s at %u:%u", places[i].mappings, places[i].line, places[i].column);
		forget(&t);
	}
	arena_free(mem);
}

/* ---- what is refused ------------------------------------------------------------------ */

static const struct {
	const char *json, *why; /* a part of the sentence */
} refused[] = {
    {"[]", "JSON object"},
    {"{}", "version"},
    {"{\"version\":\"3\",\"sources\":[],\"mappings\":\"\"}", "version"},
    {"{\"version\":3,\"sources\":[]}", "mappings"},
    {"{\"version\":3,\"mappings\":\"\"}", "sources"},
    {"{\"version\":3,\"sources\":{},\"mappings\":\"\"}", "sources"},
    {"{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"A!\"}", "VLQ"},
    {"{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AA\"}", "1, 4 or 5"},
    {"{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAAAA\"}", "VLQ"},
    {"{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"D\"}", "before the beginning"},
    {"{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AADA\"}", "before the beginning"},
    {"{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"ADAA\"}", "before the beginning"},
    {"{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAAD\"}", "before the beginning"},
    {"{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"ggggggggggggA\"}", "VLQ"},
    {"{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"+/////DAAA,+/////DAAA\"}",
	"before the beginning"},
    {"{\"version\":3,\"sections\":[{}]}", "section"},
    {"{\"version\":3,\"sections\":[{\"offset\":{\"line\":0},\"map\":{}}]}", "section"},
    {"{\"version\":3,\"sections\":[{\"offset\":{\"line\":-1,\"column\":0},\"map\":{}}]}",
	"section"},
    {"{\"version\":3,\"sections\":[{\"offset\":{\"line\":0,\"column\":0},\"url\":\"x\"}]}",
	"section"},
    {"{\"sections\":[{\"offset\":{\"line\":5,\"column\":0},\"map\":{\"version\":3,\"sources\":[],"
     "\"mappings\":\"\"}},{\"offset\":{\"line\":4,\"column\":9},\"map\":{\"version\":3,"
     "\"sources\":[],\"mappings\":\"\"}}]}",
	"in order"},
};

static void
what_is_no_map_is_refused_with_a_reason(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(refused); i++) {
		struct taken t = {0};
		const char *why;

		if (take(mem, refused[i].json, &t, &why) != SOURCEMAP_INVALID || why == NULL ||
		    strstr(why, refused[i].why) == NULL)
			fail_msg("%s: %s", refused[i].json, why);
		forget(&t);
	}
	arena_free(mem);
}

static void
sections_within_sections_end_somewhere(void **state)
{
	struct arena *mem = arena_new(4096);
	const char *map = "{\"version\":3,\"sources\":[],\"mappings\":\"\"}", *why;
	struct taken t = {0};

	(void)state;
	for (int i = 0; i < 6; i++)
		map = arena_printf(
		    mem, "{\"sections\":[{\"offset\":{\"line\":0,\"column\":0},\"map\":%s}]}", map);
	assert_int_equal(take(mem, map, &t, &why), SOURCEMAP_INVALID);
	assert_non_null(strstr(why, "deep"));
	arena_free(mem);
}

/* ---- the rest of a map -------------------------------------------------------------------- */

static void
sources_are_joined_with_their_root_and_come_with_content_and_marks(void **state)
{
	struct arena *mem = arena_new(4096);
	struct taken t = {0};
	const char *why;

	(void)state;
	assert_int_equal(
	    take(mem,
		"{\"version\":3,\"sourceRoot\":\"root\",\"sources\":[\"a\",null,\"/b\","
		"\"webpack://x/c\",7],\"sourcesContent\":[\"A\",null,\"C\"],\"names\":[\"n\",1],"
		"\"ignoreList\":[2,99,-1,\"0\"],\"mappings\":\"\"}",
		&t, &why),
	    SOURCEMAP_OK);
	assert_int_equal(t.nsources, 5);
	assert_string_equal(t.sources[0], "root/a");
	assert_string_equal(t.sources[2], "/b");
	assert_string_equal(t.sources[3], "webpack://x/c");
	assert_int_equal(t.ncontents, 2);
	assert_string_equal(t.contents[0], "A");
	assert_null(t.contents[1]);
	assert_string_equal(t.contents[2], "C");
	assert_true(t.ignored[2]);
	assert_false(t.ignored[0]);
	assert_int_equal(t.nnames, 2);
	assert_string_equal(t.names[1], "");
	forget(&t);
	arena_free(mem);
}

/* A megabyte before each of thousands of sources was gigabytes. */
static void
a_root_is_not_put_before_more_than_a_map_may_hold(void **state)
{
	enum { ROOT = 12 << 20 };
	struct arena *mem = arena_new(4096);
	struct taken t = {0};
	struct buf map = {0};
	const char *why;

	(void)state;
	buf_str(&map, "{\"version\":3,\"sources\":[\"a\",\"/b\",\"c\",\"d\"],\"mappings\":\"\","
		      "\"sourceRoot\":\"");
	memset(buf_room(&map, ROOT), 'r', ROOT);
	map.len += ROOT;
	buf_str(&map, "\"}");
	assert_int_equal(take(mem, buf_text(&map), &t, &why), SOURCEMAP_INVALID);
	assert_string_equal(why, "'sources' are too long with 'sourceRoot' before each");
	assert_int_equal(t.nsources, 3);
	forget(&t);
	buf_free(&map);
	arena_free(mem);
}

static void
sections_become_one_map_and_end_where_the_next_begins(void **state)
{
	struct arena *mem = arena_new(4096);
	struct sourcemap_origin o;
	struct taken t = {0};
	const char *why;

	(void)state;
	/* The second line of the first section lies behind the beginning of the second. */
	assert_int_equal(
	    take(mem,
		"{\"version\":3,\"sections\":["
		"{\"offset\":{\"line\":0,\"column\":0},\"map\":{\"version\":3,\"sources\":[\"a\"],"
		"\"names\":[\"x\"],\"mappings\":\"AAAAA;AACA\"}},"
		"{\"offset\":{\"line\":0,\"column\":10},\"map\":{\"version\":3,\"sources\":[\"b\"],"
		"\"names\":[\"y\"],\"mappings\":\"AAAAA;AACA\"}}]}",
		&t, &why),
	    SOURCEMAP_OK);
	assert_int_equal(t.nsources, 2);
	assert_true(find(&t, 0, 9, &o));
	assert_int_equal(o.source, 0);
	assert_int_equal(o.name, 0);
	assert_true(find(&t, 0, 10, &o));
	assert_int_equal(o.source, 1);
	assert_int_equal(o.name, 1);
	assert_true(find(&t, 1, 0, &o));
	assert_int_equal(o.source, 1);
	assert_int_equal(o.line, 1);
	forget(&t);
	arena_free(mem);
}

static void
many_segments_become_blocks_and_each_is_found(void **state)
{
	enum { SEGMENTS = 20 * SOURCEMAP_BLOCK };
	struct arena *mem = arena_new(4096);
	struct buf json = {0};
	struct taken t = {0};
	const char *why;

	(void)state;
	buf_str(&json, "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAA");
	for (int i = 1; i < SEGMENTS; i++)
		buf_str(&json, i % 1000 == 0 ? ";AACA" : ",CAAC");
	buf_str(&json, "\"}");
	assert_int_equal(take(mem, buf_text(&json), &t, &why), SOURCEMAP_OK);
	assert_in_range(t.nblocks, 20, 21);
	for (uint32_t line = 0, column = 0; line < SEGMENTS / 1000; column++) {
		struct sourcemap_origin o;

		if (column == 1000) {
			column = 0;
			line++;
			continue;
		}
		assert_true(find(&t, line, column, &o));
		assert_int_equal(o.line, line);
		assert_int_equal(o.column, line * 999 + column);
	}
	forget(&t);
	buf_free(&json);
	arena_free(mem);
}

static void
segments_of_one_place_are_never_parted(void **state)
{
	struct arena *mem = arena_new(4096);
	struct buf json = {0};
	struct sourcemap_origin o;
	struct taken t = {0};
	const char *why;

	(void)state;
	buf_str(&json, "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAA");
	for (int i = 1; i < 3 * SOURCEMAP_BLOCK; i++)
		buf_str(&json, ",AACA");
	buf_str(&json, "\"}");
	assert_int_equal(take(mem, buf_text(&json), &t, &why), SOURCEMAP_OK);
	assert_int_equal(t.nblocks, 1);
	assert_true(find(&t, 0, 0, &o));
	assert_int_equal(o.line, 0);
	assert_true(find(&t, 0, 1, &o));
	assert_int_equal(o.line, 3 * SOURCEMAP_BLOCK - 1);
	forget(&t);
	buf_free(&json);
	arena_free(mem);
}

static int
stop(void *arg, size_t i, const char *name)
{
	(void)arg;
	(void)i;
	(void)name;
	return -1;
}

static void
who_takes_may_stop(void **state)
{
	struct arena *mem = arena_new(4096);
	struct taken t = {0};
	const struct sourcemap_sink sink = {&t, take_block, take_source, take_content, stop};
	const char *json = "{\"version\":3,\"sources\":[],\"names\":[\"a\"],\"mappings\":\"\"}",
		   *why;
	size_t at;

	(void)state;
	assert_int_equal(
	    sourcemap_read(mem, json_parse(mem, json, strlen(json), &why, &at), &sink, &why),
	    SOURCEMAP_STOPPED);
	forget(&t);
	arena_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_place_is_looked_up),
	    cmocka_unit_test(what_is_no_map_is_refused_with_a_reason),
	    cmocka_unit_test(sections_within_sections_end_somewhere),
	    cmocka_unit_test(sources_are_joined_with_their_root_and_come_with_content_and_marks),
	    cmocka_unit_test(a_root_is_not_put_before_more_than_a_map_may_hold),
	    cmocka_unit_test(sections_become_one_map_and_end_where_the_next_begins),
	    cmocka_unit_test(many_segments_become_blocks_and_each_is_found),
	    cmocka_unit_test(segments_of_one_place_are_never_parted),
	    cmocka_unit_test(who_takes_may_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
