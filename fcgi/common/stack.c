/* SPDX-License-Identifier: MIT */
/*
 * The forms of frames are those the engines print; none of them is specified, so
 * what does not look like one is left alone.
 */
#include "stack.h"

#include <string.h>

#include "text.h"

#define MAX_EVALS 16 /* in one another */

/* ---- places -------------------------------------------------------------------- */

/* Takes ":number" off the end; false if there is none. */
static bool
take_number(struct span *s, uint32_t *number)
{
	size_t at = s->len;

	while (at > 0 && s->s[at - 1] >= '0' && s->s[at - 1] <= '9')
		at--;
	if (at == 0 || s->s[at - 1] != ':' || !span_number(span_from(*s, at), number))
		return false;
	s->len = at - 1;
	return true;
}

/* "file:line:column" */
static bool
take_place(struct span s, struct stack_frame *f)
{
	if (!take_number(&s, &f->column) || !take_number(&s, &f->number) || s.len == 0)
		return false;
	f->file = s;
	return true;
}

/* The place in the brackets that end s, and where they open; brackets in it balance. */
static bool
last_brackets(struct span s, size_t *open)
{
	int depth = 0;

	if (s.len == 0 || s.s[s.len - 1] != ')')
		return false;
	for (size_t i = s.len; i-- > 0;) {
		if (s.s[i] == ')')
			depth++;
		else if (s.s[i] == '(' && --depth == 0) {
			*open = i;
			return i == 0 || s.s[i - 1] == ' ';
		}
	}
	return false;
}

static bool
is_native(struct span s)
{
	return span_is(s, "<anonymous>") || span_is(s, "native") || span_is(s, "[native code]") ||
	       span_starts(s, "index ") || span_starts(s, "wasm://");
}

/* ---- V8 ------------------------------------------------------------------------- */

/*
 * "eval at name (place), <anonymous>:1:1": what eval was given has no file, so the
 * frame is shown where eval was called; evals nest.  Each costs a look at the whole
 * line, which may be long, and not have come from an engine: so many are enough.
 */
static bool
take_eval(struct span s, struct stack_frame *f)
{
	for (int nested = 0; span_starts(s, "eval at "); nested++) {
		size_t comma = span_find_last(s, "), <anonymous>"), open;

		if (comma != SIZE_MAX)
			s.len = comma + 1;
		if (nested == MAX_EVALS || !last_brackets(s, &open))
			return false;
		s = span_trim((struct span){s.s + open + 1, s.len - open - 2});
	}
	return take_place(s, f);
}

static bool
take_v8_place(struct span s, struct stack_frame *f)
{
	if (is_native(s)) {
		f->native = true;
		f->file = s;
		return true;
	}
	return span_starts(s, "eval at ") ? take_eval(s, f) : take_place(s, f);
}

bool
stack_is_v8(struct span line, struct stack_frame *f)
{
	struct span rest = line;
	size_t open;

	if (!span_skip(&rest, "at "))
		return false;
	rest = span_trim(rest);
	*f = (struct stack_frame){.line = line, .name = span_empty, .v8 = true};
	if (span_starts(rest, "async ")) {
		f->async = true;
		rest = span_trim(span_from(rest, strlen("async ")));
	}
	if (last_brackets(rest, &open) &&
	    take_v8_place((struct span){rest.s + open + 1, rest.len - open - 2}, f)) {
		f->name = span_trim((struct span){rest.s, open});
		return true;
	}
	return take_place(rest, f);
}

/* ---- Firefox and Safari ----------------------------------------------------------- */

/* "file line 3 > eval:1:1": the line where eval was called; a column is not told. */
static bool
take_gecko_eval(struct span s, struct stack_frame *f)
{
	size_t at = span_find(s, " line "), digits;
	struct span rest;

	if (at == SIZE_MAX || at == 0)
		return false;
	rest = span_from(s, at + strlen(" line "));
	digits = span_digits(rest);
	if (!span_starts(span_from(rest, digits), " > ") ||
	    !span_number(span_to(rest, digits), &f->number) || f->number == 0)
		return false;
	f->file = span_to(s, at);
	f->column = 0;
	return true;
}

