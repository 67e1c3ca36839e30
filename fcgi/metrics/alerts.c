/* SPDX-License-Identifier: MIT */
/* GET /api/alerts: the rules of METRIC_ALERT_n with what they have come to, and what was told. */
#include <math.h>

#include "alert.h"
#include "metrics.h"
#include "watch.h"

#define ALERTS_LISTED 50

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

/* 200 {"rules": [{number, rule, name, state, value, since, checked}], "alerts": [...]}. */
int
metrics_alerts(struct req *rq)
{
	struct json_out *out = req_json(rq);
	int st = db_begin_read(rq->db);

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
	json_array(out, "alerts");
	if (st == 0)
		st = alert_list(rq->db, out, ALERTS_LISTED);
	json_array_end(out);
	json_object_end(out);
	return st == 0 ? 200 : req_fail_db(rq);
}
