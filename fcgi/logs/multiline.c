/* SPDX-License-Identifier: MIT */
/* The rules in their order; what a trace looks like is in trace.c. */
#include "multiline.h"

#include <stdlib.h>
#include <string.h>

#include "ansi.h"
#include "arena.h"
#include "clock.h"
#include "trace.h"

#define SILENCE_NS (NS_PER_SECOND / 20)
#define SILENCE_TRACE_NS NS_PER_SECOND
#define TEXT_KEEP 4096 /* bytes kept by a stream that is idle */

struct kept {
	size_t start, len; /* in text */
	int64_t ns, at;
	bool cut;
};

struct multiline {
	enum multiline_mode mode;
	bool (*starts)(void *, const char *, size_t);
	void *starts_arg;

	/* The open entry.  Lines from sure on are only looked ahead. */
	struct buf text;
	struct kept *lines;
	size_t n, size, sure;
	struct trace trace;
	bool alone;    /* nothing joins it: JSON */
	bool is_trace; /* a machine was sure of it */
	bool full;     /* a line would have gone on with it, and there was no room */
	enum level level;

	struct buf plain; /* the line at hand without terminal codes */
};

struct multiline *
multiline_new(
    enum multiline_mode mode, bool (*starts)(void *, const char *, size_t), void *starts_arg)
{
	struct multiline *m = heap_alloc(sizeof *m);

	m->mode = mode;
	m->starts = starts;
	m->starts_arg = starts_arg;
	return m;
}

void
multiline_free(struct multiline *m)
{
	if (m == NULL)
		return;
	buf_free(&m->text);
	buf_free(&m->plain);
	free(m->lines);
	free(m);
}

/* ---- the open entry ------------------------------------------------------------- */

static struct span
line_at(const struct multiline *m, size_t i)
{
	return (struct span){m->text.data + m->lines[i].start, m->lines[i].len};
}

static void
keep(struct multiline *m, const struct multiline_line *line)
{
	if (m->n == m->size) {
		m->size = m->size > 0 ? m->size * 2 : 4;
		m->lines = heap_resize(m->lines, m->size * sizeof *m->lines);
	}
	/* So that there are bytes to point at, even if there is nothing but a blank line. */
	(void)buf_room(&m->text, line->len + 1);
	if (m->n > 0)
		buf_char(&m->text, '\n');
	m->lines[m->n++] = (struct kept){m->text.len, line->len, line->ns, line->at, line->cut};
	buf_add(&m->text, line->text, line->len);
}

static void
clear(struct multiline *m)
{
	buf_clear(&m->text, TEXT_KEEP);
	m->n = m->sure = 0;
	m->trace = (struct trace){0};
	m->alone = m->is_trace = m->full = false;
	m->level = LEVEL_UNKNOWN;
}

void
multiline_reset(struct multiline *m)
{
	clear(m);
}

static void
begin(struct multiline *m, const struct multiline_line *line, struct span plain)
{
	keep(m, line);
	m->sure = 1;
	if (m->mode != MULTILINE_AUTO)
		return;
	m->alone = line_is_json(plain);
	if (!m->alone)
		(void)trace_open(&m->trace, plain);
}

static void
hand_out(struct multiline *m, const struct multiline_to *to)
{
	const struct kept *last = &m->lines[m->sure - 1];
	struct multiline_entry e = {
	    .text = m->text.data,
	    .len = last->start + last->len,
	    .ns = m->lines[0].ns,
	    .level = m->level,
	};

	for (size_t i = 0; i < m->sure; i++)
		e.cut |= m->lines[i].cut;
	e.cut |= m->full;
	to->entry(to->arg, &e);
}

/* Ends the open entry.  Lines that were only looked ahead are fed again, and may stay open. */
static void
end(struct multiline *m, const struct multiline_to *to)
{
	size_t rest = m->n - m->sure;
	struct kept *lines;
	char *text;
	size_t start;

	hand_out(m, to);
	if (rest == 0) {
		clear(m);
		return;
	}
	start = m->lines[m->sure].start;
	text =
	    memcpy(heap_alloc(m->text.len - start + 1), m->text.data + start, m->text.len - start);
	lines = memcpy(heap_alloc(rest * sizeof *lines), m->lines + m->sure, rest * sizeof *lines);
	clear(m);
	for (size_t i = 0; i < rest; i++) {
		struct multiline_line again = {text + (lines[i].start - start), lines[i].len,
		    lines[i].ns, lines[i].at, lines[i].cut};

		multiline_feed(m, &again, to);
	}
	free(lines);
	free(text);
}

