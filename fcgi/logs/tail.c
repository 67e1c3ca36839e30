/* SPDX-License-Identifier: MIT */
/* Positions, reading what is new, and what goes to each client. */
#include "tail.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "filter.h"
#include "logs.h"
#include "query.h"
#include "tail_window.h"
#include "text.h"
#include "view.h"

#define WINDOW 2000        /* ids that are read at a time */
#define BEHIND_MAX 20000   /* ids that a stream may lie behind before it is told of a gap */
#define WAITING_MAX 262144 /* bytes that may wait for a slow client */
#define TURN_US 20000      /* for which a tick feeds before it looks at the sockets again */
#define REGEX_US 100000    /* what one stream's expression may take of a turn */
#define ARENA_KEEP ((size_t)65536)

struct client {
	struct req *rq;
	struct filter filter;
	int64_t seen;   /* ids up to it are done */
	struct buf out; /* waits to be sent */
	size_t sent;    /* of out */
	int64_t until_us, heartbeat_us;
	bool ended; /* what waits is the last of it */
};

static struct {
	struct client **clients;
	size_t n;
	int64_t newest, low_id; /* of the store, when it was last looked at */
	struct log_sources sources;
	struct arena *sources_mem, *window_mem;
	struct window window;
	struct filter_scratch scratch;
} tail;

static struct client *
client_of(const struct req *rq)
{
	for (size_t i = 0; i < tail.n; i++)
		if (tail.clients[i]->rq == rq)
			return tail.clients[i];
	abort(); /* the hooks are called for open streams only */
}

/* ---- what is written --------------------------------------------------------------------- */

static void
add_event(struct client *c, const char *event, const char *data)
{
	buf_printf(&c->out, "event: %s\nid: %lld\ndata: %s\n\n", event, (long long)c->seen, data);
}

static void
end_stream(struct client *c, const char *reason)
{
	if (!c->ended)
		buf_printf(&c->out, "event: close\ndata: {\"reason\": \"%s\"}\n\n", reason);
	c->ended = true;
}

static void
add_gap(struct client *c, int64_t to)
{
	char data[96];

	(void)snprintf(data, sizeof data, "{\"dropped\":%lld,\"from\":%lld,\"to\":%lld}",
	    (long long)(to - c->seen), (long long)c->seen + 1, (long long)to);
	app_count(c->rq, COUNT_TAIL_DROPPED, (uint64_t)(to - c->seen));
	c->seen = to;
	add_event(c, "gap", data);
}

/* The event of a line is the same for all streams: it is written once. */
static void
add_line(struct client *c, struct window_line *l)
{
	if (l->event == NULL) {
		struct buf text = {0};
		struct json_out out = {.buf = &text};

		buf_printf(&text, "event: log\nid: %lld\ndata: ", (long long)l->line->id);
		logs_write_line(&out, NULL, l->line, log_sources_name(&tail.sources, l->source));
		buf_str(&text, "\n\n");
		l->event = arena_strndup(tail.window_mem, text.data, text.len);
		l->event_len = text.len;
		buf_free(&text);
	}
	buf_add(&c->out, l->event, l->event_len);
}

/* ---- feeding --------------------------------------------------------------------------------- */

/* How far the store has come. */
static int
look_at_store(struct db *db)
{
	struct store *store = logs_store();

	arena_reset(tail.sources_mem);
	store_refresh(store);
	if (log_sources_read(db, tail.sources_mem, &tail.sources) == DB_FAILED)
		return DB_FAILED;
	tail.newest = store_number(store, "next_id") - 1;
	tail.low_id = store_number(store, "low_id");
	return 0;
}

/* Makes the window the one after the client's position; others at the same place share it. */
static int
move_window(struct client *c, struct db *db)
{
	int64_t to = c->seen + WINDOW < tail.newest ? c->seen + WINDOW : tail.newest;

	if (tail.window.after == c->seen && tail.window.asked == to)
		return 0;
	return window_load(&tail.window, db, logs_store(), tail.window_mem, c->seen, to);
}

static int
feed_window(struct client *c, struct db *db)
{
	uint64_t shown = 0;
	bool *passes;

	if (move_window(c, db) == DB_FAILED)
		return DB_FAILED;
	passes = arena_alloc(tail.window_mem, tail.window.nloaded + 1);
	c->filter.low_id = tail.low_id;
	if (c->filter.regex != NULL)
		line_regex_allow(c->filter.regex, REGEX_US);
	if (window_filter(&tail.window, &c->filter, &tail.sources, &tail.scratch, passes) == -1) {
		end_stream(c, "regex");
		return 0;
	}
	for (size_t i = 0; i < tail.window.nlines; i++)
		if (passes[tail.window.lines[i].number]) {
			add_line(c, &tail.window.lines[i]);
			shown++;
		}
	app_count(c->rq, COUNT_TAIL_EVENTS, shown);
	c->seen = tail.window.to;
	return 0;
}

static bool
wants_more(const struct client *c)
{
	return !c->ended && c->seen < tail.newest && c->out.len - c->sent < WAITING_MAX;
}

/* Feeds all streams, a window each in turn, until all have what there is or time is up. */
static int
feed_all(struct db *db)
{
	int64_t until = clock_mono_us() + TURN_US;
	bool more = true;

	while (more && clock_mono_us() < until) {
		more = false;
		for (size_t i = 0; i < tail.n; i++) {
			struct client *c = tail.clients[i];

			if (!wants_more(c))
				continue;
			if (tail.newest - c->seen > BEHIND_MAX)
				add_gap(c, tail.newest - WINDOW);
			if (feed_window(c, db) == DB_FAILED)
				return DB_FAILED;
			more = more || wants_more(c);
		}
	}
	return 0;
}

