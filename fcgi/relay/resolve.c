/* SPDX-License-Identifier: MIT */
#include "resolve.h"

#include <string.h>

#include "map_store.h"
#include "scope.h"
#include "stack.h"
#include "text.h"

#define CONTEXT_LINES 5 /* on either side */
#define CONTEXT_WIDTH 300
#define FILES_MAX 32 /* of one report; a file beyond is looked up each time */
#define NAME_BYTES 200
#define PATH_BYTES 500
/* Bytes of source that are read for the names of one report's functions: 50 ms or so. */
#define SCOPE_BUDGET ((size_t)8 << 20)
/* Bytes of sources that are loaded for one report: a stranger names as many as there are. */
#define CONTENT_BUDGET ((size_t)16 << 20)
/* A report beyond this gets no more source around its frames; the tracker takes 1 MiB. */
#define CONTEXT_BUDGET ((size_t)512 << 10)

struct trace_frame {
	struct stack_frame raw;
	struct stack_origin origin;
	const char *token;  /* the name that the map has for the place, or NULL */
	const char *reason; /* why it was not mapped; NULL if it was */
	bool in_app;
	enum scope_kind scope;
	const struct source *source; /* NULL: not mapped */
};

/* A source that frames come from. */
struct source {
	int64_t map_id;
	int32_t number;
	const char *path; /* for people; empty: the map does not name it */
	bool ignored;
	const char *content; /* NULL: the map has none */
	size_t content_len;
	const struct source *next;
};

struct resolver {
	struct req *rq;
	const char *release;
	const cJSON *debug_ids;
	struct map_block block;
	struct {
		struct span file;
		int64_t map_id;
	} files[FILES_MAX]; /* that were looked up; map 0: there is none */
	size_t nfiles;
	const struct source *sources; /* that were loaded */
	size_t content;               /* bytes of them */
	size_t scope_left;            /* bytes that may be read for names */
};

struct resolver *
resolver_new(struct req *rq, const char *release, const cJSON *debug_ids)
{
	struct resolver *r = arena_alloc(rq->mem, sizeof *r);

	r->rq = rq;
	r->release = release;
	r->debug_ids = debug_ids;
	r->scope_left = SCOPE_BUDGET;
	return r;
}

/* ---- which map ------------------------------------------------------------------------ */

/* The map of the frame's file, 0 for none. */
static int
find_map(struct resolver *r, const struct stack_frame *f, int64_t *id)
{
	struct arena *mem = r->rq->mem;
	const char *file;
	int st;

	for (size_t i = 0; i < r->nfiles; i++)
		if (r->files[i].file.len == f->file.len &&
		    memcmp(r->files[i].file.s, f->file.s, f->file.len) == 0) {
			*id = r->files[i].map_id;
			return 0;
		}
	*id = 0;
	file = arena_strndup(mem, f->file.s, f->file.len);
	st = map_find(r->rq->db, r->rq->service_text,
	    map_debug_id(mem, json_get_text(r->debug_ids, file)), r->release,
	    stack_path(mem, f->file.s, f->file.len), id);
	if (r->nfiles < FILES_MAX && st != DB_FAILED) {
		r->files[r->nfiles].file = f->file;
		r->files[r->nfiles++].map_id = *id;
	}
	return st == DB_FAILED ? DB_FAILED : 0;
}

/* ---- where it comes from ----------------------------------------------------------------- */

static const char *
cut(struct arena *mem, const char *text, size_t max)
{
	size_t len = strlen(text);

	return len <= max ? text : arena_strndup(mem, text, text_utf8_cut(text, len, max));
}