/* ---- the rules ------------------------------------------------------------------- */

static int64_t
silence(const struct multiline *m)
{
	return m->trace.machine != NULL && !m->trace.done ? SILENCE_TRACE_NS : SILENCE_NS;
}

/* Whether the line came later than the silence that ends the open entry. */
static bool
came_late(const struct multiline *m, const struct multiline_line *line)
{
	int64_t last = m->lines[m->n - 1].ns;

	return line->ns > last && (uint64_t)line->ns - (uint64_t)last > (uint64_t)silence(m);
}

static bool
names_an_error(const struct multiline *m)
{
	static const char *const words[] = {
	    "rror", "xception", "panic", "atal", "ncaught", "nhandled"};
	struct span head = line_at(m, 0);

	if (level_of_text(m->text.data, m->text.len) >= LEVEL_WARNING)
		return true;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (span_has(head, words[i]))
			return true;
	return false;
}

/* Indented, or what closes a bracket. */
static bool
leans_on_the_one_before(struct span plain)
{
	return plain.len > 0 && strchr(" \t})]", plain.s[0]) != NULL;
}

/* What an active machine says. */
static enum verdict
ask_machine(struct multiline *m, struct span plain)
{
	enum verdict v = m->trace.done ? REFUSED : trace_next(&m->trace, plain);

	if (v == SURE) {
		m->is_trace = true;
		m->level = m->trace.level;
	}
	return v;
}

static bool
has_room(const struct multiline *m, const struct multiline_line *line)
{
	return m->n < MULTILINE_LINES && m->text.len + line->len < MULTILINE_BYTES;
}

/* Whether the line goes on with the open entry. */
static enum verdict
judge(struct multiline *m, const struct multiline_line *line, struct span plain)
{
	struct trace opened = {0};
	enum verdict v;

	if (m->mode == MULTILINE_OFF)
		return REFUSED;
	if (m->mode == MULTILINE_START)
		return m->starts(m->starts_arg, plain.s, plain.len) ? REFUSED : SURE;
	if (m->alone || came_late(m, line) || line_is_json(plain))
		return REFUSED;
	/* They have times of their own, so before the question for a beginning. */
	if (line_is_detail(line_at(m, 0), plain))
		return SURE;
	if (line_begins_entry(plain) && !trace_insists(&m->trace, plain))
		return REFUSED;
	if (m->trace.machine != NULL && (v = ask_machine(m, plain)) != REFUSED)
		return v;
	if (m->sure < m->n)
		return REFUSED;
	if (m->trace.machine == NULL && !m->is_trace && trace_open(&opened, plain)) {
		if (!leans_on_the_one_before(plain) && !names_an_error(m))
			return REFUSED;
		m->trace = opened;
		return leans_on_the_one_before(plain) ? SURE : MAYBE;
	}
	return leans_on_the_one_before(plain) ? SURE : REFUSED;
}

/* The line without terminal codes; valid until the next line is asked about. */
static struct span
plain_of(struct multiline *m, const struct multiline_line *line)
{
	if (memchr(line->text, '\x1b', line->len) == NULL)
		return (struct span){line->text, line->len};
	buf_clear(&m->plain, TEXT_KEEP);
	(void)buf_room(&m->plain, line->len);
	return (struct span){m->plain.data, ansi_strip(m->plain.data, line->text, line->len)};
}

void
multiline_feed(
    struct multiline *m, const struct multiline_line *line, const struct multiline_to *to)
{
	while (m->n > 0) {
		enum verdict v = judge(m, line, plain_of(m, line));

		m->full = v != REFUSED && !has_room(m, line);
		if (v != REFUSED && !m->full) {
			keep(m, line);
			if (v == SURE)
				m->sure = m->n;
			return;
		}
		/* Lines given back may be open now: ask about them, too. */
		end(m, to);
	}
	begin(m, line, plain_of(m, line));
}

void
multiline_settle(struct multiline *m, int64_t now_ns, const struct multiline_to *to)
{
	while (m->n > 0 && multiline_due(m) <= now_ns)
		end(m, to);
}

int64_t
multiline_due(const struct multiline *m)
{
	int64_t last = m->n > 0 ? m->lines[m->n - 1].ns : INT64_MAX;

	return last > INT64_MAX - silence(m) ? INT64_MAX : last + silence(m);
}

int64_t
multiline_oldest(const struct multiline *m)
{
	return m->n == 0 ? -1 : m->lines[0].at;
}
