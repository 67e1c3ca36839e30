/* SPDX-License-Identifier: MIT */
/*
 * The job `ingest`: from log files into logs.db.
 *
 * Files are read one after the other until there is enough for a transaction; it holds the
 * lines, their ids and counts, and the cursors of all files read, so what is stored is
 * stored once.  Under -f the tails stay between passes; without it they are met anew each time.
 */
#include "ingest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "logs_sql.h"
#include "text.h"

#define PASS_BYTES (1 << 20)  /* of text in one transaction */
#define MERGE_BYTES (8 << 20) /* of text after which a long pass seals what it has written */
#define LINGER_US 1500000     /* a single pass waits so long for open entries to end */
#define GATHER_US 5000        /* after something stirred: what comes together is read together */
#define SLICE_US 5000000      /* under -f other jobs want their turn */
#define TOGETHER 256          /* tails that are stored together */
#define SEEN_S 86400          /* between two notes which files there are */
#define MANY_RECORDS 100000   /* in one pass: it was catching up */
#define NOTE_S 10             /* between two notes that ingest is alive */

static struct ingest ingest = {.sources = SOURCES_READ, .inotify = -1, .timer = -1, .epoll = -1};

/* ---- start ----------------------------------------------------------------------- */

/* The directory of logs.db: archives are unpacked there. */
static char *
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = heap_strdup(slash != NULL ? path : ".");

	if (slash != NULL)
		dir[slash == path ? 1 : slash - path] = '\0';
	return dir;
}

static void
start(struct ingest *in, const struct pass *pass)
{
	struct rlimit files;

	if (in->store != NULL)
		return;
	in->store = store_new(pass->db, pass->path);
	in->out = store_pass_new(in->store);
	in->scratch = directory_of(pass->path);
	in->rules = (struct feed_rules){
	    .tail_buffer = pass->cfg->logs.tail_buffer,
	    .level_stderr = (enum level)pass->cfg->logs.level_stderr,
	    .scratch = in->scratch,
	};
	in->run = (struct feed_run){
	    .rules = &in->rules, .db = pass->db, .out = in->out, .enough = PASS_BYTES};
	/* One descriptor for each container that runs. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

/* ---- storing --------------------------------------------------------------------- */

/* Whether less than so many seconds have passed; what lies ahead is of a clock set back since. */
static bool
is_recent(int64_t at, int64_t now, int64_t seconds)
{
	return at <= now && now - at < seconds;
}

/*
 * With its container goes a source of which no line is left: some hosts run one a minute.  It
 * stays while a file is followed under its name, whose container may be another, or none.
 */
static int
forget_sources(const struct ingest *in, struct db *db)
{
	struct buf followed = {0};
	int result;

	buf_char(&followed, '[');
	for (size_t i = 0; i < in->n; i++)
		buf_printf(&followed, "%s%lld", i > 0 ? "," : "", (long long)in->tails[i]->source);
	buf_char(&followed, ']');
	result = db_run(db, SQL_SOURCE_FORGET, DB_ARGS(DB_TEXT(buf_text(&followed))));
	buf_free(&followed);
	return result == 0 ? db_run(db, SQL_TALLY_FORGET, DB_NO_ARGS) : result;
}

/*
 * Once a day: what is there keeps its cursor, however silent it is; retention forgets the others.
 */
static int
note_seen(struct ingest *in, struct db *db, int64_t now)
{
	if (is_recent(store_number(in->store, "cursors_seen"), now, SEEN_S))
		return 0;
	for (size_t i = 0; i < in->n; i++) {
		const struct tail *t = in->tails[i];

		if (db_run(db, SQL_CURSOR_SEEN, DB_ARGS(DB_TEXT(t->path), DB_INT(now))) == -1)
			return -1;
		if (t->container != NULL && db_run(db, SQL_LIFECYCLE_SEEN,
						DB_ARGS(DB_TEXT(t->container), DB_INT(now))) == -1)
			return -1;
	}
	if (forget_sources(in, db) == -1)
		return -1;
	return store_set_number(in->store, "cursors_seen", now);
}

/* Whether there is something to read that this pass has not come to. */
static bool
is_behind(const struct ingest *in)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->tails[i]->dirty)
			return true;
	return false;
}

