/* SPDX-License-Identifier: MIT */
#include "traceback.h"

#include <string.h>

#include "text.h"
#include "traceback_reader.h"

const struct traceback_frame reader_no_frame = {
    .function = {"", 0}, .file = {"", 0}, .source = {"", 0}};

/* ---- exceptions and frames -------------------------------------------------------- */

static struct traceback_exception *
begin(struct traceback_exception *e, int depth, enum relation relation)
{
	*e = (struct traceback_exception){
	    .relation = relation, .type = span_empty, .message = span_empty, .depth = depth};
	return e;
}

struct traceback_exception *
reader_open(struct reader *r, int depth, enum relation relation)
{
	struct traceback *t = r->out;
	struct traceback_exception *e = &t->exceptions[t->n];

	if (t->n < TRACEBACK_MAX_EXCEPTIONS)
		t->n++;
	return begin(e, depth, relation);
}

struct traceback_exception *
reader_open_last(struct reader *r, int depth, enum relation relation)
{
	struct traceback *t = r->out;

	if (t->n == TRACEBACK_MAX_EXCEPTIONS)
		memmove(&t->exceptions[0], &t->exceptions[1], --t->n * sizeof t->exceptions[0]);
	return reader_open(r, depth, relation);
}

/* Room for one more frame, of which there is always one more than counts. */
static struct traceback_frame *
frame_room(struct reader *r, struct traceback_exception *e)
{
	size_t room = e->nframes;

	/* It grows at the powers of two. */
	if (room == 0 || (room >= 8 && (room & (room - 1)) == 0)) {
		struct traceback_frame *more =
		    arena_alloc(r->mem, (room == 0 ? 8 : 2 * room) * sizeof *more);

		if (room > 0)
			memcpy(more, e->frames, room * sizeof *more);
		e->frames = more;
	}
	return &e->frames[room];
}

struct traceback_frame *
reader_frame(struct reader *r, struct traceback_exception *e, struct traceback_frame frame)
{
	struct traceback_frame *f = frame_room(r, e);

	*f = frame;
	if (e->nframes < TRACEBACK_MAX_FRAMES)
		e->nframes++;
	r->nframes++;
	return f;
}

struct traceback_frame *
reader_frame_last(struct reader *r, struct traceback_exception *e, struct traceback_frame frame)
{
	if (e->nframes == TRACEBACK_MAX_FRAMES)
		memmove(&e->frames[0], &e->frames[1], --e->nframes * sizeof e->frames[0]);
	return reader_frame(r, e, frame);
}

void
reader_turn_frames(struct traceback_exception *e)
{
	for (size_t i = 0; i < e->nframes / 2; i++) {
		struct traceback_frame kept = e->frames[i];

		e->frames[i] = e->frames[e->nframes - 1 - i];
		e->frames[e->nframes - 1 - i] = kept;
	}
}

void
reader_turn_exceptions(struct traceback *t)
{
	for (size_t i = 0; i < t->n / 2; i++) {
		struct traceback_exception kept = t->exceptions[i];

		t->exceptions[i] = t->exceptions[t->n - 1 - i];
		t->exceptions[t->n - 1 - i] = kept;
	}
	for (size_t i = 0; i < t->n; i++)
		t->exceptions[i].relation = i == 0 ? RELATION_NONE : RELATION_CAUSE;
}

/* ---- titles ------------------------------------------------------------------------- */

static bool
is_name(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if (c <= ' ' || strchr("\"'(){}[]<>,;=", c) != NULL)
			return false;
	}
	return s.len > 0;
}

void
reader_title(struct traceback_exception *e, struct span title)
{
	size_t colon;

	title = span_trim(title);
	colon = span_find(title, ": ");
	if (is_name(title))
		e->type = span_ends(title, ":") ? span_to(title, title.len - 1) : title;
	else if (colon != SIZE_MAX && is_name(span_to(title, colon))) {
		e->type = span_to(title, colon);
		e->message = span_trim(span_from(title, colon + 1));
	} else
		e->message = title;
}

void
reader_continue(struct traceback_exception *e, struct span line)
{
	const char *from = e->message.len > 0 ? e->message.s : line.s;

	e->message = span_trim((struct span){from, (size_t)(line.s + line.len - from)});
}

/* ---- whose code ----------------------------------------------------------------------- */

/* Whether the path begins so; a backslash is a slash. */
static bool
path_starts(struct span path, const char *prefix)
{
	size_t i = 0;

	for (; prefix[i] != '\0' && i < path.len; i++)
		if (prefix[i] != path.s[i] && !(prefix[i] == '/' && path.s[i] == '\\'))
			return false;
	return prefix[i] == '\0';
}

bool
reader_is_library(struct span file)
{
	static const char *const folders[] = {"site-packages/", "dist-packages/", "node_modules/",
	    "bower_components/", "vendor/", "gems/", "lib/python", "lib/ruby/", "pkg/mod/",
	    "usr/lib/", "usr/share/", "usr/local/lib/", "usr/local/go/src/"};

	for (size_t at = 0; at < file.len; at++) {
		if (at > 0 && file.s[at - 1] != '/' && file.s[at - 1] != '\\')
			continue;
		for (size_t i = 0; i < NELEM(folders); i++)
			if (path_starts(span_from(file, at), folders[i]))
				return true;
	}
	return false;
}

/* ---- the text --------------------------------------------------------------------------- */

void
traceback_read(struct arena *mem, const char *text, struct traceback *t)
{
	/* Those whose frames no other could take for its own come first. */
	static void (*const readers[])(struct reader *, struct span) = {
	    read_python, read_go, read_php, read_ruby, read_java, read_v8, read_dotnet, read_gecko};

	for (size_t i = 0; i < NELEM(readers); i++) {
		struct reader r = {.mem = mem, .out = t};

		t->n = 0;
		readers[i](&r, span_of(text));
		if (r.nframes > 0)
			return;
	}
	t->n = 0;
}
