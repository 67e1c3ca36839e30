/* SPDX-License-Identifier: MIT */
#include "frames.h"

#include <string.h>

#include "traceback.h"

/* Whether it has a text and no frames. */
static bool
wants_frames(const cJSON *exception)
{
	const cJSON *frames = json_get(exception, "frames");
	const char *text = json_get_text(exception, "traceback");

	return text != NULL && *text != '\0' && (frames == NULL || frames->child == NULL);
}

static bool
any_wants_frames(const cJSON *doc)
{
	const cJSON *causes = json_get(doc, "causes");

	if (wants_frames(doc))
		return true;
	for (causes = causes != NULL ? causes->child : NULL; causes != NULL; causes = causes->next)
		if (wants_frames(causes))
			return true;
	return false;
}

static void
write_frame(struct json_out *out, const struct traceback_frame *f)
{
	json_object(out, NULL);
	json_text_len(out, "function", f->function.s, f->function.len);
	json_text_len(out, "file", f->file.s, f->file.len);
	if (f->line > 0)
		json_int(out, "line", f->line);
	if (f->column > 0)
		json_int(out, "column", f->column);
	json_bool(out, "in_app", f->in_app);
	if (f->source.len > 0) {
		json_object(out, "context");
		json_int(out, "start", f->line);
		json_array(out, "lines");
		json_text_len(out, NULL, f->source.s, f->source.len);
		json_array_end(out);
		json_object_end(out);
	}
	json_object_end(out);
}

static void
write_frames(struct json_out *out, const struct traceback_exception *e)
{
	json_array(out, "frames");
	for (size_t i = 0; i < e->nframes; i++)
		write_frame(out, &e->frames[i]);
	json_array_end(out);
}

static void
write_cause(struct json_out *out, const struct traceback_exception *e)
{
	static const char *const words[] = {
	    [RELATION_CAUSE] = "cause",
	    [RELATION_CONTEXT] = "context",
	    [RELATION_GROUPED] = "grouped",
	    [RELATION_SUPPRESSED] = "suppressed",
	};

	json_object(out, NULL);
	json_text_len(out, "exception_type", e->type.s, e->type.len);
	json_text_len(out, "message", e->message.s, e->message.len);
	if (e->relation != RELATION_NONE)
		json_text(out, "relation", words[e->relation]);
	write_frames(out, e);
	json_object_end(out);
}

/* The members of an exception but for those that will be written behind them. */
static void
write_others(struct json_out *out, const cJSON *exception, bool frames, bool causes)
{
	const cJSON *item;

	for (item = exception->child; item != NULL; item = item->next)
		if (!(frames && strcmp(item->string, "frames") == 0) &&
		    !(causes && strcmp(item->string, "causes") == 0))
			json_tree(out, item->string, item);
}

/* What its text tells, if that is wanted; t->n is 0 if it tells nothing. */
static void
read_text(struct arena *mem, const cJSON *exception, struct traceback *t)
{
	t->n = 0;
	if (wants_frames(exception))
		traceback_read(mem, json_get_text(exception, "traceback"), t);
}

/* A cause as the client sent it, with the frames of its text. */
static void
write_given_cause(struct json_out *out, struct arena *mem, const cJSON *cause)
{
	struct traceback t;

	read_text(mem, cause, &t);
	json_object(out, NULL);
	write_others(out, cause, t.n > 0, false);
	if (t.n > 0)
		write_frames(out, &t.exceptions[0]);
	json_object_end(out);
}

static void
write_read(struct json_out *out, struct arena *mem, const cJSON *doc)
{
	const cJSON *causes = json_get(doc, "causes"), *cause;
	bool given = causes != NULL && causes->child != NULL;
	struct traceback t;

	read_text(mem, doc, &t);
	write_others(out, doc, t.n > 0, given || t.n > 1);
	if (t.n > 0)
		write_frames(out, &t.exceptions[0]);
	if (!given && t.n < 2)
		return;
	json_array(out, "causes");
	/* What the client says of the causes is better than what its text says. */
	if (given)
		for (cause = causes->child; cause != NULL; cause = cause->next)
			write_given_cause(out, mem, cause);
	else
		for (size_t i = 1; i < t.n; i++)
			write_cause(out, &t.exceptions[i]);
	json_array_end(out);
}

void
frames_write(struct json_out *out, const char *members, size_t len)
{
	struct arena *mem = arena_new(0);
	char *text = arena_alloc(mem, len + 3);
	const char *why;
	const cJSON *doc;
	size_t at;

	text[0] = '{';
	memcpy(text + 1, members, len);
	text[len + 1] = '}';
	doc = json_parse(mem, text, len + 2, &why, &at);
	if (doc != NULL && any_wants_frames(doc))
		write_read(out, mem, doc);
	else
		json_raw(out, NULL, members, len);
	arena_free(mem);
}