/* What was found, and if that is so that all there is was read. */
static int
note_pass(struct ingest *in, struct db *db, bool behind)
{
	int64_t now = clock_now();

	if ((!behind && store_set_number(in->store, "last_pass", now) == -1) ||
	    store_set_number(in->store, "sources_readable", in->sources) == -1)
		return -1;
	return note_seen(in, db, now);
}

static int
write_all(struct ingest *in, bool note, bool behind)
{
	struct db *db = in->run.db;

	if (store_pass_write(in->out) == -1 || lifecycle_save(&in->lifecycle, db) == -1)
		return -1;
	for (size_t i = 0; i < in->n; i++)
		if (in->tails[i]->touched && feed_save(in->tails[i]->feed, &in->run) == -1)
			return -1;
	return note ? note_pass(in, db, behind) : 0;
}

/*
 * Stores what the touched tails have handed out; if that fails they forget it and read it again.
 */
static int
commit(struct ingest *in)
{
	bool touched = store_pass_bytes(in->out) > 0;
	bool note = !is_recent(in->noted, clock_now(), NOTE_S), behind = is_behind(in);
	int result;

	for (size_t i = 0; i < in->n && !touched; i++)
		touched = in->tails[i]->touched && feed_changed(in->tails[i]->feed);
	if (!touched && !note)
		return 0;
	if ((result = db_begin(in->run.db)) == 0)
		result = db_finish(in->run.db, write_all(in, note, behind));
	if (result == -1) {
		store_pass_clear(in->out);
		in->lifecycle.changes.len = 0;
	} else if (note && !behind)
		in->noted = clock_now();
	for (size_t i = 0; i < in->n; i++) {
		struct tail *t = in->tails[i];

		if (t->touched)
			feed_saved(t->feed, result == 0);
		/* What a container did is noted again, too. */
		if (result == -1)
			t->config_seen = 0;
		t->dirty |= t->touched && result == -1;
		t->touched = false;
	}
	return result;
}

/* Seals in the middle of a long pass, so that logs.db stays small. */
static void
seal(struct pass *pass, int64_t *unsealed)
{
	int lock;

	if (*unsealed < MERGE_BYTES || (lock = db_job_lock(pass->path, "merge")) == -1)
		return;
	*unsealed = 0;
	(void)logs_merge(pass);
	db_job_unlock(lock);
}

/* ---- reading --------------------------------------------------------------------- */

/* Reads a tail to its end, with as many transactions as that takes. */
static int
read_tail(struct ingest *in, struct pass *pass, struct tail *t, int64_t *unsealed)
{
	enum feed_result result;

	do {
		size_t before = store_pass_bytes(in->out);

		in->run.now_ns = clock_now_ns();
		t->touched = true;
		result = feed_read(t->feed, &in->run);
		*unsealed += (int64_t)(store_pass_bytes(in->out) - before);
		if (result == FEED_FAILED) {
			t->touched = t->dirty = false;
			/* Of a container that has ended nothing stirs: the next scan asks again. */
			t->config_seen = 0;
			return -1;
		}
		if (result == FEED_MORE && commit(in) == -1)
			return -1;
		seal(pass, unsealed);
	} while (result == FEED_MORE && !indexer_stopping() && clock_mono_us() < in->slice_end);
	t->dirty = result == FEED_MORE;
	return 0;
}

/* Closes files that will not grow; a single pass keeps only those open whose entries are. */
static void
rest_idle(struct ingest *in)
{
	for (size_t i = 0; i < in->n; i++) {
		struct tail *t = in->tails[i];

		if ((!t->running || in->inotify == -1) && !t->touched && !t->dirty &&
		    !feed_is_open(t->feed))
			feed_rest(t->feed);
	}
}

