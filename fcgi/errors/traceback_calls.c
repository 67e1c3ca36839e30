/* SPDX-License-Identifier: MIT */
/*
 * Java, JavaScript and .NET begin a frame with "at" (Firefox and Safari with nothing)
 * and print where it was raised first.
 */
#include <string.h>

#include "stack.h"
#include "text.h"
#include "traceback_reader.h"

/* Reads a line without blanks at its ends as a frame. */
typedef bool frame_reader(struct reader *, struct span line, struct traceback_frame *);

static bool
starts_with_any(struct span s, const char *const *prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_starts(s, prefixes[i]))
			return true;
	return false;
}

/* ---- Java --------------------------------------------------------------------------- */

/* "java.base/java.lang.Thread.run", "app//org.shop.Cart.add": what comes before the package. */
static struct span
without_module(struct span name)
{
	size_t slash = span_find_last(name, "/");

	return slash != SIZE_MAX && !span_has(name, "$$Lambda") ? span_from(name, slash + 1) : name;
}

static bool
is_java_own(struct span name)
{
	static const char *const packages[] = {"java.", "javax.", "jakarta.", "jdk.", "sun.",
	    "com.sun.", "kotlin.", "kotlinx.", "scala.", "groovy.", "clojure.", "android.",
	    "androidx.", "dalvik.", "com.android.", "com.google.", "org.apache.", "org.junit.",
	    "org.springframework.", "org.hibernate.", "org.eclipse.jetty.", "io.netty.",
	    "io.undertow.", "reactor.", "akka.", "com.fasterxml."};

	return !starts_with_any(without_module(name), packages, NELEM(packages));
}

/* "at org.shop.Cart.add(Cart.java:12) ~[shop.jar:1.0]" */
static bool
java_frame(struct reader *r, struct span line, struct traceback_frame *f)
{
	struct span place;
	size_t open, close, colon;

	(void)r;
	if (!span_skip(&line, "at ") || (open = span_find(line, "(")) == SIZE_MAX || open == 0 ||
	    memchr(line.s, ' ', open) != NULL)
		return false;
	place = span_from(line, open + 1);
	if ((close = span_find(place, ")")) == SIZE_MAX)
		return false;
	place = span_to(place, close);
	f->function = span_to(line, open);
	f->in_app = is_java_own(f->function);
	if (span_is(place, "Native Method") || span_is(place, "Unknown Source") ||
	    span_is(place, "<generated>"))
		return true;
	if (place.len == 0 || memchr(place.s, ' ', place.len) != NULL)
		return false;
	f->file = place;
	if ((colon = span_find_last(place, ":")) == SIZE_MAX)
		return span_has(place, ".");
	f->file = span_to(place, colon);
	return span_number(span_from(place, colon + 1), &f->line);
}

/*
 * "... 11 more": the frames at the outer end are those of the exception around this
 * one, which stands before it, as far in for a cause, less far for what was suppressed.
 */
static bool
take_more(struct reader *r, struct traceback_exception *now, struct span line)
{
	const struct traceback_exception *around = now;
	size_t digits;
	uint32_t n;

	if (!span_skip(&line, "... ") || (digits = span_digits(line)) == 0 ||
	    !span_is(span_from(line, digits), " more") || !span_number(span_to(line, digits), &n))
		return false;
	while (around > r->out->exceptions) {
		around--;
		if (around->depth < now->depth ||
		    (around->depth == now->depth && now->relation == RELATION_CAUSE))
			break;
	}
	if (around == now || n > around->nframes)
		return true;
	for (size_t i = around->nframes - n; i < around->nframes; i++)
		reader_frame(r, now, around->frames[i]);
	return true;
}

/* ---- JavaScript ------------------------------------------------------------------------ */

static bool
from_engine(struct reader *r, const struct stack_frame *raw, struct traceback_frame *f)
{
	f->function = raw->name;
	f->line = raw->number;
	f->column = raw->column;
	f->file = raw->file;
	f->in_app = !raw->native && !reader_is_library(f->file) &&
		    stack_is_own(arena_strndup(r->mem, f->file.s, f->file.len));
	return true;
}

static bool
v8_frame(struct reader *r, struct span line, struct traceback_frame *f)
{
	struct stack_frame raw;

	/* What Node prints besides of an error stands behind its last frame. */
	if (span_ends(line, " {"))
		line.len -= strlen(" {");
	else if (span_ends(line, ","))
		line.len--;
	return stack_is_v8(line, &raw) && from_engine(r, &raw, f);
}

static bool
gecko_frame(struct reader *r, struct span line, struct traceback_frame *f)
{
	struct stack_frame raw;

	return stack_is_gecko(line, &raw) && from_engine(r, &raw, f);
}

/* ---- both ------------------------------------------------------------------------------- */