/* The source of that number, loaded once a report; NULL if the database failed. */
static const struct source *
load_source(struct resolver *r, int64_t map_id, int32_t number)
{
	struct arena *mem = r->rq->mem;
	struct source *new;
	const char *path = "";

	for (const struct source *s = r->sources; s != NULL; s = s->next)
		if (s->map_id == map_id && s->number == number)
			return s;
	new = arena_alloc(mem, sizeof *new);
	new->map_id = map_id;
	new->number = number;
	if (map_source(r->rq->db, mem, map_id, number, &path, &new->ignored) == DB_FAILED)
		return NULL;
	new->path = cut(mem, stack_source_name(mem, path), PATH_BYTES);
	if (r->content < CONTENT_BUDGET && map_content(r->rq->db, mem, map_id, number,
					       &new->content, &new->content_len) == DB_FAILED)
		return NULL;
	r->content += new->content_len;
	new->next = r->sources;
	r->sources = new;
	return new;
}

/* In which function of its source the place lies. */
static void
find_scope(struct resolver *r, const struct sourcemap_origin *o, struct trace_frame *f)
{
	const struct source *s = f->source;
	const char *name;

	f->scope = SCOPE_UNKNOWN;
	if (s->content == NULL || s->content_len > r->scope_left)
		return;
	r->scope_left -= s->content_len;
	f->scope = scope_find(r->rq->mem, s->content, s->content_len, o->line, o->column, &name);
	if (f->scope == SCOPE_NAMED)
		f->origin.name = cut(r->rq->mem, name, NAME_BYTES);
}

/* Everything the map says of an origin. */
static int
take_origin(struct resolver *r, int64_t id, const struct sourcemap_origin *o, struct trace_frame *f)
{
	const struct source *s = load_source(r, id, o->source);
	int st;

	if (s == NULL)
		return DB_FAILED;
	if (*s->path == '\0') {
		f->reason = "the source map does not name the source of this place";
		return 0;
	}
	if ((st = map_name(r->rq->db, r->rq->mem, id, o->name, &f->token)) == DB_FAILED)
		return DB_FAILED;
	f->token = st == DB_ROW ? cut(r->rq->mem, f->token, NAME_BYTES) : NULL;
	f->source = s;
	f->origin.file = s->path;
	f->origin.number = o->line + 1;
	f->origin.column = o->column + 1;
	f->in_app = !s->ignored && stack_is_own(s->path);
	find_scope(r, o, f);
	return 0;
}

/* Maps one frame, or says why not. */
static int
map_frame(struct resolver *r, struct trace_frame *f)
{
	const struct stack_frame *raw = &f->raw;
	struct sourcemap_position at = {raw->number - 1, raw->column - 1};
	struct sourcemap_origin origin;
	int64_t id;
	int st;

	f->in_app =
	    !raw->native && stack_is_own(arena_strndup(r->rq->mem, raw->file.s, raw->file.len));
	if (raw->native) {
		f->reason = "the engine's own code";
		return 0;
	}
	if (find_map(r, raw, &id) == DB_FAILED)
		return DB_FAILED;
	if (id == 0) {
		f->reason = arena_printf(r->rq->mem, "no source map was uploaded for %s",
		    stack_path(r->rq->mem, raw->file.s, raw->file.len));
		return 0;
	}
	if (raw->number == 0 || raw->column == 0) {
		f->reason = "code given to eval, of which the engine tells no column";
		return 0;
	}
	st = map_locate(r->rq->db, r->rq->mem, id, at, &r->block, &origin);
	if (st == DB_FAILED)
		return DB_FAILED;
	if (st == DB_NONE) {
		f->reason = "the source map has nothing for this place";
		return 0;
	}
	return take_origin(r, id, &origin, f);
}

/* ---- what the function is called -------------------------------------------------------------- */

/*
 * Functions that call what they are given: Firefox does not show them, so where one
 * is the token of the calling frame, the function called is another.
 */
static bool
calls_back(const char *name)
{
	static const char *const names[] = {"map", "forEach", "filter", "reduce", "reduceRight",
	    "some", "every", "find", "findIndex", "findLast", "flatMap", "sort", "then", "catch",
	    "finally", "call", "apply", "bind", "replace", "replaceAll", "from", "Promise",
	    "setTimeout", "setInterval", "requestAnimationFrame", "queueMicrotask",
	    "addEventListener", "all", "allSettled", "await", NULL};

	for (const char *const *n = names; *n != NULL; n++)
		if (strcmp(name, *n) == 0)
			return true;
	return false;
}

