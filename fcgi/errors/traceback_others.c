/* SPDX-License-Identifier: MIT */
/* Go, PHP and Ruby. */
#include <string.h>

#include "text.h"
#include "traceback_reader.h"

/* ---- Go ------------------------------------------------------------------------------ */

/* "\t/srv/edge/route.go:41 +0x1d" */
static bool
go_place(struct span line, struct traceback_frame *f)
{
	size_t at, digits;

	if (!span_skip(&line, "\t") || (at = span_find(line, ".go:")) == SIZE_MAX)
		return false;
	f->file = span_to(line, at + strlen(".go"));
	line = span_from(line, at + strlen(".go:"));
	digits = span_digits(line);
	return span_number(span_to(line, digits), &f->line) &&
	       (digits == line.len || line.s[digits] == ' ');
}

/* "main.(*Router).route(0xc00, {0x1})", "created by net/http.(*Server).Serve in goroutine 1" */
static struct span
go_name(struct span line)
{
	size_t end;

	if (span_skip(&line, "created by "))
		end = span_find(line, " ");
	else
		end = span_ends(line, ")") ? span_find_last(line, "(") : SIZE_MAX;
	return end == SIZE_MAX ? line : span_to(line, end);
}

/*
 * The standard library has no dot in the first part of its path, and lies in the
 * toolchain's folder or, with -trimpath, in none; a dependency then has its version.
 */
static bool
is_go_own(const struct traceback_frame *f)
{
	static const char *const packages[] = {"bufio", "bytes", "compress", "container", "context",
	    "crypto", "database", "encoding", "errors", "fmt", "internal", "io", "log", "net", "os",
	    "reflect", "regexp", "runtime", "sort", "strconv", "strings", "sync", "syscall",
	    "testing", "text", "time"};

	if (reader_is_library(f->file) || span_has(f->file, "/src/runtime/") ||
	    span_starts(f->function, "runtime.") || span_is(f->function, "panic"))
		return false;
	if (f->file.s[0] == '/')
		return true;
	for (size_t i = 0; i < NELEM(packages); i++) {
		size_t len = strlen(packages[i]);

		if (span_starts(f->file, packages[i]) && f->file.len > len && f->file.s[len] == '/')
			return false;
	}
	return !span_has(f->file, "@v");
}

/*
 * A line for the function, and one with a tab for the place; the first
 * goroutine is the one that fell.
 */
void
read_go(struct reader *r, struct span text)
{
	struct traceback_exception *now = reader_open(r, 0, RELATION_NONE);
	struct span above = span_empty, line;

	while (span_line(&text, &line)) {
		struct traceback_frame f = reader_no_frame;

		if (now->nframes > 0 && span_starts(line, "goroutine "))
			return;
		if (go_place(line, &f) && above.len > 0 && above.s[0] != '\t') {
			f.function = go_name(above);
			f.in_app = is_go_own(&f);
			reader_frame(r, now, f);
		} else if (span_starts(line, "panic: "))
			reader_continue(now, span_from(line, strlen("panic: ")));
		above = line;
	}
}

/* ---- PHP ------------------------------------------------------------------------------ */

/* "/srv/Cart.php:12" or "/srv/Cart.php(12)"; false if it is no place. */
static bool
php_place(struct span s, struct traceback_frame *f)
{
	size_t at;

	if (span_ends(s, ")")) {
		s.len--;
		at = span_find_last(s, "(");
	} else
		at = span_find_last(s, ":");
	if (at == SIZE_MAX || at == 0 || !span_number(span_from(s, at + 1), &f->line))
		return false;
	f->file = span_to(s, at);
	f->in_app = !reader_is_library(f->file) && !span_starts(f->file, "phar://");
	return true;
}

/* "PHP Fatal error:  Uncaught Type: message in /srv/Cart.php:12", "Next Type: ..." */
static bool
php_head(struct traceback_exception *now, struct span head, struct traceback_frame *f)
{
	size_t uncaught, in;

	head = span_trim(head);
	uncaught = span_find(head, "Uncaught ");
	if (uncaught != SIZE_MAX)
		head = span_from(head, uncaught + strlen("Uncaught "));
	else
		span_skip(&head, "Next ");
	in = span_find_last(head, " in ");
	if (in == SIZE_MAX || !php_place(span_from(head, in + strlen(" in ")), f))
		return false;
	reader_title(now, span_to(head, in));
	return true;
}

struct php {
	struct reader *r;
	struct traceback_exception *now;
	struct span head;              /* what was said since the last frame */
	struct traceback_frame raised; /* where the next line's function was left */
	bool placed;
};

/*
 * "#0 /srv/index.php(7): Shop\Cart->add('x', 3)" tells where a function was called from;
 * so its place is that of the frame around it, and the first place stands in the head.
 */
