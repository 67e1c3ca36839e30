/* SPDX-License-Identifier: MIT */
/* The queue's taking side; what goes in is alert.c's. */
#include "deliver.h"

#include <string.h>

#include "alert.h"
#include "clock.h"
#include "log.h"
#include "process.h"

#define GIVE_UP_SECONDS (24 * 3600)
#define FIRST_PAUSE 15 /* seconds; doubles up to LAST_PAUSE */
#define LAST_PAUSE 3600
#define BATCH 50 /* alerts or attempts of one pass; the rest follows in the next */
#define DIGEST_TITLES 100
#define DIGEST_PAUSE 5 /* seconds between looks at whether held alerts may be told */

/* ---- from the queue to the channels ----------------------------------------------------- */

static const char select_new[] =
    "SELECT id, kind FROM alert WHERE state = 'new' ORDER BY id LIMIT ?1";
static const char count_told[] =
    "SELECT count(*) FROM alert WHERE created_at > ?1 AND created_at <= ?2"
    " AND state IN ('sending', 'done') AND kind NOT IN ('digest', 'test')"
    " /*scan: bounded by the window and the cap*/";
/* Of what is not sent, or has been, only the title is of use: a digest tells that alone. */
static const char set_state[] =
    "UPDATE alert SET state = ?2, content = CASE ?2 WHEN 'sending' THEN content ELSE '' END"
    " WHERE id = ?1";
static const char insert_delivery[] =
    "INSERT INTO alert_delivery (alert_id, channel, next_at) VALUES (?1, ?2, ?3)";

static int
count(struct deliver_queue *q, const char *sql, int64_t value, int64_t *out)
{
	int stmt = db_prepare(q->db, sql);

	if (stmt == DB_FAILED)
		return DB_FAILED;
	return db_number(q->db, stmt, DB_ARGS(DB_INT(value)), 0, out);
}

/* Those that the cap let through in its time, but for what a clock that was ahead has dated. */
static int
count_lately_told(
    const struct deliver_cfg *cfg, struct deliver_queue *q, int64_t now, int64_t *told)
{
	int stmt = db_prepare(q->db, count_told);

	if (stmt == DB_FAILED)
		return DB_FAILED;
	return db_number(
	    q->db, stmt, DB_ARGS(DB_INT(now - cfg->cap_seconds), DB_INT(now)), 0, told);
}

static int
update_alert(struct deliver_queue *q, int64_t id, const char *state)
{
	int stmt = db_prepare(q->db, set_state);

	return stmt == DB_FAILED ? DB_FAILED
				 : db_run(q->db, stmt, DB_ARGS(DB_INT(id), DB_TEXT(state)));
}

/* Gives one alert to every channel; without channels there is nothing left to do. */
static int
tell(const struct deliver_cfg *cfg, struct deliver_queue *q, int64_t id, int64_t now)
{
	int insert = db_prepare(q->db, insert_delivery);

	if (insert == DB_FAILED)
		return DB_FAILED;
	for (size_t i = 0; i < cfg->channels.n; i++)
		if (db_run(q->db, insert,
			DB_ARGS(DB_INT(id), DB_TEXT(cfg->channels.items[i].name), DB_INT(now))) ==
		    DB_FAILED)
			return DB_FAILED;
	return update_alert(q, id, cfg->channels.n > 0 ? "sending" : "done");
}

struct waiting {
	int64_t id;
	bool capped; /* whether the cap counts it */
};

static int
list_new(struct deliver_queue *q, struct waiting found[BATCH], size_t *n)
{
	int stmt = db_prepare(q->db, select_new), st;

	*n = 0;
	if (stmt == DB_FAILED)
		return DB_FAILED;
	for (st = db_query(q->db, stmt, DB_ARGS(DB_INT(BATCH))); st == DB_ROW;
	     st = db_next(q->db, stmt)) {
		const char *kind = db_text(q->db, stmt, 1);

		found[*n].id = db_int(q->db, stmt, 0);
		found[(*n)++].capped = strcmp(kind, "digest") != 0 && strcmp(kind, "test") != 0;
	}
	return st;
}

