/* SPDX-License-Identifier: MIT */
/* Offsets here are those of the feed's chain (log_chain.h) if not said otherwise. */
#include "log_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "docker.h"
#include "line_stream.h"
#include "log.h"
#include "log_cursor.h"

#define READ_BYTES 262144                             /* read(2) at once */
#define RECORD_MAX (DOCKER_LINE_MAX + 2 * READ_BYTES) /* of one record on disk */

/* How long after a line with a time one without is taken for part of what it said. */
#define GOES_ON_NS (10 * NS_PER_SECOND)

struct feed {
	char *key;
	enum docker_format format;
	struct chain *chain;
	struct line_stream streams[2];
	struct log_out out; /* where the streams' entries go */
	int64_t pos;        /* of the next byte to be read */
	bool midline;       /* it lies in a line that was too long */
	int64_t timed_at;   /* when a line that begins with its time was last read; 0: never */
	int64_t last_ns;
	bool gap; /* lines are missing in the chain: say so before the first record behind */
	struct log_cursor cursor;
	struct feed_run *run; /* during a call */
};

struct feed *
feed_new(const char *key, enum docker_format format, int64_t source, const struct feed_rules *rules)
{
	struct feed *f = heap_alloc(sizeof *f);

	f->key = heap_strdup(key);
	f->format = format;
	f->out.source = source;
	f->out.level_stderr = rules->level_stderr;
	f->chain = chain_new(key, rules->scratch);
	for (uint8_t i = 0; i < 2; i++)
		line_stream_start(&f->streams[i], i, &f->out);
	return f;
}

void
feed_set_multiline(struct feed *f, enum multiline_mode mode,
    bool (*starts)(void *, const char *, size_t), void *arg)
{
	for (int i = 0; i < 2; i++) {
		multiline_free(f->streams[i].entries);
		f->streams[i].entries = multiline_new(mode, starts, arg);
	}
}

void
feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	for (int i = 0; i < 2; i++)
		line_stream_stop(&f->streams[i]);
	chain_free(f->chain);
	free(f->key);
	free(f);
}

/* ---- records --------------------------------------------------------------------- */

/* Says that lines may be missing before the record with that time. */
static void
write_gap(struct feed *f, int64_t ns)
{
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE], text[160];
	struct log_line line = {.ns = ns, .text = text, .kind = KIND_GAP, .level = LEVEL_UNKNOWN};

	for (int i = 0; i < 2; i++)
		line_stream_settle(&f->streams[i], INT64_MAX);
	line.len = (size_t)snprintf(text, sizeof text,
	    "lines written between %s and %s may be missing: the log file was cut or rotated away",
	    time_format_ns(from, f->last_ns), time_format_ns(to, ns));
	log_warnx("%s: %s", f->key, text);
	store_pass_add(f->out.pass, f->out.source, &line);
	f->gap = false;
}

static void
take_record(struct feed *f, const struct docker_record *r, int64_t at, bool cut)
{
	struct line_stream *s = &f->streams[r->stream];

	if (at < s->done)
		return;
	if (f->gap && chain_is_past_loss(f->chain, at))
		write_gap(f, r->ns);
	if (r->ns > f->last_ns)
		f->last_ns = r->ns;
	line_stream_take(s, r, at, cut, f->run->now_ns);
}

/*
 * The time of a line of a plain file that names none: that of the one before, if that
 * was read just now; many programs name the time at their start and never again.
 */
static int64_t
time_of_nameless(const struct feed *f)
{
	int64_t now = f->run->now_ns;

	return f->timed_at <= now && now - f->timed_at <= GOES_ON_NS ? f->last_ns : now;
}

/* One line of the file, at that offset; cut: it was longer than we read. */
static void
take_file_line(struct feed *f, char *line, size_t len, int64_t at, bool cut)
{
	struct docker_record r;

	while (len > 0 && line[0] == '\0') { /* the hole of a truncation */
		line++;
		len--;
	}
	if (f->format == DOCKER_TEXT)
		f->format = docker_text_format(line, len);
	if (len == 0 && f->format != DOCKER_PLAIN)
		return;
	switch (docker_line(f->format, line, len, &r)) {
	case 0:
		f->timed_at = f->run->now_ns;
		break;
	case 1:
		r.ns = time_of_nameless(f);
		break;
	default:
		f->run->damaged++;
		return;
	}
	f->run->lines++;
	take_record(f, &r, at, cut);
}

/* Takes the whole lines among len bytes read at pos; returns how many bytes they are. */
static size_t
take_lines(struct feed *f, char *bytes, size_t len)
{
	size_t at = 0;

	while (at < len && f->run->enough > store_pass_bytes(f->out.pass)) {
		char *newline = memchr(bytes + at, '\n', len - at);

		if (newline == NULL)
			break;
		if (!f->midline)
			take_file_line(f, bytes + at, (size_t)(newline - bytes) - at,
			    f->pos + (int64_t)at, false);
		f->midline = false;
		at = (size_t)(newline - bytes) + 1;
	}
	return at;
}