static bool
php_frame(struct php *p, struct span line)
{
	size_t digits, colon, open;
	struct span call, place;

	if (!span_skip(&line, "#") || (digits = span_digits(line)) == 0)
		return false;
	call = span_from(line, digits);
	if (!span_skip(&call, " "))
		return false;
	colon = span_find(call, "): ");
	if (span_starts(call, "[internal function]: ")) {
		place = span_empty;
		call = span_from(call, strlen("[internal function]: "));
	} else if (span_is(call, "{main}"))
		place = span_empty;
	else if (colon != SIZE_MAX) {
		place = span_to(call, colon + 1);
		call = span_from(call, colon + strlen("): "));
	} else
		return false;
	if (span_is(span_to(line, digits), "0")) {
		p->now = reader_open_last(p->r, 0, RELATION_NONE);
		p->raised = reader_no_frame;
		p->placed = php_head(p->now, p->head, &p->raised);
	}
	if (p->now == NULL)
		return false;
	open = span_find(call, "(");
	p->raised.function = open != SIZE_MAX ? span_to(call, open) : call;
	/* Without its head the first place is not known. */
	if (p->placed || p->raised.file.len > 0)
		reader_frame(p->r, p->now, p->raised);
	p->raised = reader_no_frame;
	p->placed = true;
	if (place.len > 0)
		(void)php_place(place, &p->raised);
	p->head = span_empty;
	return true;
}

/* The exception that led to the next is printed before it. */
void
read_php(struct reader *r, struct span text)
{
	struct php p = {.r = r, .head = span_empty, .raised = reader_no_frame};
	struct span line;

	while (span_line(&text, &line)) {
		if (php_frame(&p, line) || span_starts(line, "Stack trace:"))
			continue;
		if (p.head.len == 0 || span_starts(line, "Next "))
			p.head = line;
		else
			p.head.len = (size_t)(line.s + line.len - p.head.s);
	}
	reader_turn_exceptions(r->out);
}

/* ---- Ruby ------------------------------------------------------------------------------ */

/* "/app/cart.rb:3:in `add': no such line (KeyError)"; the title is empty if there is none. */
static bool
ruby_frame(struct span line, struct traceback_frame *f, struct span *title)
{
	size_t in = span_find(line, ":in `"), colon, end;

	if (in == SIZE_MAX)
		in = span_find(line, ":in '");
	if (in == SIZE_MAX)
		return false;
	f->file = span_to(line, in);
	line = span_from(line, in + strlen(":in `"));
	colon = span_find_last(f->file, ":");
	if (colon == SIZE_MAX || colon == 0 ||
	    !span_number(span_from(f->file, colon + 1), &f->line) ||
	    (end = span_find(line, "'")) == SIZE_MAX)
		return false;
	f->file = span_to(f->file, colon);
	f->function = span_to(line, end);
	f->in_app = !span_starts(f->file, "<internal:") && !reader_is_library(f->file);
	line = span_from(line, end + 1);
	*title = span_skip(&line, ": ") ? line : span_empty;
	return true;
}

/* "no such line (KeyError)": the message may go on below. */
static void
ruby_title(struct traceback_exception *e, struct span title)
{
	size_t open = span_find_last(title, " (");

	if (open != SIZE_MAX && span_ends(title, ")")) {
		e->type = span_to(span_from(title, open + 2), title.len - open - 3);
		e->message = span_to(title, open);
	} else
		e->message = title;
}

/*
 * Either where it was raised comes first, with the title, and the cause behind it; or
 * all of it the other way round, as Ruby 2.5 to 2.7 print to a terminal.
 */
void
read_ruby(struct reader *r, struct span text)
{
	bool oldest_first = span_has(text, "Traceback (most recent call last)");
	struct traceback_exception *now = NULL;
	bool titled = false;
	struct span line;

	while (span_line(&text, &line)) {
		struct traceback_frame f = reader_no_frame;
		struct span words = span_trim(line), title;
		size_t digits = span_digits(words);

		/* "2: from ", "from " */
		if (digits > 0 && span_starts(span_from(words, digits), ": from "))
			words = span_from(words, digits + strlen(": "));
		span_skip(&words, "from ");
		if (!ruby_frame(words, &f, &title))
			continue;
		if (now == NULL || (oldest_first ? titled : title.len > 0)) {
			now = oldest_first
				  ? reader_open_last(r, 0, RELATION_NONE)
				  : reader_open(r, 0, now == NULL ? RELATION_NONE : RELATION_CAUSE);
			titled = false;
		}
		if (title.len > 0) {
			ruby_title(now, title);
			titled = true;
		}
		if (oldest_first)
			reader_frame_last(r, now, f);
		else
			reader_frame(r, now, f);
	}
	if (!oldest_first)
		return;
	for (size_t i = 0; i < r->out->n; i++)
		reader_turn_frames(&r->out->exceptions[i]);
	reader_turn_exceptions(r->out);
}