static int
distribute(const struct deliver_cfg *cfg, struct deliver_queue *q, int64_t now)
{
	struct waiting found[BATCH];
	int64_t told;
	size_t n;
	int st;

	if (list_new(q, found, &n) == DB_FAILED)
		return DB_FAILED;
	if (n == 0)
		return 0;
	if (db_begin(q->db) == DB_FAILED)
		return DB_FAILED;
	st = count_lately_told(cfg, q, now, &told);
	for (size_t i = 0; i < n && st == 0; i++) {
		bool hold = found[i].capped && cfg->hourly_cap > 0 && told >= cfg->hourly_cap;

		st = hold ? update_alert(q, found[i].id, "held") : tell(cfg, q, found[i].id, now);
		told += found[i].capped && !hold;
	}
	return db_finish(q->db, st);
}

/* ---- the digest --------------------------------------------------------------------------- */

static const char select_held[] =
    "SELECT id, title FROM alert WHERE state = 'held' ORDER BY id /*scan: all of them*/";
static const char count_held[] = "SELECT count(*) FROM alert WHERE state = 'held' AND id > ?1";
static const char mark_digested[] =
    "UPDATE alert SET state = 'digested', digest_id = ?1 WHERE state = 'held' /*scan: all*/";

/* The titles of the held alerts, a line each, and how many there are. */
static int
list_held(struct deliver_queue *q, struct buf *titles, int64_t *held)
{
	int stmt = db_prepare(q->db, select_held), st;

	*held = 0;
	if (stmt == DB_FAILED)
		return DB_FAILED;
	for (st = db_query(q->db, stmt, DB_NO_ARGS); st == DB_ROW; st = db_next(q->db, stmt))
		if ((*held)++ < DIGEST_TITLES)
			buf_printf(titles, "%s\n", db_text(q->db, stmt, 1));
	if (*held > DIGEST_TITLES)
		buf_printf(titles, "and %lld more\n", (long long)(*held - DIGEST_TITLES));
	return st;
}

static int
write_digest(
    struct deliver_queue *q, struct arena *mem, struct buf *titles, int64_t held, int64_t now)
{
	int mark = db_prepare(q->db, mark_digested);
	struct alert a = {
	    .kind = "digest",
	    .title =
		arena_printf(mem, "[Monlight %s] %lld more alerts", q->service, (long long)held),
	    .heading = "More happened than the hourly cap lets through one by one",
	    .text = buf_text(titles),
	    .path = "/",
	};

	alert_fact(&a, "Alerts", arena_printf(mem, "%lld", (long long)held));
	if (mark == DB_FAILED || alert_enqueue(q->db, mem, &a, now) == DB_FAILED)
		return DB_FAILED;
	return db_run(q->db, mark, DB_ARGS(DB_INT(db_last_id(q->db))));
}

/* Tells of the held alerts once the cap's window has room again. */
static int
digest(const struct deliver_cfg *cfg, struct deliver_queue *q, struct arena *mem, int64_t now)
{
	struct buf titles = {0};
	int64_t told, held;
	int st = DB_FAILED;

	if (list_held(q, &titles, &held) == DB_FAILED ||
	    count_lately_told(cfg, q, now, &told) == DB_FAILED)
		goto out;
	st = 0;
	if (held == 0 || (cfg->hourly_cap > 0 && told >= cfg->hourly_cap))
		goto out;
	if ((st = db_begin(q->db)) == 0)
		st = db_finish(q->db, write_digest(q, mem, &titles, held, now));
out:
	buf_free(&titles);
	return st;
}

/* ---- attempts ------------------------------------------------------------------------------ */

static const char select_due[] =
    "SELECT d.id, d.alert_id, d.channel, d.attempts, a.created_at, a.kind, a.subject_id, a.title,"
    " a.content FROM alert_delivery AS d JOIN alert AS a ON a.id = d.alert_id"
    " WHERE d.state = 'waiting' AND d.next_at <= ?1 ORDER BY d.next_at LIMIT 1";
static const char unwait[] =
    "UPDATE alert_delivery SET next_at = ?1 WHERE state = 'waiting' AND next_at > ?1 + ?2";
static const char select_next[] =
    "SELECT min(next_at) FROM alert_delivery WHERE state = 'waiting' AND next_at > ?1";
