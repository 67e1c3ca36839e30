/* SPDX-License-Identifier: MIT */
/* Offsets here are those of the feed's chain (log_chain.h) if not said otherwise. */
#include "log_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ansi.h"
#include "arena.h"
#include "clock.h"
#include "docker.h"
#include "fragments.h"
#include "log.h"
#include "logs_sql.h"
#include "text.h"

#define READ_BYTES 262144                             /* read(2) at once */
#define RECORD_MAX (DOCKER_LINE_MAX + 2 * READ_BYTES) /* of one record on disk */
#define FRAGMENT_WAIT_NS (5 * NS_PER_SECOND) /* for the rest of a line that was cut at 16 KiB */
#define NO_NEWLINE_WAIT_NS NS_PER_SECOND     /* for the rest of one that was not */
#define LEVEL_LOOK 512
#define CLOCK_SLACK_NS (2 * NS_PER_SECOND)

/* One of the two streams. */
struct side {
	struct feed *feed;
	uint8_t stream;
	struct fragments line;
	struct multiline *entries;
	int64_t done; /* records before it are stored */
};

struct feed {
	char *key;
	enum feed_format format;
	int64_t source;
	struct chain *chain;
	struct side sides[2];
	int64_t pos;  /* of the next byte to be read */
	bool midline; /* it lies in a line that was too long */
	bool timed;   /* lines of this plain file begin with their time */
	int64_t last_ns;
	bool gap; /* lines are missing in the chain: say so before the first record behind */

	/* The cursor as it is stored, and as it will be when the transaction is through. */
	bool marked, marking;
	struct log_mark mark, next_mark;
	int64_t saved[3], next_saved[3]; /* offsets in the chain: the cursor, done_out, done_err */

	struct feed_run *run; /* during a call */
};

struct feed *
feed_new(const char *key, enum feed_format format, int64_t source, const struct feed_rules *rules)
{
	struct feed *f = heap_alloc(sizeof *f);

	f->key = heap_strdup(key);
	f->format = format;
	f->source = source;
	f->chain = chain_new(key, rules->scratch);
	for (uint8_t i = 0; i < 2; i++) {
		f->sides[i].feed = f;
		f->sides[i].stream = i;
		f->sides[i].entries = multiline_new(MULTILINE_AUTO, NULL, NULL);
	}
	return f;
}

void
feed_set_multiline(struct feed *f, enum multiline_mode mode,
    bool (*starts)(void *, const char *, size_t), void *arg)
{
	for (int i = 0; i < 2; i++) {
		multiline_free(f->sides[i].entries);
		f->sides[i].entries = multiline_new(mode, starts, arg);
	}
}

void
feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	for (int i = 0; i < 2; i++) {
		multiline_free(f->sides[i].entries);
		fragments_clear(&f->sides[i].line);
		buf_free(&f->sides[i].line.text);
	}
	chain_free(f->chain);
	free(f->key);
	free(f);
}

const char *
feed_key(const struct feed *f)
{
	return f->key;
}

/* ---- out ----------------------------------------------------------------------------- */

/* Valid UTF-8 without NULs, as everything behind here expects. */
static void
repair(struct feed_run *run, struct log_line *line)
{
	if (text_utf8_valid(line->text, line->len) && memchr(line->text, '\0', line->len) == NULL)
		return;
	buf_clear(&run->repaired, READ_BYTES);
	(void)buf_room(&run->repaired, 3 * line->len + 1);
	line->len = text_utf8_repair(run->repaired.data, line->text, line->len);
	line->text = run->repaired.data;
}

static enum level
level_of_entry(const struct feed *f, const struct multiline_entry *e, uint8_t stream)
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
	if (level == LEVEL_UNKNOWN && f->run->rules->level_stderr != LEVEL_UNKNOWN)
		level = stream == STREAM_STDERR ? f->run->rules->level_stderr : LEVEL_INFO;
	return level;
}

static void
store_entry(void *arg, const struct multiline_entry *e)
{
	const struct side *side = arg;
	struct feed *f = side->feed;
	struct log_line line = {
	    .ns = e->ns,
	    .text = e->text,
	    .len = e->len,
	    .stream = side->stream,
	    .kind = KIND_LINE,
	    .cut = e->cut,
	};

	repair(f->run, &line);
	line.level = (uint8_t)level_of_entry(f, e, side->stream);
	store_pass_add(f->run->out, f->source, &line);
}