/* Reads a tail if it is dirty and hands out what is due; returns when something will be due. */
static int64_t
serve_tail(struct ingest *in, struct pass *pass, struct tail *t, int64_t *unsealed, int *failed)
{
	if (t->dirty && clock_mono_us() < in->slice_end && read_tail(in, pass, t, unsealed) == -1)
		*failed = -1;
	if (t->dirty && *failed == 0)
		return clock_now_ns();
	if (!feed_is_open(t->feed))
		return INT64_MAX;
	in->run.now_ns = clock_now_ns();
	if (feed_due(t->feed, in->run.now_ns) <= in->run.now_ns) {
		feed_settle(t->feed, &in->run, false);
		t->touched = true;
	}
	return feed_due(t->feed, in->run.now_ns);
}

/* All tails once; returns when something will be due. */
static int64_t
serve_all(struct ingest *in, struct pass *pass, int *failed)
{
	int64_t due = INT64_MAX, unsealed = 0;

	for (size_t i = 0; i < in->n && !indexer_stopping(); i++) {
		int64_t next = serve_tail(in, pass, in->tails[i], &unsealed, failed);

		if (next < due)
			due = next;
		if (i % TOGETHER == TOGETHER - 1) {
			if (commit(in) == -1)
				*failed = -1;
			rest_idle(in);
		}
	}
	if (commit(in) == -1)
		*failed = -1;
	rest_idle(in);
	return due;
}

/* Ends tails whose file is gone. */
static void
let_go(struct ingest *in)
{
	for (size_t i = in->n; i > 0; i--) {
		struct tail *t = in->tails[i - 1];

		if (t->scan == in->scan || t->dirty)
			continue;
		feed_settle(t->feed, &in->run, true);
		t->touched = true;
		if (commit(in) == 0)
			ingest_forget_tail(in, i - 1);
	}
}

/* ---- the job --------------------------------------------------------------------- */

static void
report(struct ingest *in, int64_t began_us)
{
	if (in->run.damaged > 0)
		log_warnx(
		    "logs: %lld records were damaged and passed over", (long long)in->run.damaged);
	if (in->run.lines > MANY_RECORDS) {
		log_info("logs: %lld records in %.1f s", (long long)in->run.lines,
		    (double)(clock_mono_us() - began_us) / 1e6);
		/* What catching up took is not needed for following. */
		buf_free(&in->run.buffer);
		buf_free(&in->run.repaired);
	}
	in->run.lines = in->run.damaged = 0;
}

/* A single pass waits for entries that may go on, so that none is left for the next minute. */
static void
linger(struct ingest *in, struct pass *pass, int64_t due, int *failed)
{
	int64_t until = clock_mono_us() + LINGER_US;

	while (due < INT64_MAX && !indexer_stopping() && *failed == 0) {
		int64_t left = (due - clock_now_ns()) / 1000 + 1000;

		/* Also when the clock was set back meanwhile. */
		if (clock_mono_us() + left > until)
			break;
		if (left > 0)
			(void)usleep((useconds_t)left);
		for (size_t i = 0; i < in->n; i++)
			in->tails[i]->dirty = feed_is_open(in->tails[i]->feed);
		due = serve_all(in, pass, failed);
	}
}

int
logs_ingest(struct pass *pass)
{
	struct ingest *in = &ingest;
	int64_t began = clock_mono_us(), due;
	int failed = 0;

	start(in, pass);
	in->slice_end = in->inotify == -1 ? INT64_MAX : began + SLICE_US;
	if (in->inotify != -1) {
		(void)usleep(GATHER_US);
		ingest_take_events(in);
	}
	if (began >= in->scan_due || in->inotify == -1)
		ingest_scan(in, pass);
	if (began >= in->poll_due) {
		for (size_t i = 0; i < in->n; i++)
			in->tails[i]->dirty |= in->tails[i]->running;
		in->poll_due = began + pass->cfg->logs.poll_interval * 1000000;
	}
	due = serve_all(in, pass, &failed);
	if (in->inotify == -1)
		linger(in, pass, due, &failed);
	let_go(in);
	ingest_wake_at(in, due);
	report(in, began);
	return failed;
}

int
logs_ingest_watch(struct pass *pass)
{
	start(&ingest, pass);
	return ingest_start_watching(&ingest, pass);
}