static const char update_delivery[] =
    "UPDATE alert_delivery SET state = ?2, attempts = attempts + 1, next_at = ?3, done_at = ?4,"
    " detail = ?5 WHERE id = ?1";
static const char put_off_channel[] =
    "UPDATE alert_delivery SET next_at = ?2 WHERE state = 'waiting' AND next_at < ?2"
    " AND channel = (SELECT channel FROM alert_delivery WHERE id = ?1)";
static const char finish_alert[] =
    "UPDATE alert SET state = 'done', content = '' WHERE id = ?1 AND NOT EXISTS"
    " (SELECT 1 FROM alert_delivery WHERE alert_id = ?1 AND state = 'waiting')";

struct attempt {
	int64_t id, alert_id, attempts, created_at;
	const char *channel;
	struct alert alert;
};

/* The attempt that has been due for longest, in the arena: DB_ROW, DB_NONE or DB_FAILED. */
static int
next_due(struct deliver_queue *q, struct arena *mem, int64_t now, struct attempt *due)
{
	int stmt = db_prepare(q->db, select_due), st;

	if (stmt == DB_FAILED)
		return DB_FAILED;
	if ((st = db_query(q->db, stmt, DB_ARGS(DB_INT(now)))) != DB_ROW)
		return st;
	*due = (struct attempt){
	    .id = db_int(q->db, stmt, 0),
	    .alert_id = db_int(q->db, stmt, 1),
	    .channel = db_text_copy(q->db, stmt, 2, mem),
	    .attempts = db_int(q->db, stmt, 3),
	    .created_at = db_int(q->db, stmt, 4),
	    .alert.kind = db_text_copy(q->db, stmt, 5, mem),
	    .alert.subject_id = db_int(q->db, stmt, 6),
	    .alert.title = db_text_copy(q->db, stmt, 7, mem),
	};
	if (alert_read(mem, db_text(q->db, stmt, 8), &due->alert) == -1)
		log_errorx("alert %lld cannot be read", (long long)due->alert_id);
	db_done(q->db, stmt);
	return DB_ROW;
}

/* Makes the attempt; detail says what was answered, or what went wrong. */
static enum send_result
attempt(const struct deliver_cfg *cfg, const struct deliver_queue *q, struct arena *mem,
    const struct attempt *due, char detail[SEND_DETAIL_SIZE])
{
	const struct alert_channel *channel = alert_channels_find(&cfg->channels, due->channel);
	const char *from = alert_channels_sender(mem, cfg->smtp_from);
	struct alert_letter letter = {
	    .service = q->service,
	    .base_url = q->base_url,
	    .from = cfg->smtp_from,
	    .id = arena_printf(mem, "%s.%lld.%lld.%lld@%s", q->service, (long long)due->alert_id,
		(long long)due->id, (long long)due->created_at, strrchr(from, '@') + 1),
	    .date = due->created_at,
	};
	struct buf message = {0};
	enum send_result result;

	if (channel == NULL) {
		(void)snprintf(detail, SEND_DETAIL_SIZE, "this channel is not configured any more");
		return SEND_FAILED;
	}
	letter.to = channel->to;
	channel->write(&message, &letter, &due->alert);
	result = channel->way == ALERT_BY_MAIL
		     ? send_mail(&cfg->smtp, from, letter.to, &message, detail)
		     : send_json(letter.to, cfg->smtp.ca_file, &message, detail);
	buf_free(&message);
	return result;
}

/* Doubles with each attempt, from FIRST_PAUSE to LAST_PAUSE. */
static int64_t
pause_after(int64_t attempts)
{
	int64_t pause = FIRST_PAUSE;

	while (attempts-- > 0 && pause < LAST_PAUSE)
		pause *= 2;
	return pause < LAST_PAUSE ? pause : LAST_PAUSE;
}