/* The same for the local driver's records. */
static size_t
take_local(struct feed *f, const char *bytes, size_t len)
{
	struct docker_record r;
	size_t at = 0;
	int64_t n;

	while (at < len && f->run->enough > store_pass_bytes(f->out.pass)) {
		if ((n = docker_local(bytes + at, len - at, &r)) == 0)
			break;
		if (n < 0) {
			/* Nothing tells where the next one begins. */
			f->run->damaged++;
			return len;
		}
		f->run->lines++;
		take_record(f, &r, f->pos + (int64_t)at, false);
		at += (size_t)n;
	}
	return at;
}

/* ---- reading --------------------------------------------------------------------- */

/* What is in memory only is forgotten; the cursor is the truth. */
static void
forget(struct feed *f)
{
	for (int i = 0; i < 2; i++)
		line_stream_reset(&f->streams[i]);
	chain_close(f->chain);
}

/* Goes on where the cursor stands.  Returns DB_ROW, DB_NONE or DB_FAILED. */
static int
load_cursor(struct feed *f)
{
	struct log_cursor *c = &f->cursor;
	int found = log_cursor_load(c, f->run->db, f->key, &f->midline);

	if (found != DB_ROW)
		return found;
	f->pos = c->at[CURSOR_READ];
	f->streams[STREAM_STDOUT].done = c->at[CURSOR_STDOUT];
	f->streams[STREAM_STDERR].done = c->at[CURSOR_STDERR];
	f->last_ns = c->mark.last_ns;
	return DB_ROW;
}

/* The first whole line at or behind the offset: where TAIL_BUFFER begins. */
static int64_t
next_line(struct feed *f, int64_t offset)
{
	char bytes[4096];
	const char *newline;
	int64_t n = offset > 0 ? chain_read(f->chain, offset - 1, bytes, sizeof bytes) : 0;

	if (n <= 0 || (newline = memchr(bytes, '\n', (size_t)n)) == NULL)
		return offset;
	return offset + (newline - bytes);
}

/* Opens the chain and finds where to go on. */
static enum feed_result
start(struct feed *f)
{
	enum chain_fit fit;
	int found;

	forget(f);
	if ((found = load_cursor(f)) == DB_FAILED)
		return FEED_FAILED;
	fit = chain_open(f->chain, found == DB_ROW ? &f->cursor.mark : NULL);
	if (fit == CHAIN_FRESH || fit == CHAIN_LOST) {
		f->pos = 0;
		f->midline = false;
		f->streams[0].done = f->streams[1].done = 0;
	}
	f->gap = fit == CHAIN_LOST || fit == CHAIN_COPIED;
	if (fit == CHAIN_FRESH && f->run->rules->tail_buffer > 0 && f->format != DOCKER_LOCAL) {
		int64_t size = chain_only_live(f->chain);

		if (size > f->run->rules->tail_buffer)
			f->pos = next_line(f, size - f->run->rules->tail_buffer);
	}
	return FEED_END;
}

/* Looks what became of the file that is open; a feed that has to be started is started. */
static enum feed_result
look(struct feed *f)
{
	const struct log_mark *mark = log_cursor_mark(&f->cursor);

	if (!chain_is_open(f->chain))
		return start(f);
	switch (chain_look(f->chain, f->pos, mark)) {
	case CHAIN_CUT:
		/*
		 * What is in memory may be nowhere else; if a copy has it, it is read from there.
		 */
		chain_close(f->chain);
		if (chain_open(f->chain, mark) == CHAIN_LOST || mark == NULL)
			for (int i = 0; i < 2; i++)
				line_stream_settle(&f->streams[i], INT64_MAX);
		return start(f);
	case CHAIN_BROKEN:
		f->gap = true;
		break;
	default:
		break;
	}
	return FEED_END;
}

/* Takes what is whole in the buffer; what is not stays there. */
static void
take_buffer(struct feed *f, struct buf *b)
{
	size_t used = f->format == DOCKER_LOCAL ? take_local(f, b->data, b->len)
						: take_lines(f, b->data, b->len);
	bool whole = f->run->enough <= store_pass_bytes(f->out.pass);

	f->pos += (int64_t)used;
	b->len -= used;
	memmove(b->data, b->data + used, b->len);
	if (whole || b->len == 0)
		return;
	if (b->len >= RECORD_MAX || chain_at_end_of_file(f->chain, f->pos + (int64_t)b->len)) {
		/* Too long, or the end of a file that will not grow: as good as whole. */
		bool cut = b->len >= RECORD_MAX && f->format != DOCKER_LOCAL;

		if (f->format == DOCKER_LOCAL)
			f->run->damaged++;
		else if (!f->midline)
			take_file_line(f, b->data, b->len, f->pos, cut);
		f->midline = cut;
		f->pos += (int64_t)b->len;
		b->len = 0;
	}
}

