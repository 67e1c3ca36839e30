/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <math.h>
#include <string.h>

#include "alert.h"
#include "clock.h"
#include "figures.h"
#include "log.h"
#include "metrics_sql.h"
#include "period.h"

const char *const watch_state_words[] = {"ok", "pending", "firing"};

/* ---- the value of a rule ----------------------------------------------------------- */

struct computing {
	const struct rule *rule;
	enum metric_type type;
	double seconds; /* since the first minute that is looked at began */
	double value;
};

static double
value_of(const struct computing *c, const struct bucket *b)
{
	const struct rule *rule = c->rule;
	const struct summary *s = &b->summary;
	const bool any = s->count > 0;

	switch (rule->function) {
	case RULE_RATE:
		/* Nothing happened is a rate, of a metric that is known. */
		return !any ? 0
			    : (c->type == METRIC_COUNTER ? s->sum : (double)s->count) / c->seconds;
	case RULE_SUM:
		return any ? s->sum : 0;
	case RULE_AVG:
		return any ? s->sum / (double)s->count : NAN;
	case RULE_MIN:
		return any ? s->min : NAN;
	case RULE_MAX:
		return any ? s->max : NAN;
	case RULE_LAST:
		return any ? s->last : NAN;
	case RULE_QUANTILE:
		return summary_quantile(s, b->sketch, rule->quantile);
	case RULE_ABSENT:
		return (double)s->count;
	}
	return NAN;
}

static void
compute_group(void *arg, size_t group, const struct bucket *bucket)
{
	struct computing *c = arg;

	(void)group;
	c->value = value_of(c, bucket);
}

/* The rule's value over its window, to the minute; NAN if there is no data. */
static int
compute(struct db *db, struct arena *mem, const struct rule *rule, int64_t now, double *value)
{
	const struct question question = {
	    .name = rule->name, .type = SELECTION_ANY_TYPE, .filter = rule->filter};
	const struct timespan span = timespan_whole(now - rule->window, now + 1);
	struct computing c = {
	    .rule = rule,
	    .seconds = (double)(now - span.from),
	    .value = rule->function == RULE_ABSENT ? 0 : NAN,
	};
	struct selection selection;

	if (select_series(db, mem, &question, &selection) == -1)
		return DB_FAILED;
	c.type = selection.type;
	if (read_span(db, &selection, &span, compute_group, &c) == -1)
		return DB_FAILED;
	*value = c.value;
	return 0;
}

/* ---- its state --------------------------------------------------------------------- */

static bool
is_true(const struct rule *rule, double value)
{
	if (rule->function == RULE_ABSENT)
		return value == 0;
	return !isnan(value) && rule_compare(rule, value);
}

static struct watch
next_watch(const struct rule *rule, const struct watch *old, double value, int64_t now)
{
	struct watch next = {old->state, old->since, value, now};

	if (!is_true(rule, value))
		next.state = WATCH_OK;
	else if (old->state == WATCH_OK)
		next.state = WATCH_PENDING;
	/* Nothing has lasted since later than now: the clock was ahead. */
	if (next.state != old->state || old->checked == 0 || next.since > now)
		next.since = now;
	if (next.state == WATCH_PENDING && now - next.since >= rule->hold) {
		next.state = WATCH_FIRING;
		next.since = now;
	}
	return next;
}

int
watch_get(struct db *db, const struct rule *rule, struct watch *watch)
{
	int found = db_query(db, SQL_RULE_GET, DB_ARGS(DB_TEXT(rule->text)));

	*watch = (struct watch){.value = NAN};
	if (found != DB_ROW)
		return found;
	*watch = (struct watch){
	    .state = (enum watch_state)db_int(db, SQL_RULE_GET, 0),
	    .since = db_int(db, SQL_RULE_GET, 1),
	    .value = db_is_null(db, SQL_RULE_GET, 2) ? NAN : db_real(db, SQL_RULE_GET, 2),
	    .checked = db_int(db, SQL_RULE_GET, 3),
	};
	db_done(db, SQL_RULE_GET);
	return 0;
}

static int
put(struct db *db, const struct rule *rule, const struct watch *watch)
{
	return db_run(db, SQL_RULE_PUT,
	    DB_ARGS(DB_TEXT(rule->text), DB_INT(watch->state), DB_INT(watch->since),
		isfinite(watch->value) ? DB_REAL(watch->value) : DB_NULL, DB_INT(watch->checked)));
}

/* Puts a change to or from firing into the queue. */
static int
tell(struct db *db, struct arena *mem, const struct rule *rule, const struct watch *old,
    const struct watch *now)
{
	const bool fires = now->state == WATCH_FIRING;
	char since[TIME_TEXT_SIZE], number[JSON_NUMBER_SIZE] = "no data";
	struct alert alert = {
	    .kind = "rule",
	    .title = arena_printf(mem, "%s: %s", fires ? "Firing" : "Over", rule->text),
	    .heading = fires ? "A metric is out of bounds" : "A metric is within bounds again",
	    .path = "/?view=rules",
	};

	if (isfinite(now->value))
		number[json_spell(number, now->value)] = '\0';
	alert_fact(&alert, "Rule", rule->text);
	alert_fact(&alert, "Value", number);
	alert_fact(&alert, fires ? "At" : "It fired at",
	    time_format(since, fires ? now->since : old->since));
	return alert_enqueue(db, mem, &alert, now->checked);
}

/* ---- a pass ------------------------------------------------------------------------ */

static int
move(struct db *db, struct arena *mem, const struct rule *rule, double value, int64_t now)
{
	struct watch old, next;

	if (watch_get(db, rule, &old) == -1)
		return DB_FAILED;
	next = next_watch(rule, &old, value, now);
	if ((next.state == WATCH_FIRING) != (old.state == WATCH_FIRING) &&
	    tell(db, mem, rule, &old, &next) == -1)
		return DB_FAILED;
	return put(db, rule, &next);
}

/* Forgets rules that are not configured any more. */
static int
forget(struct db *db, struct arena *mem, const struct rule *rules, size_t n)
{
	int found = db_query(db, SQL_RULE_LIST, DB_NO_ARGS);
	const char *gone = NULL;

	for (; found == DB_ROW; found = db_next(db, SQL_RULE_LIST)) {
		const char *text = db_text(db, SQL_RULE_LIST, 0);
		size_t i = 0;

		while (i < n && strcmp(rules[i].text, text) != 0)
			i++;
		if (i == n)
			gone = arena_strdup(mem, text);
	}
	if (found == DB_FAILED || gone == NULL)
		return found;
	/* One a pass: rules seldom change, and each pass is soon followed by another. */
	return db_run(db, SQL_RULE_DELETE, DB_ARGS(DB_TEXT(gone)));
}

int
watch_pass(struct db *db, struct arena *mem, const struct rule *rules, size_t n, int64_t now)
{
	double *values = arena_alloc(mem, (n + 1) * sizeof *values);
	int st;

	/* All values of one moment, read before the lock is taken. */
	if (db_begin_read(db) == -1)
		return DB_FAILED;
	for (size_t i = 0; i < n; i++)
		if (compute(db, mem, &rules[i], now, &values[i]) == -1) {
			db_rollback(db);
			return DB_FAILED;
		}
	if (db_commit(db) == -1 || db_begin(db) == -1)
		return DB_FAILED;
	st = forget(db, mem, rules, n);
	for (size_t i = 0; i < n && st == 0; i++)
		st = move(db, mem, &rules[i], values[i], now);
	return db_finish(db, st);
}