static int
write_outcome(struct deliver_queue *q, const struct deliver_outcome *o)
{
	int update = db_prepare(q->db, update_delivery), finish = db_prepare(q->db, finish_alert);
	int put_off = db_prepare(q->db, put_off_channel), st;
	bool over = o->result == SEND_TAKEN || o->next_at > o->give_up_at;
	const char *state = o->result == SEND_TAKEN ? "sent" : over ? "failed" : "waiting";

	if (update == DB_FAILED || finish == DB_FAILED || put_off == DB_FAILED)
		return DB_FAILED;
	st = db_run(q->db, update,
	    DB_ARGS(DB_INT(o->delivery), DB_TEXT(state), DB_INT(o->next_at),
		over ? DB_INT(o->at) : DB_NULL, DB_TEXT(o->detail)));
	if (st == 0)
		st = db_run(q->db, finish, DB_ARGS(DB_INT(o->alert)));
	/* So that a channel that hangs costs a pass one time-out, not one for each alert. */
	if (st == 0 && o->result == SEND_TIMED_OUT)
		st = db_run(q->db, put_off, DB_ARGS(DB_INT(o->delivery), DB_INT(o->next_at)));
	return st;
}

/*
 * Notes what became of the last attempt, if that is still to be done.  Nothing is sent before it is:
 * what cannot be noted, for want of space, would be sent again in each pass.
 */
static int
note_outcome(struct deliver_queue *q)
{
	if (q->outcome->delivery == 0)
		return 0;
	if (db_begin(q->db) == DB_FAILED ||
	    db_finish(q->db, write_outcome(q, q->outcome)) == DB_FAILED)
		return DB_FAILED;
	q->outcome->delivery = 0;
	return 0;
}

static int
attempt_due(const struct deliver_cfg *cfg, struct deliver_queue *q, struct arena *mem, int64_t now)
{
	struct deliver_outcome *o = q->outcome;
	struct attempt due;
	int st = next_due(q, mem, now, &due);

	if (st != DB_ROW)
		return st;
	*o = (struct deliver_outcome){.alert = due.alert_id};
	o->result = attempt(cfg, q, mem, &due, o->detail);
	/* Broken off, since we are to end: it says nothing of the channel. */
	if (o->result != SEND_TAKEN && process_stopping())
		return DB_NONE;
	if (o->result != SEND_TAKEN)
		log_warnx("%s alert %lld to %s, attempt %lld: %s", q->service,
		    (long long)due.alert_id, due.channel, (long long)due.attempts + 1, o->detail);
	/* The time of now: attempts may take half a minute each. */
	o->at = clock_now();
	o->next_at = o->at + pause_after(due.attempts);
	o->give_up_at = due.created_at + GIVE_UP_SECONDS;
	o->delivery = due.id;
	return note_outcome(q) == DB_FAILED ? DB_FAILED : DB_ROW;
}

/* While alerts are held, the window is looked at again soon: nothing else wakes the pass. */
static int
wait_for_digest(struct deliver_queue *q, int64_t now, int64_t *next)
{
	int64_t held;

	if (count(q, count_held, 0, &held) == DB_FAILED)
		return -1;
	if (held > 0 && *next > now + DIGEST_PAUSE)
		*next = now + DIGEST_PAUSE;
	return 0;
}

int
deliver_anew(struct deliver_queue *q, int64_t now)
{
	int stmt = db_prepare(q->db, unwait);

	if (stmt == DB_FAILED || db_begin(q->db) == DB_FAILED)
		return DB_FAILED;
	return db_finish(q->db, db_run(q->db, stmt, DB_ARGS(DB_INT(now), DB_INT(LAST_PAUSE))));
}

int
deliver_pass(const struct deliver_cfg *cfg, struct deliver_queue *q, struct arena *mem, int64_t now,
    int64_t *next)
{
	int st, left = BATCH;

	*next = INT64_MAX;
	if (note_outcome(q) == DB_FAILED)
		return -1;
	if (digest(cfg, q, mem, now) == DB_FAILED || distribute(cfg, q, now) == DB_FAILED)
		return -1;
	while ((st = attempt_due(cfg, q, mem, now)) == DB_ROW && --left > 0 && !process_stopping())
		continue;
	if (st == DB_FAILED)
		return -1;
	if (st == DB_ROW)
		*next = now;
	else if (count(q, select_next, now, next) == DB_FAILED)
		return -1;
	if (*next == 0)
		*next = INT64_MAX;
	return wait_for_digest(q, now, next);
}
