/* SPDX-License-Identifier: MIT */
/*
 * One pass over the members of the object; values that are not wanted are stepped over.
 * Loggers: pino and bunyan, zap, zerolog, slog, logrus, Serilog CLEF, ECS, Monolog,
 * python-json-logger, GELF, OpenTelemetry, Google Cloud, MongoDB.
 */
#include "level_json.h"

#include <string.h>

/* Places of those keys whose values mean something of their own. */
enum { KEY_SEVERITY_NUMBER = 13, KEY_SEVERITY_NUMBER_TOO, KEY_MONGO, KEYS };

/* Keys from the most to the least telling. */
static const char *const keys[KEYS] = {"level", "lvl", "severity", "severityText", "severity_text",
    "@l", "log.level", "loglevel", "level_name", "levelname", "LogLevel", "Level",
    "priority", [KEY_SEVERITY_NUMBER] = "severityNumber",
    [KEY_SEVERITY_NUMBER_TOO] = "SeverityNumber", [KEY_MONGO] = "s"};

struct value {
	const char *s;
	size_t len;
	bool quoted;
};

/* What the object says besides: it decides what a number means. */
struct object {
	struct value values[KEYS];
	bool gelf, serilog, monolog, mongo;
};

/* The byte behind the string whose content begins at s, or NULL. */
static const char *
string_end(const char *s, const char *end)
{
	for (; s < end; s++) {
		if (*s == '\\')
			s++;
		else if (*s == '"')
			return s + 1;
	}
	return NULL;
}

static const char *
skip_blanks(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r'))
		s++;
	return s;
}

/* The byte behind the value at s: a string, a number or a word, or all of a nested one. */
static const char *
value_end(const char *s, const char *end)
{
	int depth = 0;

	for (; s < end; s++) {
		if (*s == '"') {
			if ((s = string_end(s + 1, end)) == NULL)
				return NULL;
			if (depth == 0)
				return s;
			s--;
		} else if (*s == '{' || *s == '[')
			depth++;
		else if (*s == '}' || *s == ']') {
			if (depth == 0)
				return s;
			if (--depth == 0)
				return s + 1;
		} else if (*s == ',' && depth == 0)
			return s;
	}
	return NULL;
}

static bool
is_key(const char *key, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(key, name, len) == 0;
}

static void
note_member(struct object *o, const char *key, size_t len, struct value v)
{
	for (size_t i = 0; len > 0 && i < KEYS; i++)
		if (keys[i][0] == key[0] && is_key(key, len, keys[i]))
			o->values[i] = v;
	if (is_key(key, len, "version"))
		o->gelf |= v.quoted && v.len == 3 && memcmp(v.s, "1.1", 3) == 0;
	else if (is_key(key, len, "@m") || is_key(key, len, "@mt"))
		o->serilog = true;
	else if (is_key(key, len, "level_name"))
		o->monolog = true;
	else if (is_key(key, len, "ctx"))
		o->mongo = true;
}

/*
 * Notes the members of the object whose brace stands before s; false if it is cut off or no JSON.
 */
static bool
read_members(struct object *o, const char *s, const char *end, bool nested)
{
	for (;;) {
		const char *key, *key_end, *value;

		s = skip_blanks(s, end);
		if (s < end && *s == '}')
			return true;
		if (s == end || *s != '"')
			return false;
		key = s + 1;
		if ((key_end = string_end(key, end)) == NULL)
			return false;
		s = skip_blanks(key_end, end);
		if (s == end || *s != ':')
			return false;
		value = skip_blanks(s + 1, end);
		if ((s = value_end(value, end)) == NULL)
			return false;
		key_end--;
		/* ECS: {"log":{"level":"error"}} */
		if (!nested && *value == '{' && is_key(key, (size_t)(key_end - key), "log"))
			(void)read_members(o, value + 1, s, true);
		else if (*value == '"')
			note_member(o, key, (size_t)(key_end - key),
			    (struct value){value + 1, (size_t)(s - value) - 2, true});
		else
			note_member(o, key, (size_t)(key_end - key),
			    (struct value){value, (size_t)(s - value), false});
		s = skip_blanks(s, end);
		if (s < end && *s == ',')
			s++;
	}
}

/* Syslog's severities, as GELF and some others number them. */
static enum level
of_syslog(int n)
{
	return n <= 2   ? LEVEL_CRITICAL
	       : n == 3 ? LEVEL_ERROR
	       : n == 4 ? LEVEL_WARNING
	       : n <= 6 ? LEVEL_INFO
			: LEVEL_DEBUG;
}

/* OpenTelemetry's: four numbers to each level. */
static enum level
of_severity_number(int n)
{
	return n >= 1 && n <= 24 ? (enum level)((n - 1) / 4 + 1) : LEVEL_UNKNOWN;
}

/*
 * 100 to 600 is Monolog, 10 to 60 pino and bunyan (own levels: the nearest below), 0 to 7 syslog.
 */
static enum level
of_number(int n, const struct object *o)
{
	if (n >= 100 && n <= 600 && (o->monolog || n % 50 == 0))
		return n < 200   ? LEVEL_DEBUG
		       : n < 300 ? LEVEL_INFO
		       : n < 400 ? LEVEL_WARNING
		       : n < 500 ? LEVEL_ERROR
				 : LEVEL_CRITICAL;
	if (n >= 10 && n < 70)
		return (enum level)(n / 10);
	if (n >= 0 && n <= 7 && o->gelf)
		return of_syslog(n);
	return LEVEL_UNKNOWN;
}

static enum level
of_value(const struct value *v, size_t key, const struct object *o)
{
	int n = 0;

	if (v->quoted && key == KEY_MONGO)
		return o->mongo && v->len >= 1 ? (v->s[0] == 'F'      ? LEVEL_CRITICAL
						     : v->s[0] == 'E' ? LEVEL_ERROR
						     : v->s[0] == 'W' ? LEVEL_WARNING
						     : v->s[0] == 'I' ? LEVEL_INFO
						     : v->s[0] == 'D' ? LEVEL_DEBUG
								      : LEVEL_UNKNOWN)
					       : LEVEL_UNKNOWN;
	if (v->quoted)
		return level_of_word(v->s, v->len);
	if (v->len < 1 || v->len > 3)
		return LEVEL_UNKNOWN;
	for (size_t i = 0; i < v->len; i++) {
		if (v->s[i] < '0' || v->s[i] > '9')
			return LEVEL_UNKNOWN;
		n = n * 10 + v->s[i] - '0';
	}
	if (key == KEY_SEVERITY_NUMBER || key == KEY_SEVERITY_NUMBER_TOO)
		return of_severity_number(n);
	return of_number(n, o);
}

bool
level_of_json(const char *text, size_t len, enum level *level)
{
	struct object o = {0};

	*level = LEVEL_UNKNOWN;
	if (len < 2 || text[0] != '{' || !read_members(&o, text + 1, text + len, false))
		return false;
	for (size_t i = 0; i < KEYS && *level == LEVEL_UNKNOWN; i++)
		if (o.values[i].s != NULL)
			*level = of_value(&o.values[i], i, &o);
	/* Serilog leaves the level out when it is Information. */
	if (*level == LEVEL_UNKNOWN && o.serilog)
		*level = LEVEL_INFO;
	return true;
}