/*
 * Reads to the end of the chain, or to where it cannot be read: what was handed out before
 * that is stored with its cursor like any other, and only the next call, which begins there,
 * fails.
 */
static enum feed_result
read_chain(struct feed *f)
{
	struct buf *b = &f->run->buffer;
	int64_t began = f->pos;

	b->len = 0;
	for (;;) {
		int64_t n = chain_read(
		    f->chain, f->pos + (int64_t)b->len, buf_room(b, READ_BYTES), READ_BYTES);

		if (n < 0)
			return f->pos > began ? FEED_END : FEED_FAILED;
		if (n == 0)
			return FEED_END;
		b->len += (size_t)n;
		take_buffer(f, b);
		if (f->run->enough <= store_pass_bytes(f->out.pass))
			return FEED_MORE;
	}
}

/* ---- settling and saving --------------------------------------------------------- */

/* What feeds share is lent for the time of a call. */
static void
begin_run(struct feed *f, struct feed_run *run)
{
	f->run = run;
	f->out.pass = run->out;
	f->out.repaired = &run->repaired;
}

void
feed_settle(struct feed *f, struct feed_run *run, bool all)
{
	begin_run(f, run);
	for (int i = 0; i < 2; i++)
		line_stream_settle(&f->streams[i], all ? INT64_MAX : run->now_ns);
}

int64_t
feed_due(const struct feed *f, int64_t now_ns)
{
	int64_t out = line_stream_due(&f->streams[STREAM_STDOUT], now_ns);
	int64_t err = line_stream_due(&f->streams[STREAM_STDERR], now_ns);

	return out < err ? out : err;
}

/*
 * Up to where a stream is stored: its oldest line that is not handed out, else where reading
 * stands, but not before where it stood once.
 */
static int64_t
done_of(const struct feed *f, const struct line_stream *s)
{
	int64_t oldest = line_stream_oldest(s);

	if (oldest >= 0)
		return oldest;
	return s->done > f->pos ? s->done : f->pos;
}

/* The cursor as it would be stored now; whether it is another than the one that is. */
static bool
make_cursor(const struct feed *f, int64_t at[CURSOR_OFFSETS])
{
	at[CURSOR_READ] = f->pos;
	at[CURSOR_STDOUT] = done_of(f, &f->streams[STREAM_STDOUT]);
	at[CURSOR_STDERR] = done_of(f, &f->streams[STREAM_STDERR]);
	for (int i = CURSOR_STDOUT; i < CURSOR_OFFSETS; i++)
		if (at[i] < at[CURSOR_READ])
			at[CURSOR_READ] = at[i];
	/* Nothing was stored of a file at whose very beginning all stands. */
	if (!chain_is_open(f->chain) || at[CURSOR_STDOUT] + at[CURSOR_STDERR] == 0)
		return false;
	return log_cursor_differs(&f->cursor, at);
}

/*
 * What is open must not hold the cursor in a file that a new process could not find: it would begin
 * with the live file and repeat what was stored of that.
 */
static void
leave_nameless_file(struct feed *f, struct feed_run *run)
{
	int64_t at[CURSOR_OFFSETS];

	if (make_cursor(f, at) && at[CURSOR_READ] < f->pos &&
	    chain_is_nameless(f->chain, at[CURSOR_READ]))
		feed_settle(f, run, true);
}

enum feed_result
feed_read(struct feed *f, struct feed_run *run)
{
	enum feed_result result;

	begin_run(f, run);
	if ((result = look(f)) == FEED_END && chain_is_open(f->chain)) {
		result = read_chain(f);
		leave_nameless_file(f, run);
	}
	if (result == FEED_FAILED)
		forget(f);
	return result;
}

bool
feed_changed(const struct feed *f)
{
	int64_t at[CURSOR_OFFSETS];

	return make_cursor(f, at);
}

int
feed_save(struct feed *f, struct feed_run *run)
{
	int64_t at[CURSOR_OFFSETS];
	struct log_cursor_facts facts = {
	    .key = f->key,
	    .last_ns = f->last_ns,
	    .now = run->now_ns / NS_PER_SECOND,
	};

	f->cursor.pending = false;
	if (!make_cursor(f, at))
		return 0;
	facts.midline = f->midline && at[CURSOR_READ] == f->pos;
	return log_cursor_put(&f->cursor, run->db, f->chain, at, &facts);
}

void
feed_saved(struct feed *f, bool committed)
{
	if (!committed)
		forget(f);
	else if (f->cursor.pending) {
		log_cursor_committed(&f->cursor);
		chain_drop_before(f->chain, f->cursor.at[CURSOR_READ]);
	}
	f->cursor.pending = false;
}

void
feed_rest(struct feed *f)
{
	chain_close(f->chain);
}

bool
feed_is_open(const struct feed *f)
{
	return line_stream_oldest(&f->streams[STREAM_STDOUT]) >= 0 ||
	       line_stream_oldest(&f->streams[STREAM_STDERR]) >= 0;
}
