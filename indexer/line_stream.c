/* SPDX-License-Identifier: MIT */
#include "line_stream.h"

#include <string.h>

#include "ansi.h"
#include "chunk.h"
#include "clock.h"
#include "text.h"

#define FRAGMENT_WAIT_NS (5 * NS_PER_SECOND) /* for the rest of a line that was cut at 16 KiB */
#define NO_NEWLINE_WAIT_NS NS_PER_SECOND     /* for the rest of one that was not */
#define MOMENT_NS (2 * NS_PER_SECOND)        /* by which two clocks may differ */
#define LEVEL_LOOK 512
#define REPAIRED_KEEP 262144

void
line_stream_start(struct line_stream *s, uint8_t stream, const struct log_out *out)
{
	*s = (struct line_stream){.out = out, .stream = stream};
	s->entries = multiline_new(MULTILINE_AUTO, NULL, NULL);
}

void
line_stream_stop(struct line_stream *s)
{
	multiline_free(s->entries);
	buf_free(&s->line.text);
}

void
line_stream_reset(struct line_stream *s)
{
	multiline_reset(s->entries);
	fragments_clear(&s->line);
}

/* ---- entries ---------------------------------------------------------------------- */

/* Valid UTF-8 without NULs, as everything behind here expects. */
static void
repair(struct buf *room, struct log_line *line)
{
	if (text_utf8_valid(line->text, line->len) && memchr(line->text, '\0', line->len) == NULL)
		return;
	buf_clear(room, REPAIRED_KEEP);
	(void)buf_room(room, 3 * line->len + 1);
	line->len = text_utf8_repair(room->data, line->text, line->len);
	line->text = room->data;
}

/* What the entry names, what its being a trace says, or what LEVEL_STDERR rules. */
static enum level
level_of_entry(const struct line_stream *s, const struct multiline_entry *e)
{
	enum level level;
	char plain[LEVEL_LOOK];

	if (memchr(e->text, '\x1b', e->len) != NULL) {
		size_t n = ansi_strip(plain, e->text, e->len < LEVEL_LOOK ? e->len : LEVEL_LOOK);

		level = level_of_text(plain, n);
	} else
		level = level_of_text(e->text, e->len);
	if (level == LEVEL_UNKNOWN)
		level = e->level;
	if (level == LEVEL_UNKNOWN && s->out->level_stderr != LEVEL_UNKNOWN)
		level = s->stream == STREAM_STDERR ? s->out->level_stderr : LEVEL_INFO;
	return level;
}

static void
store_entry(void *arg, const struct multiline_entry *e)
{
	const struct line_stream *s = arg;
	struct log_line line = {
	    .ns = e->ns,
	    .text = e->text,
	    .len = e->len,
	    .stream = s->stream,
	    .kind = KIND_LINE,
	    .cut = e->cut,
	};

	repair(s->out->repaired, &line);
	line.level = (uint8_t)level_of_entry(s, e);
	store_pass_add(s->out->pass, s->out->source, &line);
}

/* ---- lines --------------------------------------------------------------------------- */

static void
take_line(struct line_stream *s, const char *text, size_t len, int64_t ns, int64_t at, bool cut)
{
	struct multiline_to to = {store_entry, s};
	struct multiline_line line = {text, len, ns, at, cut};

	/* Docker ends lines at \n and leaves a \r before it. */
	if (len > 0 && text[len - 1] == '\r')
		line.len--;
	multiline_feed(s->entries, &line, &to);
}

/* Ends the line that is open, if one is. */
static void
end_line(struct line_stream *s)
{
	const struct fragments *f = &s->line;

	if (f->open)
		take_line(
		    s, f->text.data != NULL ? f->text.data : "", f->text.len, f->ns, f->at, f->cut);
	fragments_clear(&s->line);
}

void
line_stream_take(
    struct line_stream *s, const struct docker_record *r, int64_t at, bool cut, int64_t now_ns)
{
	s->taken_ns = now_ns;
	s->ahead_ns = r->ns > now_ns + MOMENT_NS ? r->ns - now_ns : 0;
	if (s->line.open && !fragments_continue(&s->line, r))
		end_line(s);
	if (r->ended && !s->line.open && !cut) {
		take_line(s, r->text, r->len, r->ns, at, false);
		return;
	}
	fragments_add(&s->line, r, at);
	s->line.cut |= cut;
	if (r->ended || cut)
		end_line(s);
}

/* ---- silence ------------------------------------------------------------------------- */

/* When the open line is given up; INT64_MAX: there is none. */
static int64_t
line_due(const struct line_stream *s)
{
	int64_t wait = s->line.expected ? FRAGMENT_WAIT_NS : NO_NEWLINE_WAIT_NS, due;

	if (!s->line.open || __builtin_add_overflow(s->line.ns, wait, &due))
		return INT64_MAX;
	return due;
}

/*
 * The moment by the clock of who writes the times of the records, which may be hours ahead: a
 * program that writes local time.  Of a clock that was set back since nothing is known.
 */
static int64_t
by_its_clock(const struct line_stream *s, int64_t now_ns)
{
	int64_t moment;

	if (now_ns < s->taken_ns - MOMENT_NS ||
	    __builtin_add_overflow(now_ns, s->ahead_ns, &moment))
		return INT64_MAX;
	return moment;
}

void
line_stream_settle(struct line_stream *s, int64_t now_ns)
{
	struct multiline_to to = {store_entry, s};
	int64_t moment = by_its_clock(s, now_ns);

	if (line_due(s) <= moment)
		end_line(s);
	multiline_settle(s->entries, moment, &to);
}

int64_t
line_stream_due(const struct line_stream *s, int64_t now_ns)
{
	int64_t entries = multiline_due(s->entries), line = line_due(s);
	int64_t due = entries < line ? entries : line, moment = by_its_clock(s, now_ns);

	if (due == INT64_MAX)
		return INT64_MAX;
	return due <= moment ? now_ns : now_ns + (due - moment);
}

int64_t
line_stream_oldest(const struct line_stream *s)
{
	int64_t oldest = multiline_oldest(s->entries);

	if (s->line.open && (oldest < 0 || s->line.at < oldest))
		return s->line.at;
	return oldest;
}
