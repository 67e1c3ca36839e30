/* SPDX-License-Identifier: MIT */
/* Jobs on the metrics collector's database. */
#include "alert.h"
#include "clock.h"
#include "indexer.h"
#include "log.h"
#include "rollup.h"
#include "watch.h"

#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)

static struct retention
retention(const struct metrics_settings *cfg)
{
	return (struct retention){
	    .raw = cfg->raw_hours * HOUR,
	    .minute = cfg->minute_hours * HOUR,
	    .hour = cfg->hourly_days * DAY,
	    .day = cfg->daily_days * DAY,
	    .stop = indexer_stopping,
	};
}

int
metrics_rollup(struct pass *p)
{
	const struct retention keep = retention(&p->cfg->metrics);
	const int64_t started = clock_mono_us();
	int64_t points;

	if (rollup_pass(p->db, &keep, clock_now(), &points) == -1)
		return -1;
	if (points > 0)
		log_debug("metrics: %lld points added up in %lld ms", (long long)points,
		    (long long)(clock_mono_us() - started) / 1000);
	return 0;
}

int
metrics_rules(struct pass *p)
{
	struct rule rules[RULES_MAX];
	size_t n = 0;

	for (int i = 0; i < RULES_MAX; i++) {
		const char *text = p->cfg->metrics.rules[i], *why;

		if (text == NULL)
			continue;
		if ((why = rule_parse(p->mem, text, &rules[n])) == NULL)
			n++;
		else
			log_errorx("METRIC_ALERT_%d=%s is not valid: %s", i + 1, text, why);
	}
	return watch_pass(p->db, p->mem, rules, n, clock_now());
}

int
metrics_retention(struct pass *p)
{
	const struct retention keep = retention(&p->cfg->metrics);
	int64_t now = clock_now();

	if (alert_forget(p->db, now) == -1)
		return -1;
	return rollup_retain(p->db, &keep, now);
}
