/* SPDX-License-Identifier: MIT */
/* Reading a map; what becomes of its segments is sourcemap_block.c's. */
#include "sourcemap.h"

#include <stdlib.h>
#include <string.h>

#include "sourcemap_block.h"
#include "text.h"
#include "vlq.h"

#define JOINED_MAX ((size_t)32 << 20)

/* What is being built; the totals run over the whole file. */
struct builder {
	struct arena *mem;
	const struct sourcemap_sink *sink;
	const char **why;
	struct blocks blocks;
	size_t nsources, nnames; /* of the sections before this one */
	size_t joined;           /* bytes of sources with their sourceRoot before them */
};

/* One map, which may be a section of an index map. */
struct section {
	const cJSON *map;
	struct sourcemap_position at;   /* its offset in the generated file */
	struct sourcemap_position stop; /* where the next one begins */
	size_t nsources, nnames;        /* of its own */
};

static const struct sourcemap_position nowhere = {UINT32_MAX, UINT32_MAX};

const char *
sourcemap_debug_id(const cJSON *doc)
{
	const char *id = json_get_text(doc, "debugId");

	return id != NULL ? id : json_get_text(doc, "debug_id");
}

static bool
invalid(struct builder *b, const char *why)
{
	*b->why = why;
	return false;
}

/* ---- mappings -------------------------------------------------------------------- */

/* The segments of one generated line that must be put in order. */
struct line {
	struct segment *segments;
	size_t n, cap;
};