static void
settle_side(struct side *s, int64_t now_ns)
{
	struct multiline_to to = {store_entry, s};

	/* A clock that stepped back must not hold lines for as long as it stepped. */
	if (multiline_due(s->entries) > now_ns && multiline_due(s->entries) < INT64_MAX &&
	    multiline_due(s->entries) - CLOCK_SLACK_NS > now_ns)
		now_ns = INT64_MAX;
	multiline_settle(s->entries, now_ns, &to);
}

/* Hands a whole line to the multiline machines. */
static void
take_line(struct side *s, const char *text, size_t len, int64_t ns, int64_t at, bool cut)
{
	struct multiline_to to = {store_entry, s};
	struct multiline_line line = {text, len, ns, at, cut};

	/* Docker ends lines at \n and leaves a \r before it. */
	if (len > 0 && text[len - 1] == '\r')
		line.len--;
	multiline_feed(s->entries, &line, &to);
}

static void
flush_fragments(struct side *s)
{
	if (s->line.open)
		take_line(s, s->line.text.data != NULL ? s->line.text.data : "", s->line.text.len,
		    s->line.ns, s->line.at, s->line.cut);
	fragments_clear(&s->line);
}

/* Says that lines are missing before the record with that time. */
static void
write_gap(struct feed *f, int64_t ns)
{
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE], text[160];
	struct log_line line = {.ns = ns, .text = text, .kind = KIND_GAP, .level = LEVEL_UNKNOWN};

	for (int i = 0; i < 2; i++) {
		flush_fragments(&f->sides[i]);
		settle_side(&f->sides[i], INT64_MAX);
	}
	line.len = (size_t)snprintf(text, sizeof text,
	    "lines written between %s and %s are missing: the log file was cut or rotated away",
	    time_format_ns(from, f->last_ns), time_format_ns(to, ns));
	log_warnx("%s: %s", f->key, text);
	store_pass_add(f->run->out, f->source, &line);
	f->gap = false;
}

/* ---- records ----------------------------------------------------------------------------- */

static void
take_record(struct feed *f, const struct docker_record *r, int64_t at)
{
	struct side *s = &f->sides[r->stream];

	if (at < s->done)
		return;
	if (f->gap && chain_is_past_loss(f->chain, at))
		write_gap(f, r->ns);
	if (r->ns > f->last_ns)
		f->last_ns = r->ns;
	if (s->line.open && !fragments_continue(&s->line, r))
		flush_fragments(s);
	if (r->ended && !s->line.open) {
		take_line(s, r->text, r->len, r->ns, at, false);
		return;
	}
	fragments_add(&s->line, r, at);
	if (r->ended)
		flush_fragments(s);
}

/* A line of a plain file: it may begin with its time. */
static void
parse_plain(struct feed *f, const char *line, size_t len, struct docker_record *r)
{
	size_t n = len > 0 && (line[0] == '[' || line[0] == '<'), start = n;
	char time[40];

	*r = (struct docker_record){.text = line, .len = len, .ended = true};
	while (n < len && n - start < sizeof time &&
	       (strchr("0123456789-:.,+TZ/", line[n]) != NULL ||
		   (line[n] == ' ' && n - start == 10)) &&
	       line[n] != '\0') {
		time[n - start] = line[n] == ',' ? '.' : line[n] == '/' ? '-' : line[n];
		n++;
	}
	/* "2026-11-22 10:20:30 - " is read up to its second. */
	n -= start;
	while (n > 0 && (time[n - 1] == '-' || time[n - 1] == ':' || time[n - 1] == ' '))
		n--;
	if (n >= 19 && time[4] == '-' && time_parse(time, n, &r->ns) == 0)
		f->timed = true;
	else /* where others have a time, one without goes on with the one before */
		r->ns = f->timed ? f->last_ns : f->run->now_ns;
}

/* One line of the file, at that offset; cut: it was longer than we read. */
static void
take_file_line(struct feed *f, char *line, size_t len, int64_t at, bool cut)
{
	struct docker_record r;
	int bad = 0;

	while (len > 0 && line[0] == '\0') { /* the hole of a truncation */
		line++;
		len--;
	}
	if (len == 0 && f->format != FEED_PLAIN)
		return;
	switch (f->format) {
	case FEED_JSON:
		bad = docker_json(line, len, &r);
		break;
	case FEED_CRI:
		bad = docker_cri(line, len, &r);
		break;
	default:
		parse_plain(f, line, len, &r);
		break;
	}
	if (bad != 0) {
		f->run->damaged++;
		return;
	}
	f->run->lines++;
	if (cut)
		r.fragment = r.ended = false;
	take_record(f, &r, at);
	if (cut) {
		f->sides[r.stream].line.cut = true;
		flush_fragments(&f->sides[r.stream]);
	}
}