/*
 * A map names what is called at a place, not the function the place lies in.  So a
 * function is called what its own source says, else what the frame that calls it
 * says there, else as the engine printed it.
 */
static void
name_function(struct arena *mem, struct trace_frame *f, const struct trace_frame *caller)
{
	if (f->origin.file == NULL || f->origin.name != NULL || f->scope == SCOPE_TOP)
		return;
	if (caller != NULL && !caller->raw.async && caller->origin.file != NULL &&
	    caller->token != NULL && !calls_back(caller->token))
		f->origin.name = caller->token;
	else
		f->origin.name = arena_strndup(mem, f->raw.name.s, f->raw.name.len);
}

int
trace_read(struct resolver *r, const char *stack, struct trace *out)
{
	struct arena *mem = r->rq->mem;
	struct stack_frame *raw = arena_alloc(mem, STACK_MAX_FRAMES * sizeof *raw);
	struct stack_origin *origins = arena_alloc(mem, STACK_MAX_FRAMES * sizeof *origins);
	struct buf text = {0};
	size_t n = stack_parse(stack, raw, STACK_MAX_FRAMES);

	*out =
	    (struct trace){.frames = arena_alloc(mem, (n + 1) * sizeof *out->frames), .nframes = n};
	for (size_t i = 0; i < n; i++) {
		out->frames[i].raw = raw[i];
		if (map_frame(r, &out->frames[i]) == DB_FAILED)
			return DB_FAILED;
	}
	for (size_t i = 0; i < n; i++) {
		name_function(mem, &out->frames[i], i + 1 < n ? &out->frames[i + 1] : NULL);
		origins[i] = out->frames[i].origin;
		out->mapped += origins[i].file != NULL;
	}
	stack_rewrite(&text, stack, raw, origins, n);
	out->text = arena_strndup(mem, text.data, text.len);
	buf_free(&text);
	return 0;
}

/* ---- frames on the wire --------------------------------------------------------------------------- */

static void
write_context(struct json_out *out, const struct trace_frame *f)
{
	const struct source *s = f->source;
	uint32_t here = f->origin.number, from = here > CONTEXT_LINES ? here - CONTEXT_LINES : 1;
	size_t len, left;
	const char *line;

	if (s->content == NULL || out->buf->len > CONTEXT_BUDGET ||
	    (line = scope_line(s->content, s->content_len, from - 1, &len)) == NULL)
		return;
	json_object(out, "context");
	json_int(out, "start", from);
	json_array(out, "lines");
	for (uint32_t at = from; line != NULL && at <= here + CONTEXT_LINES; at++) {
		json_text_len(out, NULL, line, text_utf8_cut(line, len, CONTEXT_WIDTH));
		left = s->content_len - (size_t)(line - s->content);
		line = scope_line(line, left, 1, &len);
	}
	json_array_end(out);
	json_object_end(out);
}

static void
write_frame(struct json_out *out, const struct trace_frame *f)
{
	const struct stack_frame *raw = &f->raw;

	json_object(out, NULL);
	if (f->origin.file != NULL) {
		json_text(out, "function", f->origin.name != NULL ? f->origin.name : "");
		json_text(out, "file", f->origin.file);
		json_int(out, "line", f->origin.number);
		json_int(out, "column", f->origin.column);
		json_bool(out, "in_app", f->in_app);
		write_context(out, f);
	} else {
		json_text_len(out, "function", raw->name.s, raw->name.len);
		json_text_len(out, "file", raw->file.s, raw->file.len);
		if (raw->number > 0)
			json_int(out, "line", raw->number);
		if (raw->column > 0)
			json_int(out, "column", raw->column);
		json_bool(out, "in_app", f->in_app);
		json_text(out, "reason", f->reason);
	}
	json_object_end(out);
}

void
trace_write_frames(struct json_out *out, const struct trace *trace)
{
	if (trace->nframes == 0)
		return;
	json_array(out, "frames");
	for (size_t i = 0; i < trace->nframes; i++)
		write_frame(out, &trace->frames[i]);
	json_array_end(out);
}