static bool
anyone_wants_more(void)
{
	for (size_t i = 0; i < tail.n; i++)
		if (wants_more(tail.clients[i]))
			return true;
	return false;
}

static void
keep_alive(struct client *c, int64_t now_us)
{
	if (now_us >= c->until_us)
		end_stream(c, "max_duration");
	if (now_us < c->heartbeat_us || c->ended)
		return;
	c->heartbeat_us = now_us + logs_cfg.tail_heartbeat_s * 1000000;
	/* One that does not read gets no more to read. */
	if (c->out.len - c->sent < WAITING_MAX)
		add_event(c, "heartbeat", "{}");
}

void
tail_tick(struct db *db)
{
	bool changed = db_changed_elsewhere(db);

	if (changed || anyone_wants_more()) {
		db_set_deadline(db, clock_mono_us() + 1000000);
		/* What fails is in the log, and tried again when ingest next writes, in seconds. */
		if (db_begin_read(db) != DB_FAILED && look_at_store(db) != DB_FAILED) {
			(void)feed_all(db);
			arena_reset(tail.window_mem);
			tail.window = (struct window){.after = -1};
		}
		db_end_request(db);
	}
	for (size_t i = 0; i < tail.n; i++)
		keep_alive(tail.clients[i], clock_mono_us());
}

/* ---- streams ------------------------------------------------------------------------------------ */

static int64_t
position_asked(struct req *rq)
{
	const char *last = req_header(rq, "Last-Event-ID");
	int64_t seen;

	if (last == NULL || *last == '\0')
		last = query_text(rq, "last");
	/* What is no id of ours, or one of the future, means: from now on. */
	if (last == NULL || text_int64(last, strlen(last), 0, tail.newest, &seen) == -1)
		return tail.newest;
	return seen;
}

static struct client *
new_client(struct req *rq, const struct filter *filter)
{
	struct client *c = heap_alloc(sizeof *c);
	int64_t now_us = clock_mono_us();

	c->rq = rq;
	c->filter = *filter;
	c->filter.since = INT64_MIN;
	c->filter.until = INT64_MAX;
	c->until_us = now_us + logs_cfg.tail_duration_s * 1000000;
	c->heartbeat_us = now_us + logs_cfg.tail_heartbeat_s * 1000000;
	c->seen = position_asked(rq);
	return c;
}

static void
free_client(struct client *c)
{
	filter_free(&c->filter);
	buf_free(&c->out);
	free(c);
	/* What was sent to it lay between what others hold, and would stay with us. */
	(void)malloc_trim(0);
}

static int
prepare(struct req *rq)
{
	if (tail.clients == NULL) {
		tail.clients = heap_alloc((size_t)logs_cfg.tail_clients * sizeof(struct client *));
		tail.sources_mem = arena_new(0);
		tail.window_mem = arena_new(ARENA_KEEP);
	}
	if (db_begin_read(rq->db) == DB_FAILED || look_at_store(rq->db) == DB_FAILED)
		return req_fail_db(rq);
	return 0;
}

int
tail_open(struct req *rq)
{
	struct filter filter;
	struct client *c;
	int st;

	if ((st = filter_read(rq, &filter)) != 0)
		return st;
	if (tail.n == (size_t)logs_cfg.tail_clients) {
		filter_free(&filter);
		app_count(rq, COUNT_TAIL_REFUSED, 1);
		return req_fail_later(rq, 503, 5, "Too many SSE connections");
	}
	if ((st = prepare(rq)) != 0) {
		filter_free(&filter);
		return st;
	}
	rq->type = "text/event-stream";
	req_add_header(rq, "X-Accel-Buffering: no");
	if (rq->head) {
		filter_free(&filter);
		return 200;
	}
	c = new_client(rq, &filter);
	/*
	 * The id alone is no event, but where to go on if nothing comes
	 * before the stream breaks.
	 */
	buf_printf(&c->out, "retry: 2000\nid: %lld\n\n", (long long)c->seen);
	if (req_stream(rq, 200, c->out.data, c->out.len) == -1) {
		free_client(c);
		rq->streaming = false;
		return 200;
	}
	c->out.len = 0;
	tail.clients[tail.n++] = c;
	app_count(rq, COUNT_TAIL_STREAMS, 1);
	return 200;
}

bool
tail_waiting(const struct req *rq)
{
	const struct client *c = client_of(rq);

	return c->sent < c->out.len || c->ended;
}

/* Takes off the front of the buffer what was sent. */
static void
forget_sent(struct client *c)
{
	c->out.len -= c->sent;
	memmove(c->out.data, c->out.data + c->sent, c->out.len);
	c->sent = 0;
	if (c->out.len == 0)
		buf_free(&c->out); /* it is quiet most of the time */
}

int
tail_send(struct req *rq, size_t room)
{
	struct client *c = client_of(rq);
	size_t left = c->out.len - c->sent, n = left < room ? left : room;

	if (n > 0 && req_stream(rq, 0, c->out.data + c->sent, n) == -1)
		return -1;
	c->sent += n;
	if (c->sent >= c->out.len / 2)
		forget_sent(c);
	return c->ended && c->out.len == 0 ? -1 : 0;
}

void
tail_stopping(struct req *rq, size_t room)
{
	struct client *c = client_of(rq);

	/* Half an event must not be made whole by what is no part of it. */
	if (c->sent == 0 && c->out.len == 0) {
		end_stream(c, "shutdown");
		(void)tail_send(rq, room);
	}
}

void
tail_closed(struct req *rq)
{
	for (size_t i = 0; i < tail.n; i++)
		if (tail.clients[i]->rq == rq) {
			free_client(tail.clients[i]);
			tail.clients[i] = tail.clients[--tail.n];
			return;
		}
}
