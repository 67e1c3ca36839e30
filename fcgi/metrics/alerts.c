/* SPDX-License-Identifier: MIT */
/* GET /api/alerts: the rules of METRIC_ALERT_n with what they have come to, and what was told. */
#include <math.h>

#include "alert.h"
#include "metrics.h"
#include "query.h"
#include "text.h"
#include "watch.h"

static void
write_rule(struct json_out *out, int number, const struct rule *rule, const struct watch *watch)
{
	json_object(out, NULL);
	json_int(out, "number", number);
	json_text(out, "rule", rule->text);
	json_text(out, "name", rule->name);
	json_text(out, "state", watch->checked != 0 ? watch_state_words[watch->state] : "unknown");
	json_real(out, "value", watch->value);
	if (watch->checked != 0) {
		json_time(out, "since", watch->since);
		json_time(out, "checked", watch->checked);
	}
	json_object_end(out);
}

/*
 * GET /api/alerts, parameters limit and cursor: 200 {"rules": [{number, rule, name, state, value,
 * since, checked}], "alerts": [...], next_cursor}; the page is one of the alerts.
 */
int
metrics_alerts(struct req *rq)
{
	static const struct query_field fields[] = {ALERT_PAGE_FIELDS};
	struct json_out *out;
	struct alert_page page;
	int st = query_read(rq, fields, NELEM(fields), &page);

	if (st != 0)
		return st;
	st = db_begin_read(rq->db);
	out = req_json(rq);
	json_object(out, NULL);
	json_array(out, "rules");
	for (int i = 0; i < RULES_MAX && st == 0; i++) {
		const char *text = metrics_cfg(rq)->rules[i];
		struct rule rule;
		struct watch watch;

		if (text == NULL || rule_parse(rq->mem, text, &rule) != NULL)
			continue;
		if ((st = watch_get(rq->db, &rule, &watch)) == 0)
			write_rule(out, i + 1, &rule, &watch);
	}
	json_array_end(out);
	if (st == 0)
		st = alert_list(rq->db, out, &page);
	json_object_end(out);
	return st == 0 ? 200 : req_fail_db(rq);
}