static int
by_column(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void
line_add(struct line *line, struct segment s)
{
	if (line->n == line->cap) {
		line->cap = line->cap > 0 ? line->cap * 2 : 256;
		line->segments = heap_resize(line->segments, line->cap * sizeof s);
	}
	s.order = line->n;
	line->segments[line->n++] = s;
}

static bool
is_before(uint32_t line, uint32_t column, struct sourcemap_position stop)
{
	return line < stop.line || (line == stop.line && column < stop.column);
}

/*
 * Adds a segment to the blocks, shifted by the section's offset.  What points to a
 * source that is not there maps to nothing, to such a name, has none.
 */
static bool
place_segment(struct builder *b, const struct section *sec, struct segment s)
{
	uint64_t column = (uint64_t)s.column + (s.line == 0 ? sec->at.column : 0);

	if (s.kind == NAMED && (size_t)s.name >= sec->nnames)
		s.kind = MAPPED;
	if (s.kind != UNMAPPED && (size_t)s.source >= sec->nsources)
		s.kind = UNMAPPED;
	/* The offset's column counts on the section's first line alone. */
	s.column = (uint32_t)column;
	s.line += sec->at.line;
	s.source += (int32_t)b->nsources;
	s.name += (int32_t)b->nnames;
	if (column > INT32_MAX || !is_before(s.line, s.column, sec->stop))
		return true;
	return blocks_add(&b->blocks, &s);
}

/* Puts the segments of a finished line in order. */
static bool
line_end(struct builder *b, const struct section *sec, struct line *line)
{
	bool ok = true;

	if (line->n > 1)
		qsort(line->segments, line->n, sizeof *line->segments, by_column);
	for (size_t i = 0; ok && i < line->n; i++)
		ok = place_segment(b, sec, line->segments[i]);
	line->n = 0;
	return ok;
}

/* Whether the columns of the line that begins at p only grow, as those of most maps do. */
static bool
is_sorted(const char *p, const char *end)
{
	while (p < end && *p != ';') {
		int32_t column;

		if (*p == ',') {
			p++;
			continue;
		}
		if (!vlq_take(&p, end, &column) || column < 0)
			return false;
		while (p < end && *p != ',' && *p != ';')
			p++;
	}
	return true;
}

/* Reads one segment's fields into the running totals: 1, 4 or 5 of them. */
static bool
take_fields(struct builder *b, const char **p, const char *end, struct segment *total)
{
	int32_t v[5];
	int64_t sums[5];
	size_t n = 0;

	while (*p < end && **p != ',' && **p != ';') {
		if (n == NELEM(v) || !vlq_take(p, end, &v[n]))
			return invalid(b, "mappings hold something that is no base64 VLQ");
		n++;
	}
	if (n != 1 && n != 4 && n != 5)
		return invalid(b, "a mapping must have 1, 4 or 5 fields");
	total->kind = n == 1 ? UNMAPPED : n == 4 ? MAPPED : NAMED;
	sums[0] = (int64_t)total->column + v[0];
	sums[1] = total->source + (n > 1 ? (int64_t)v[1] : 0);
	sums[2] = total->original_line + (n > 1 ? (int64_t)v[2] : 0);
	sums[3] = total->original_column + (n > 1 ? (int64_t)v[3] : 0);
	sums[4] = total->name + (n > 4 ? (int64_t)v[4] : 0);
	for (size_t i = 0; i < NELEM(sums); i++)
		if (sums[i] < 0 || sums[i] > INT32_MAX)
			return invalid(b, "a mapping points before the beginning of something, or "
					  "beyond any end");
	total->column = (uint32_t)sums[0];
	total->source = (int32_t)sums[1];
	total->original_line = (int32_t)sums[2];
	total->original_column = (int32_t)sums[3];
	total->name = (int32_t)sums[4];
	return true;
}

static bool
read_mappings(struct builder *b, const struct section *sec, const char *p)
{
	const char *end = p + strlen(p);
	struct segment total = {0};
	struct line line = {0};
	bool ok = true, sorted = is_sorted(p, end);

	while (ok && p < end) {
		if (*p == ';') {
			ok = line_end(b, sec, &line);
			total.line++;
			total.column = 0;
			sorted = is_sorted(++p, end);
		} else if (*p == ',')
			p++;
		else if (!(ok = take_fields(b, &p, end, &total)))
			break;
		else if (sorted)
			ok = place_segment(b, sec, total);
		else
			line_add(&line, total);
	}
	ok = ok && line_end(b, sec, &line);
	free(line.segments);
	return ok;
}

/* ---- the document ------------------------------------------------------------------ */

/*
 * sourceRoot and source as a path; an absolute source stands alone.  NULL if all of them are
 * longer than a map may be: a long root times many sources.
 */
static const char *
join_root(struct builder *b, const char *root, const char *source)
{
	size_t len = root != NULL ? strlen(root) : 0;

	if (len == 0 || *source == '/' || strstr(source, "://") != NULL)
		return source;
	if ((b->joined += len + strlen(source)) > JOINED_MAX)
		return NULL;
	return arena_printf(b->mem, "%s%s%s", root, root[len - 1] == '/' ? "" : "/", source);
}

/* For each of n sources whether it stands in ignoreList (x_google_ignoreList before). */
static const bool *
read_ignored(struct arena *mem, const cJSON *map, size_t n)
{
	const cJSON *list = json_get(map, "ignoreList"), *item;
	bool *ignored = arena_alloc(mem, n + 1);
	int64_t at;

	if (list == NULL)
		list = json_get(map, "x_google_ignoreList");
	for (item = cJSON_IsArray(list) ? list->child : NULL; item != NULL; item = item->next)
		if (json_is_int(item, 0, (int64_t)n, &at))
			ignored[at] = true;
	return ignored;
}

static bool
read_sources(struct builder *b, struct section *sec)
{
	const cJSON *sources = json_get(sec->map, "sources"), *source, *content;
	const char *root = json_get_text(sec->map, "sourceRoot");
	const bool *ignored;

	if (!cJSON_IsArray(sources))
		return invalid(b, "'sources' must be an array");
	ignored = read_ignored(b->mem, sec->map, (size_t)cJSON_GetArraySize(sources));
	content = json_get(sec->map, "sourcesContent");
	content = cJSON_IsArray(content) ? content->child : NULL;
	for (source = sources->child; source != NULL; source = source->next) {
		const char *name = cJSON_GetStringValue(source);
		const char *path = join_root(b, root, name != NULL ? name : "");
		size_t i = b->nsources + sec->nsources;

		if (path == NULL)
			return invalid(b, "'sources' are too long with 'sourceRoot' before each");
		if (b->sink->source(b->sink->arg, i, path, ignored[sec->nsources]) != 0 ||
		    (content != NULL && cJSON_IsString(content) &&
			b->sink->content(b->sink->arg, i, content->valuestring,
			    strlen(content->valuestring)) != 0)) {
			return false;
		}
		sec->nsources++;
		content = content != NULL ? content->next : NULL;
	}
	return true;
}

static bool
read_names(struct builder *b, struct section *sec)
{
	const cJSON *names = json_get(sec->map, "names"), *name;

	for (name = cJSON_IsArray(names) ? names->child : NULL; name != NULL; name = name->next) {
		const char *text = cJSON_GetStringValue(name);

		if (b->sink->name(
			b->sink->arg, b->nnames + sec->nnames, text != NULL ? text : "") != 0) {
			return false;
		}
		sec->nnames++;
	}
	return true;
}

static bool read_map(struct builder *, struct section, int depth);

/* Where a section may begin; with the lines of any text behind it a key still fits. */
#define SECTION_MAX (INT32_MAX / 2)

/* The offset of a section relative to what encloses it. */
static bool
section_offset(const cJSON *item, struct sourcemap_position base, struct sourcemap_position *at)
{
	const cJSON *offset = json_get(item, "offset");
	int64_t line, column;

	if (!json_is_int(json_get(offset, "line"), 0, SECTION_MAX, &line) ||
	    !json_is_int(json_get(offset, "column"), 0, SECTION_MAX, &column))
		return false;
	at->column = (uint32_t)column + (line == 0 ? base.column : 0);
	at->line = (uint32_t)line + base.line;
	return at->column <= SECTION_MAX && at->line <= SECTION_MAX;
}

static bool
read_sections(struct builder *b, const struct section *whole, const cJSON *sections, int depth)
{
	const cJSON *item;
	struct sourcemap_position last = {0};

	if (depth == SOURCEMAP_MAX_SECTIONS_DEPTH)
		return invalid(b, "sections are nested too deeply");
	for (item = sections->child; item != NULL; item = item->next) {
		struct section sec = {.map = json_get(item, "map"), .stop = whole->stop};
		struct sourcemap_position next;

		if (!cJSON_IsObject(sec.map) || !section_offset(item, whole->at, &sec.at))
			return invalid(b, "a section must have an offset and a map");
		if (is_before(sec.at.line, sec.at.column, last))
			return invalid(b, "sections must be in order");
		last = sec.at;
		if (section_offset(item->next, whole->at, &next) &&
		    is_before(next.line, next.column, sec.stop))
			sec.stop = next;
		if (!read_map(b, sec, depth + 1))
			return false;
	}
	return true;
}

static bool
read_map(struct builder *b, struct section sec, int depth)
{
	const cJSON *sections = json_get(sec.map, "sections");
	const char *mappings = json_get_text(sec.map, "mappings");

	if (cJSON_IsArray(sections))
		return read_sections(b, &sec, sections, depth);
	if (!cJSON_IsNumber(json_get(sec.map, "version")))
		return invalid(b, "'version' must be a number");
	if (mappings == NULL)
		return invalid(b, "'mappings' must be a string");
	if (!read_sources(b, &sec) || !read_names(b, &sec) || !read_mappings(b, &sec, mappings))
		return false;
	b->nsources += sec.nsources;
	b->nnames += sec.nnames;
	return true;
}

enum sourcemap_result
sourcemap_read(
    struct arena *mem, const cJSON *doc, const struct sourcemap_sink *sink, const char **why)
{
	struct builder b = {.mem = mem, .sink = sink, .why = why, .blocks.sink = sink};
	struct section whole = {.map = doc, .stop = nowhere};
	bool ok;

	if (!cJSON_IsObject(doc)) {
		*why = "a source map must be a JSON object";
		return SOURCEMAP_INVALID;
	}
	*why = NULL;
	ok = read_map(&b, whole, 0);
	ok = blocks_end(&b.blocks) && ok;
	return ok ? SOURCEMAP_OK : *why != NULL ? SOURCEMAP_INVALID : SOURCEMAP_STOPPED;
}
