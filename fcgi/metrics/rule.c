/* SPDX-License-Identifier: MIT */
#include "rule.h"

#include <string.h>

#include "period.h"
#include "text.h"

enum { MAX_WORDS = 8 };

static const struct {
	const char *word;
	enum rule_function function;
} functions[] = {{"rate", RULE_RATE}, {"sum", RULE_SUM}, {"avg", RULE_AVG}, {"min", RULE_MIN},
    {"max", RULE_MAX}, {"last", RULE_LAST}, {"absent", RULE_ABSENT}};

static const struct {
	const char *sign;
	enum rule_op op;
} ops[] = {{">", RULE_GT}, {">=", RULE_GE}, {"<", RULE_LT}, {"<=", RULE_LE}, {"==", RULE_EQ},
    {"!=", RULE_NE}};

/* Takes the metric's name and labels off the front of text; returns why not, or NULL. */
static const char *
take_metric(struct arena *mem, char **text, struct rule *rule)
{
	char *name = *text, *end = name + strcspn(name, "{ \t");

	if (end == name)
		return "a rule begins with the name of a metric";
	if (*end == '{') {
		char *close = strchr(end, '}');

		if (close == NULL)
			return "the labels of a rule end with }";
		*close = '\0';
		label_filter_parse(mem, end + 1, &rule->filter);
		*text = close + 1;
	} else
		*text = *end != '\0' ? end + 1 : end;
	*end = '\0';
	rule->name = name;
	return NULL;
}

/*
 * Cuts text at its blanks; returns how many words there are, at most one more than fit.
 * Those that are not there are empty.
 */
static size_t
split(char *text, char *words[MAX_WORDS])
{
	size_t n = 0;

	for (size_t i = 0; i < MAX_WORDS; i++)
		words[i] = text + strlen(text);
	for (;;) {
		text += strspn(text, " \t");
		if (*text == '\0' || n == MAX_WORDS)
			return *text == '\0' ? n : n + 1;
		words[n++] = text;
		text += strcspn(text, " \t");
		if (*text != '\0')
			*text++ = '\0';
	}
}

static bool
parse_function(const char *word, struct rule *rule)
{
	for (size_t i = 0; i < NELEM(functions); i++)
		if (strcmp(word, functions[i].word) == 0) {
			rule->function = functions[i].function;
			return true;
		}
	rule->function = RULE_QUANTILE;
	if (*word != 'p' || text_double(word + 1, strlen(word + 1), &rule->quantile) == -1)
		return false;
	rule->quantile /= 100;
	return rule->quantile > 0 && rule->quantile < 1;
}

static bool
parse_op(const char *word, enum rule_op *op)
{
	for (size_t i = 0; i < NELEM(ops); i++)
		if (strcmp(word, ops[i].sign) == 0) {
			*op = ops[i].op;
			return true;
		}
	return false;
}

static const char *
parse_words(char *const words[], size_t n, struct rule *rule)
{
	size_t next = 2;

	if (n < 1 || !parse_function(words[0], rule))
		return "the function must be rate, sum, avg, min, max, last, absent, or p1 to p99";
	if (n < 2 || period_parse(words[1], &rule->window) == -1)
		return "the window must be a number and s, m, h or d, as in 5m";
	if (rule->function != RULE_ABSENT) {
		if (n < 3 || !parse_op(words[2], &rule->op))
			return "the comparison must be >, >=, <, <=, == or !=";
		if (n < 4 || text_double(words[3], strlen(words[3]), &rule->limit) == -1)
			return "the value to compare with must be a number";
		next = 4;
	}
	if (next == n)
		return NULL;
	if (n != next + 2 || strcmp(words[next], "for") != 0 ||
	    period_parse(words[next + 1], &rule->hold) == -1)
		return "a rule ends after the value, or with for and a duration, as in for 10m";
	return NULL;
}

const char *
rule_parse(struct arena *mem, const char *text, struct rule *rule)
{
	size_t len = strlen(text);
	char *rest, *words[MAX_WORDS];
	const char *why;

	*rule = (struct rule){0};
	text_trim(&text, &len);
	rule->text = arena_strndup(mem, text, len);
	rest = arena_strndup(mem, text, len);
	if ((why = take_metric(mem, &rest, rule)) != NULL)
		return why;
	return parse_words(words, split(rest, words), rule);
}

bool
rule_compare(const struct rule *rule, double value)
{
	switch (rule->op) {
	case RULE_GT:
		return value > rule->limit;
	case RULE_GE:
		return value >= rule->limit;
	case RULE_LT:
		return value < rule->limit;
	case RULE_LE:
		return value <= rule->limit;
	case RULE_EQ:
		return value == rule->limit;
	case RULE_NE:
		return value != rule->limit;
	}
	return false;
}