/* Takes the whole lines among len bytes read at pos; returns how many bytes they are. */
static size_t
take_lines(struct feed *f, char *bytes, size_t len)
{
	size_t at = 0;

	while (at < len && f->run->enough > store_pass_bytes(f->run->out)) {
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

	while (at < len && f->run->enough > store_pass_bytes(f->run->out)) {
		if ((n = docker_local(bytes + at, len - at, &r)) == 0)
			break;
		if (n < 0) {
			/* Nothing tells where the next one begins. */
			f->run->damaged++;
			return len;
		}
		f->run->lines++;
		take_record(f, &r, f->pos + (int64_t)at);
		at += (size_t)n;
	}
	return at;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* What is in memory only is forgotten; the cursor is the truth. */
static void
forget(struct feed *f)
{
	for (int i = 0; i < 2; i++) {
		multiline_reset(f->sides[i].entries);
		fragments_clear(&f->sides[i].line);
	}
	chain_close(f->chain);
}

static int
load_cursor(struct feed *f)
{
	struct db *db = f->run->db;
	int found = db_query(db, SQL_CURSOR_FIND, DB_ARGS(DB_TEXT(f->key)));

	if (found != DB_ROW)
		return found;
	f->mark.inode = (uint64_t)db_int(db, SQL_CURSOR_FIND, 0);
	f->mark.offset = db_int(db, SQL_CURSOR_FIND, 1);
	f->mark.tail = (uint64_t)db_int(db, SQL_CURSOR_FIND, 2);
	f->midline = db_int(db, SQL_CURSOR_FIND, 3) != 0;
	f->sides[0].done = db_int(db, SQL_CURSOR_FIND, 4);
	f->sides[1].done = db_int(db, SQL_CURSOR_FIND, 5);
	f->last_ns = f->mark.last_ns = db_int(db, SQL_CURSOR_FIND, 6);
	f->pos = f->saved[0] = f->mark.offset;
	f->saved[1] = f->sides[0].done;
	f->saved[2] = f->sides[1].done;
	f->marked = true;
	db_done(db, SQL_CURSOR_FIND);
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
	fit = chain_open(f->chain, found == DB_ROW ? &f->mark : NULL);
	if (fit == CHAIN_FRESH || fit == CHAIN_LOST) {
		f->pos = 0;
		f->midline = false;
		f->sides[0].done = f->sides[1].done = 0;
	}
	f->gap = fit == CHAIN_LOST || fit == CHAIN_COPIED;
	if (fit == CHAIN_FRESH && f->run->rules->tail_buffer > 0 && f->format != FEED_LOCAL) {
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
	struct log_mark *mark = f->marked ? &f->mark : NULL;

	if (!chain_is_open(f->chain))
		return start(f);
	switch (chain_look(f->chain, f->pos, mark)) {
	case CHAIN_CUT:
		/* What is in memory may be nowhere else; if a copy has it, it is read from there. */
		chain_close(f->chain);
		if (chain_open(f->chain, mark) == CHAIN_LOST || mark == NULL)
			for (int i = 0; i < 2; i++) {
				flush_fragments(&f->sides[i]);
				settle_side(&f->sides[i], INT64_MAX);
			}
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
	size_t used = f->format == FEED_LOCAL ? take_local(f, b->data, b->len)
					      : take_lines(f, b->data, b->len);
	bool whole = f->run->enough <= store_pass_bytes(f->run->out);

	f->pos += (int64_t)used;
	b->len -= used;
	memmove(b->data, b->data + used, b->len);
	if (whole || b->len == 0)
		return;
	if (b->len >= RECORD_MAX || chain_at_end_of_file(f->chain, f->pos + (int64_t)b->len)) {
		/* Too long, or the end of a file that will not grow: as good as whole. */
		bool cut = b->len >= RECORD_MAX && f->format != FEED_LOCAL;

		if (f->format == FEED_LOCAL)
			f->run->damaged++;
		else if (!f->midline)
			take_file_line(f, b->data, b->len, f->pos, cut);
		f->midline = cut;
		f->pos += (int64_t)b->len;
		b->len = 0;
	}
}

static enum feed_result
read_chain(struct feed *f)
{
	struct buf *b = &f->run->buffer;

	b->len = 0;
	for (;;) {
		int64_t n = chain_read(
		    f->chain, f->pos + (int64_t)b->len, buf_room(b, READ_BYTES), READ_BYTES);

		if (n < 0)
			return FEED_FAILED;
		if (n == 0)
			return FEED_END;
		b->len += (size_t)n;
		take_buffer(f, b);
		if (f->run->enough <= store_pass_bytes(f->run->out))
			return FEED_MORE;
	}
}

/* ---- settling and saving ------------------------------------------------------------------------ */

/* When the open line of a side is given up; INT64_MAX: there is none. */
static int64_t
fragments_due(const struct side *s)
{
	return !s->line.open
		   ? INT64_MAX
		   : s->line.ns + (s->line.expected ? FRAGMENT_WAIT_NS : NO_NEWLINE_WAIT_NS);
}

void
feed_settle(struct feed *f, struct feed_run *run, bool all)
{
	f->run = run;
	for (int i = 0; i < 2; i++) {
		struct side *s = &f->sides[i];

		if (all || fragments_due(s) <= run->now_ns)
			flush_fragments(s);
		settle_side(s, all ? INT64_MAX : run->now_ns);
	}
}

int64_t
feed_due(const struct feed *f)
{
	int64_t due = INT64_MAX;

	for (int i = 0; i < 2; i++) {
		if (multiline_due(f->sides[i].entries) < due)
			due = multiline_due(f->sides[i].entries);
		if (fragments_due(&f->sides[i]) < due)
			due = fragments_due(&f->sides[i]);
	}
	return due;
}

/* Where the oldest line of a side begins that is not handed out; else where reading stands. */
static int64_t
side_oldest(const struct side *s)
{
	int64_t entries = multiline_oldest(s->entries), oldest = s->feed->pos;

	/* On the way to where this stream had been read before. */
	if (s->done > oldest)
		oldest = s->done;
	if (entries >= 0 && entries < oldest)
		oldest = entries;
	if (s->line.open && s->line.at < oldest)
		oldest = s->line.at;
	return oldest;
}

/* The cursor as it would be stored now: its offset, and those of the two streams. */
static bool
make_cursor(const struct feed *f, int64_t cursor[3])
{
	cursor[0] = f->pos;
	for (int i = 0; i < 2; i++) {
		cursor[i + 1] = side_oldest(&f->sides[i]);
		if (cursor[i + 1] < cursor[0])
			cursor[0] = cursor[i + 1];
	}
	/* Nothing was stored of a file at whose very beginning all stands. */
	if (!chain_is_open(f->chain) || cursor[1] + cursor[2] == 0)
		return false;
	return !f->marked || memcmp(cursor, f->saved, sizeof f->saved) != 0;
}

/*
 * What is open must not hold the cursor in a file that a new process could not find: it would begin
 * with the live file and repeat what was stored of that.
 */
static void
leave_nameless_file(struct feed *f, struct feed_run *run)
{
	int64_t cursor[3];

	if (make_cursor(f, cursor) && cursor[0] < f->pos && chain_is_nameless(f->chain, cursor[0]))
		feed_settle(f, run, true);
}

enum feed_result
feed_read(struct feed *f, struct feed_run *run)
{
	enum feed_result result;

	f->run = run;
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
	int64_t cursor[3];

	return make_cursor(f, cursor);
}

int
feed_save(struct feed *f, struct feed_run *run)
{
	int64_t cursor[3], base;

	f->marking = make_cursor(f, cursor);
	if (!f->marking)
		return 0;
	if (chain_mark(f->chain, cursor[0], &f->next_mark, &base) == -1)
		return -1;
	f->next_mark.last_ns = f->last_ns;
	memcpy(f->next_saved, cursor, sizeof cursor);
	return db_run(run->db, SQL_CURSOR_PUT,
	    DB_ARGS(DB_TEXT(f->key), DB_INT((int64_t)f->next_mark.inode),
		DB_INT(f->next_mark.offset), DB_INT((int64_t)f->next_mark.tail),
		DB_INT(f->midline && cursor[0] == f->pos), DB_INT(cursor[1] - base),
		DB_INT(cursor[2] - base), DB_INT(f->last_ns), DB_INT(run->now_ns / NS_PER_SECOND)));
}

void
feed_saved(struct feed *f, bool committed)
{
	if (!committed)
		forget(f);
	else if (f->marking) {
		f->mark = f->next_mark;
		memcpy(f->saved, f->next_saved, sizeof f->saved);
		f->marked = true;
		chain_drop_before(f->chain, f->saved[0]);
	}
	f->marking = false;
}

void
feed_rest(struct feed *f)
{
	chain_close(f->chain);
}

bool
feed_is_open(const struct feed *f)
{
	return feed_due(f) != INT64_MAX;
}

int64_t
feed_lag(struct feed *f)
{
	return chain_left(f->chain, f->pos);
}
