/* SPDX-License-Identifier: MIT */
/* Whether a report brings an error back that people have resolved or ignore. */
#include "clock.h"
#include "release.h"
#include "report.h"

/* The longest time that something asks the counts of minutes for; 0: nothing does. */
static int64_t
minutes_wanted(const struct storing *s, const struct known *k)
{
	const struct errors_cfg *cfg = errors_cfg(s->rq);
	bool told = alert_channels_missing(&cfg->alert_lists) == NULL;
	int64_t spike = cfg->spike.reports > 0 && told ? cfg->spike.minutes : 0;
	int64_t ignored = k->status == STATUS_IGNORED ? k->ignored_minutes : 0;

	return spike > ignored ? spike : ignored;
}

int
report_count_minute(struct storing *s, const struct known *k)
{
	struct db_value key = DB_INT(k->key_id);
	int64_t minute = s->report->at / SECONDS_PER_MINUTE, wanted = minutes_wanted(s, k);
	int64_t oldest = clock_now() / SECONDS_PER_MINUTE - wanted + 1;

	/* One that comes late, from an outbox, says nothing of now. */
	if (wanted == 0 || minute < oldest)
		return 0;
	if (db_run(s->db, SQL_MINUTES_FORGET, DB_ARGS(key, DB_INT(oldest))) == -1)
		return DB_FAILED;
	return db_run(
	    s->db, SQL_MINUTE_COUNT, DB_ARGS(key, DB_INT(minute), DB_INT(s->report->count)));
}

/* Whether it was ignored until so many came in so many minutes, and they have. */
static int
judge_ignored(struct storing *s, struct known *k)
{
	int64_t now = clock_now(), sum;
	int64_t oldest = now / SECONDS_PER_MINUTE - k->ignored_minutes + 1;

	k->reopens = k->ignored_until > 0 && s->report->at >= k->ignored_until;
	if (k->reopens || k->ignored_count == 0)
		return 0;
	if (db_number(s->db, SQL_MINUTES_SUM, DB_ARGS(DB_INT(k->error_id), DB_INT(oldest)), 0,
		&sum) == -1)
		return DB_FAILED;
	k->reopens = sum >= k->ignored_count;
	return 0;
}

int
report_judge(struct storing *s, struct known *k)
{
	const struct report *r = s->report;

	if (report_count_minute(s, k) == -1)
		return DB_FAILED;
	if (k->status == STATUS_IGNORED)
		return judge_ignored(s, k);
	/* A late one of before the resolution does not, and none of a release that had it. */
	k->reopens = k->status == STATUS_RESOLVED && r->at >= k->resolved_at &&
		     !release_not_later(r->release, k->resolved_release);
	return 0;
}
