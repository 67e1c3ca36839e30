/* SPDX-License-Identifier: MIT */
#include "line_fields.h"

#include <stdbool.h>
#include <string.h>

#include "json.h"

struct found {
	struct arena *mem;
	struct line_field *out;
	size_t n;
};

static void
add(struct found *f, const char *name, const char *value)
{
	if (f->n < LINE_FIELDS_MAX && strlen(name) <= LINE_FIELD_MAX &&
	    strlen(value) <= LINE_FIELD_MAX)
		f->out[f->n++] = (struct line_field){name, value};
}

static void
add_json(struct found *f, const cJSON *object, const char *outer)
{
	char number[JSON_NUMBER_SIZE];
	const cJSON *member;

	if (outer != NULL && strlen(outer) > LINE_FIELD_MAX)
		return;
	for (member = object->child; member != NULL && f->n < LINE_FIELDS_MAX;
	     member = member->next) {
		const char *name = outer == NULL
				       ? member->string
				       : arena_printf(f->mem, "%s.%s", outer, member->string);

		if (cJSON_IsString(member))
			add(f, name, member->valuestring);
		else if (cJSON_IsBool(member))
			add(f, name, cJSON_IsTrue(member) ? "true" : "false");
		else if (cJSON_IsNumber(member)) {
			(void)json_spell(number, member->valuedouble);
			add(f, name, arena_strdup(f->mem, number));
		} else if (cJSON_IsObject(member) && outer == NULL)
			add_json(f, member, name);
	}
}

static bool
is_key_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '-' || c == '@' || c == '/';
}

/*
 * The value at p, quoted or up to the next blank, cut behind LINE_FIELD_MAX + 1 bytes; *end
 * is behind it.  False if its quote is open.
 */
static bool
logfmt_value(const char *p, const char *stop, char value[LINE_FIELD_MAX + 2], const char **end)
{
	bool quoted = p < stop && *p == '"';
	size_t n = 0;

	for (p += quoted; p < stop && *p != (quoted ? '"' : ' ') && *p != '\n'; p++) {
		if (quoted && *p == '\\' && p + 1 < stop)
			p++;
		if (n <= LINE_FIELD_MAX)
			value[n++] = *p;
	}
	value[n] = '\0';
	*end = p + quoted;
	return !quoted || (p < stop && *p == '"');
}

/* What is no field for us is not copied: a line may be a megabyte of it. */
static void
add_logfmt(struct found *f, const char *p, const char *stop)
{
	while (p < stop && f->n < LINE_FIELDS_MAX) {
		char value[LINE_FIELD_MAX + 2];
		const char *key = p;
		size_t len;

		while (p < stop && is_key_byte(*p))
			p++;
		len = (size_t)(p - key);
		if (len > 0 && p < stop && *p == '=') {
			if (!logfmt_value(p + 1, stop, value, &p))
				return;
			if (*value != '\0' && len <= LINE_FIELD_MAX)
				add(f, arena_strndup(f->mem, key, len),
				    arena_strdup(f->mem, value));
		}
		while (p < stop && *p != ' ' && *p != '\n')
			p++;
		while (p < stop && (*p == ' ' || *p == '\n'))
			p++;
	}
}

size_t
line_fields(struct arena *mem, const char *line, size_t len, struct line_field out[LINE_FIELDS_MAX])
{
	struct found f = {.mem = mem, .out = out};
	const char *why;
	size_t at;

	if (len > 0 && line[0] == '{') {
		const cJSON *object = json_parse(mem, line, len, &why, &at);

		if (object != NULL)
			add_json(&f, object, NULL);
		return f.n;
	}
	/* A lone a=b is prose as often as not. */
	add_logfmt(&f, line, line + len);
	return f.n >= 2 ? f.n : 0;
}