bool
stack_is_gecko(struct span line, struct stack_frame *f)
{
	size_t at = span_find(line, "@"), scheme = span_find(line, "://");
	struct span place = line;

	*f = (struct stack_frame){.line = line, .name = span_empty};
	/* Safari names an anonymous function by nothing at all; an @ may stand in its path. */
	if (at == SIZE_MAX || scheme < at) {
		if (scheme == SIZE_MAX || scheme == 0 || memchr(line.s, ' ', line.len) != NULL)
			return false;
	} else {
		f->name = (struct span){line.s, at};
		place = span_from(line, at + 1);
	}
	/* "async*name", "promise callback*name": what comes before was waited for. */
	for (size_t i = f->name.len; i-- > 0;)
		if (f->name.s[i] == '*') {
			f->async = true;
			f->name = span_from(f->name, i + 1);
			break;
		}
	if (is_native(place)) {
		f->native = true;
		f->file = place;
		return true;
	}
	return take_gecko_eval(place, f) || take_place(place, f);
}

/* ---- the text --------------------------------------------------------------------- */

size_t
stack_parse(const char *text, struct stack_frame *frames, size_t max)
{
	struct span rest = span_of(text), line;
	size_t n = 0;

	while (n < max && span_line(&rest, &line))
		n += stack_is_v8(span_trim(line), &frames[n]);
	/* A message may hold an address; in a stack of V8 only its own form counts. */
	if (n > 0)
		return n;
	rest = span_of(text);
	while (n < max && span_line(&rest, &line))
		n += stack_is_gecko(span_trim(line), &frames[n]);
	return n;
}

static void
write_frame(struct buf *out, const struct stack_frame *f, const struct stack_origin *o)
{
	const char *name = o->name != NULL ? o->name : "";

	if (!f->v8) {
		/* What stands before the name of a resumed function stays. */
		if (f->async)
			buf_add(out, f->line.s, (size_t)(f->name.s - f->line.s));
		buf_printf(out, "%s@%s:%u:%u", name, o->file, o->number, o->column);
		return;
	}
	buf_printf(out, "at %s", f->async ? "async " : "");
	if (*name != '\0')
		buf_printf(out, "%s (%s:%u:%u)", name, o->file, o->number, o->column);
	else
		buf_printf(out, "%s:%u:%u", o->file, o->number, o->column);
}

void
stack_rewrite(struct buf *out, const char *text, const struct stack_frame *frames,
    const struct stack_origin *origins, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct span line = frames[i].line;

		if (origins[i].file == NULL)
			continue;
		buf_add(out, text, (size_t)(line.s - text));
		write_frame(out, &frames[i], &origins[i]);
		text = line.s + line.len;
	}
	buf_str(out, text);
}

/* ---- names of files ----------------------------------------------------------------- */

const char *
stack_path(struct arena *mem, const char *file, size_t len)
{
	struct span s = {file, len};
	size_t scheme = span_find(s, "://");
	const char *end;

	if (scheme != SIZE_MAX && scheme > 0) {
		const char *slash;

		s = span_from(s, scheme + 3);
		slash = memchr(s.s, '/', s.len);
		s = slash != NULL ? span_from(s, (size_t)(slash - s.s)) : (struct span){"/", 1};
	} else if (span_starts(s, "~/"))
		s = span_from(s, 1);
	for (end = s.s; end < s.s + s.len && *end != '?' && *end != '#';)
		end++;
	s.len = (size_t)(end - s.s);
	while (span_starts(s, "./"))
		s = span_from(s, 2);
	return arena_printf(mem, "%s%.*s", span_starts(s, "/") ? "" : "/", (int)s.len, s.s);
}

/* "webpack://shop/./src/a.js?1a2b" names src/a.js; the part before it may have slashes. */
static const char *
without_webpack(struct arena *mem, const char *source)
{
	const char *path = strstr(source, "://") + 3, *dot = strstr(path, "/./");

	if (dot != NULL)
		path = dot + 3;
	else if ((path = strchr(path, '/')) != NULL)
		path++;
	else
		return source;
	return arena_strndup(mem, path, strcspn(path, "?"));
}

const char *
stack_source_name(struct arena *mem, const char *source)
{
	if (text_starts_with(source, "webpack://") ||
	    text_starts_with(source, "webpack-internal://"))
		source = without_webpack(mem, source);
	for (;;) {
		if (text_starts_with(source, "./"))
			source += 2;
		else if (text_starts_with(source, "../"))
			source += 3;
		else
			return source;
	}
}

bool
stack_is_own(const char *source)
{
	static const char *const foreign[] = {"node_modules/", "bower_components/",
	    "webpack/bootstrap", "webpack/runtime/", "(webpack)/", "-extension://"};

	for (size_t i = 0; i < NELEM(foreign); i++)
		if (strstr(source, foreign[i]) != NULL)
			return false;
	return *source != '<' && *source != '[' && *source != '\0' &&
	       !text_starts_with(source, "vite/") && !text_starts_with(source, "node:");
}