/* "Caused by: pkg.Type: message", "[cause]: Type: message {" */
static bool
take_head(struct span line, struct span *title, enum relation *relation)
{
	static const struct {
		const char *words;
		enum relation relation;
	} heads[] = {
	    {"Caused by: ", RELATION_CAUSE},
	    {"[cause]: ", RELATION_CAUSE},
	    {"Suppressed: ", RELATION_SUPPRESSED},
	};

	for (size_t i = 0; i < NELEM(heads); i++)
		if (span_skip(&line, heads[i].words)) {
			*title = line;
			*relation = heads[i].relation;
			return true;
		}
	return false;
}

static void
read_calls(struct reader *r, struct span text, frame_reader *frame)
{
	struct traceback_exception *now = reader_open(r, 0, RELATION_NONE);
	bool members = false; /* inside of Node's "[errors]: [" */
	struct span line, title;
	enum relation relation;

	while (span_line(&text, &line)) {
		struct traceback_frame f = reader_no_frame;
		struct span words = span_trim(line);
		int depth = (int)span_indent(line);

		if (frame(r, words, &f))
			reader_frame(r, now, f);
		else if (words.len == 0 || take_more(r, now, words))
			continue;
		else if (take_head(words, &title, &relation)) {
			now = reader_open(r, depth, relation);
			reader_title(now, title);
		} else if (span_is(words, "[errors]: ["))
			members = true;
		else if (span_starts(words, "]"))
			members = false;
		else if (now->nframes == 0)
			reader_continue(now, line);
		else if (members && !span_starts(words, "}") && !span_starts(words, "... ")) {
			now = reader_open(r, depth, RELATION_GROUPED);
			reader_title(now, words);
		}
	}
}

void
read_java(struct reader *r, struct span text)
{
	read_calls(r, text, java_frame);
}

void
read_v8(struct reader *r, struct span text)
{
	read_calls(r, text, v8_frame);
}

void
read_gecko(struct reader *r, struct span text)
{
	read_calls(r, text, gecko_frame);
}

/* ---- .NET --------------------------------------------------------------------------------- */

/* "at Shop.Cart.Add(Int32 n) in /src/Cart.cs:line 40"; the place is not always known. */
static bool
dotnet_frame(struct span line, struct traceback_frame *f)
{
	static const char *const namespaces[] = {
	    "System.", "Microsoft.", "Newtonsoft.", "Npgsql.", "Grpc.", "MediatR.", "Autofac."};
	size_t in, at, open;

	if (!span_skip(&line, "at "))
		return false;
	in = span_find_last(line, " in ");
	at = span_find_last(line, ":line ");
	if (in != SIZE_MAX && at != SIZE_MAX && in < at) {
		if (!span_number(span_from(line, at + strlen(":line ")), &f->line))
			return false;
		f->file = span_from(span_to(line, at), in + strlen(" in "));
		line = span_to(line, in);
	}
	open = span_find(line, "(");
	if (open == SIZE_MAX || open == 0 || line.s[open - 1] == ' ' || !span_ends(line, ")") ||
	    memchr(line.s, '.', open) == NULL)
		return false;
	f->function = span_to(line, open);
	f->in_app =
	    !starts_with_any(line, namespaces, NELEM(namespaces)) && !reader_is_library(f->file);
	return true;
}

/* Exceptions whose frames are still to come, the outermost first. */
struct nest {
	struct traceback_exception *open[TRACEBACK_MAX_EXCEPTIONS];
	size_t n;
};

static void
nest_open(struct reader *r, struct nest *nest, struct span title)
{
	bool grouped = span_starts(title, "(Inner Exception #");
	struct traceback_exception *e;

	/* "(Inner Exception #1) System.Exception: b" */
	if (grouped && span_find(title, ") ") != SIZE_MAX)
		title = span_from(title, span_find(title, ") ") + 2);
	e = reader_open(r, 0, grouped ? RELATION_GROUPED : RELATION_CAUSE);
	reader_title(e, title);
	if (nest->n < NELEM(nest->open))
		nest->open[nest->n++] = e;
}

/* An inner exception comes with its title before the frames of the one around it. */
void
read_dotnet(struct reader *r, struct span text)
{
	struct nest nest = {.open = {reader_open(r, 0, RELATION_NONE)}, .n = 1};
	struct span line;

	while (span_line(&text, &line)) {
		struct traceback_frame f = reader_no_frame;
		struct traceback_exception *now = nest.open[nest.n - 1];
		struct span words = span_trim(line);
		size_t arrow = span_find(words, "---> ");
		bool closes = span_starts(words, "--- End of inner exception stack trace ---");

		if (span_ends(words, "<---")) {
			words = span_trim(span_to(words, words.len - strlen("<---")));
			closes = true;
		}
		if (dotnet_frame(words, &f))
			reader_frame(r, now, f);
		else if (arrow == 0 || (arrow != SIZE_MAX && now->nframes == 0))
			nest_open(r, &nest, span_from(words, arrow + strlen("---> ")));
		else if (now->nframes == 0 && !closes)
			reader_continue(now, line);
		if (closes && nest.n > 1)
			nest.n--;
	}
}
