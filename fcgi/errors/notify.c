/* SPDX-License-Identifier: MIT */
/*
 * What a report gives reason to tell people, put into the alert queue in the
 * report's own transaction: a new error, one that came back, one that comes often.
 */
#include <string.h>

#include "clock.h"
#include "report.h"
#include "scrub.h"
#include "text.h"

#define TITLE_MESSAGE 80 /* bytes of the message in a title */
/* Alerts an hour; people are told in a digest by then, and the queue has an end. */
#define ALERTS_MAX 1000

static int
tell(struct storing *s, const char *kind, const char *heading)
{
	const struct report *r = s->report;
	struct arena *mem = s->rq->mem;
	int64_t now = clock_now(), crowded;
	int scrubbed = 0;
	struct alert a = {
	    .kind = kind,
	    .subject_id = s->stored->id,
	    .title = arena_printf(mem, "[%s] %s: %.*s (#%lld)", r->project, r->type,
		(int)text_utf8_cut(r->message, strlen(r->message), TITLE_MESSAGE), r->message,
		(long long)s->stored->id),
	    .heading = arena_printf(mem, "%s in %s", heading, r->project),
	    .text = r->traceback,
	    .path = arena_printf(mem, "/errors/%lld", (long long)s->stored->id),
	};

	if (db_number(s->db, SQL_ALERTS_SINCE,
		DB_ARGS(DB_INT(now - SECONDS_PER_HOUR), DB_INT(ALERTS_MAX - 1)), 0, &crowded) == -1)
		return DB_FAILED;
	if (crowded) {
		s->stored->capped++;
		return 0;
	}
	alert_fact(&a, "Error", arena_printf(mem, "#%lld", (long long)s->stored->id));
	alert_fact(&a, "Type", r->type);
	alert_fact(&a, "Message", r->message);
	/* Whatever SCRUB says: a mail leaves the house. */
	if (r->request_method != NULL && r->request_url != NULL)
		alert_fact(&a, "Request",
		    arena_printf(mem, "%s %s", r->request_method,
			scrub_text(mem, r->request_url, &scrubbed)));
	alert_fact(&a, "Environment", r->environment);
	alert_fact(&a, "Release", r->release);
	return alert_enqueue(s->db, mem, &a, now);
}

/* Whether this report is the one with which the error has come often enough to be told of. */
static bool
is_nth(const struct storing *s)
{
	int64_t after = errors_cfg(s->rq)->alert_new_after;

	return s->stored->count >= after && s->stored->count - s->report->count < after;
}

/* True in *spikes if the last minutes hold enough and the last spike is long enough ago. */
static int
find_spike(struct storing *s, bool *spikes)
{
	const struct spike *spike = &errors_cfg(s->rq)->spike;
	int64_t now = clock_now(), sum;
	struct db_value id = DB_INT(s->stored->id);
	int64_t oldest = now / SECONDS_PER_MINUTE - spike->minutes + 1;

	if (db_number(s->db, SQL_MINUTES_SUM, DB_ARGS(id, DB_INT(oldest)), 0, &sum) == -1)
		return DB_FAILED;
	if (sum < spike->reports)
		return 0;
	if (db_run(s->db, SQL_SPIKE_NOTE,
		DB_ARGS(id, DB_INT(now), DB_INT(now - SECONDS_PER_HOUR))) == -1)
		return DB_FAILED;
	*spikes = db_changes(s->db) > 0;
	return 0;
}

int
report_notify(struct storing *s, const struct known *k)
{
	const struct errors_cfg *cfg = errors_cfg(s->rq);
	bool spikes = false;

	if (alert_channels_missing(&cfg->alert_lists) != NULL)
		return 0;
	if (cfg->spike.reports > 0 && find_spike(s, &spikes) == -1)
		return DB_FAILED;
	if (s->stored->outcome == OUTCOME_REOPENED)
		return tell(s, "regression",
		    k->status == STATUS_IGNORED ? "An ignored error is back"
						: "A resolved error is back");
	/* Who ignores an error, or has resolved it, does not want to hear of it. */
	if (k->status != STATUS_UNRESOLVED)
		return 0;
	if (is_nth(s) && tell(s, "new", "New error") == -1)
		return DB_FAILED;
	return spikes ? tell(s, "spike", "An error comes often") : 0;
}
