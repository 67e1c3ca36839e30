/* SPDX-License-Identifier: MIT */
/*
 * rule: an alert rule as it stands in a variable METRIC_ALERT_n.
 *
 *	NAME{LABEL=VALUE,LABEL!=VALUE} FUNCTION WINDOW OP VALUE for DURATION
 *
 *	http_requests_total{status=500} rate 5m > 0.5 for 10m
 *	http_request_duration_seconds{} p95 15m >= 2
 *	heartbeat{project=shop} absent 10m
 *
 * The labels and "for" may be left out; absent has neither OP nor VALUE.
 */
#ifndef RULE_H
#define RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "labels.h"

/* METRIC_ALERT_1 to METRIC_ALERT_99. */
#define RULES_MAX 99

enum rule_function {
	RULE_RATE, /* of a counter: its sum, else the number of points; each second */
	RULE_SUM,
	RULE_AVG,
	RULE_MIN,
	RULE_MAX,
	RULE_LAST,
	RULE_QUANTILE,
	RULE_ABSENT,
};

enum rule_op { RULE_GT, RULE_GE, RULE_LT, RULE_LE, RULE_EQ, RULE_NE };

struct rule {
	const char *text; /* as it was written, blanks at its ends aside */
	const char *name;
	struct label_filter filter;
	enum rule_function function;
	double quantile; /* of RULE_QUANTILE: 0 to 1 */
	int64_t window;  /* seconds */
	enum rule_op op;
	double limit;
	int64_t hold; /* seconds that it must hold before it fires */
};

/*
 * Returns NULL and fills the rule, whose texts lie in the arena; or
 * a sentence that says why not.
 */
const char *rule_parse(struct arena *, const char *text, struct rule *);

/* Whether "value OP limit" is true. */
bool rule_compare(const struct rule *, double value);

#endif
