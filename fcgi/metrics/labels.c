/* SPDX-License-Identifier: MIT */
#include "labels.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

struct label {
	const char *name, *value;
};

static int
compare_labels(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

/* A handful of labels, mostly in order already: insertion beats qsort(). */
static void
sort_labels(struct label *labels, size_t n)
{
	if (n > 8) {
		qsort(labels, n, sizeof *labels, compare_labels);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct label moved = labels[i];
		size_t to = i;

		for (; to > 0 && strcmp(labels[to - 1].name, moved.name) > 0; to--)
			labels[to] = labels[to - 1];
		labels[to] = moved;
	}
}

static const char *
write_escaped(struct arena *mem, const struct label *labels, size_t n)
{
	struct buf text = {0};
	struct json_out out = {&text, false};
	const char *copy;

	json_object(&out, NULL);
	for (size_t i = 0; i < n; i++)
		json_text(&out, labels[i].name, labels[i].value);
	json_object_end(&out);
	copy = arena_strndup(mem, text.data, text.len);
	buf_free(&text);
	return copy;
}

/* The length of a text that stands in JSON as it is, or SIZE_MAX. */
static size_t
plain_length(const char *text)
{
	size_t len = strlen(text);

	return text_plain_length(text, len) == len ? len : SIZE_MAX;
}

/* Appends "text" and a sign; returns the end. */
static char *
put_quoted(char *to, const char *text, char sign)
{
	*to++ = '"';
	to = stpcpy(to, text);
	*to++ = '"';
	*to++ = sign;
	return to;
}

/* Labels are mostly plain words, and there are some of them in every point. */
static const char *
write_labels(struct arena *mem, const struct label *labels, size_t n)
{
	size_t size = sizeof "{}";
	char *text, *to;

	for (size_t i = 0; i < n; i++) {
		size_t name = plain_length(labels[i].name), value = plain_length(labels[i].value);

		if (name == SIZE_MAX || value == SIZE_MAX)
			return write_escaped(mem, labels, n);
		size += name + value + strlen("\"\":\"\",");
	}
	text = to = arena_alloc(mem, size);
	*to++ = '{';
	for (size_t i = 0; i < n; i++) {
		to = put_quoted(to, labels[i].name, ':');
		to = put_quoted(to, labels[i].value, ',');
	}
	to[n > 0 ? -1 : 0] = '}';
	return text;
}

/* What a value is called, or NULL if it is neither text nor number nor truth. */
static const char *
value_text(struct arena *mem, const cJSON *value)
{
	char number[JSON_NUMBER_SIZE];

	if (cJSON_IsString(value))
		return value->valuestring;
	if (cJSON_IsBool(value))
		return cJSON_IsTrue(value) ? "true" : "false";
	if (cJSON_IsNumber(value))
		return arena_strndup(mem, number, json_spell(number, value->valuedouble));
	return NULL;
}

const char *
labels_canonical(struct arena *mem, const cJSON *object, const char **project, const char **why)
{
	struct label labels[LABELS_MAX];
	size_t n = 0;

	*project = NULL;
	*why = "Field 'labels' must be an object";
	if (!cJSON_IsObject(object))
		return NULL;
	for (const cJSON *member = object->child; member != NULL; member = member->next) {
		const char *value;

		if (strcmp(member->string, "session_id") == 0 || cJSON_IsNull(member))
			continue;
		*why = "A label must be a string, a number or a boolean";
		if ((value = value_text(mem, member)) == NULL)
			return NULL;
		if (strcmp(member->string, "project") == 0) {
			*project = value;
			continue;
		}
		*why = "A label's name must be 1-200 bytes, its value at most 1024";
		if (*member->string == '\0' || strlen(member->string) > LABELS_MAX_NAME ||
		    strlen(value) > LABELS_MAX_VALUE)
			return NULL;
		*why = "There must be at most 64 labels";
		if (n == LABELS_MAX)
			return NULL;
		labels[n++] = (struct label){member->string, value};
	}
	sort_labels(labels, n);
	return write_labels(mem, labels, n);
}

/* ---- choosing ------------------------------------------------------------------- */

/* The next part of text up to an unescaped comma, unescaped; *text moves behind it. */
static char *
next_part(struct arena *mem, const char **text)
{
	char *part = arena_alloc(mem, strlen(*text) + 1), *to = part;
	const char *p = *text;

	for (; *p != '\0' && *p != ','; p++) {
		if (*p == '\\' && (p[1] == ',' || p[1] == '\\'))
			p++;
		*to++ = *p;
	}
	*text = *p == ',' ? p + 1 : p;
	return part;
}

/* Cuts "name:value" at its first sign; false if it has none. */
static bool
cut(char *part, struct label_match *match)
{
	char *sign = strpbrk(part, ":=");

	if (sign == NULL)
		return false;
	*match = (struct label_match){.name = part, .value = sign + 1};
	if (*sign == '=' && sign > part && sign[-1] == '!') {
		match->differs = true;
		sign--;
	}
	*sign = '\0';
	return true;
}

/* part is the filter's from now on. */
static int
add_match(struct arena *mem, char *part, struct label_filter *filter)
{
	struct label_match *matches, match;

	if (!cut(part, &match))
		return -1;
	if (strcmp(match.name, "project") == 0 && !match.differs) {
		filter->project = match.value;
		return 0;
	}
	matches = arena_alloc(mem, (filter->n + 1) * sizeof *matches);
	if (filter->n > 0)
		memcpy(matches, filter->matches, filter->n * sizeof *matches);
	matches[filter->n++] = match;
	filter->matches = matches;
	return 0;
}

void
label_filter_parse(struct arena *mem, const char *text, struct label_filter *filter)
{
	while (*text != '\0' && filter->n < LABELS_MAX)
		(void)add_match(mem, next_part(mem, &text), filter);
}

int
label_filter_add(struct arena *mem, const char *text, struct label_filter *filter)
{
	return add_match(mem, arena_strdup(mem, text), filter);
}

static const char *
label_value(const cJSON *labels, const char *project, const char *name)
{
	const char *value = strcmp(name, "project") == 0 ? project : json_get_text(labels, name);

	return value != NULL ? value : "";
}

bool
label_filter_matches(const struct label_filter *filter, const cJSON *labels, const char *project)
{
	for (size_t i = 0; i < filter->n; i++) {
		const struct label_match *m = &filter->matches[i];

		if ((strcmp(label_value(labels, project, m->name), m->value) == 0) == m->differs)
			return false;
	}
	return true;
}

/* ---- grouping ------------------------------------------------------------------- */

struct label_names
label_names_parse(struct arena *mem, const char *text)
{
	struct label_names list = {0};
	bool known;

	list.names = arena_alloc(mem, (strlen(text) / 2 + 1) * sizeof *list.names);
	while (*text != '\0') {
		const char *name = text, *comma = strchrnul(text, ',');
		size_t len = (size_t)(comma - name);

		text = *comma == ',' ? comma + 1 : comma;
		text_trim(&name, &len);
		known = len == 0;
		for (size_t i = 0; i < list.n && !known; i++)
			known =
			    strlen(list.names[i]) == len && memcmp(list.names[i], name, len) == 0;
		if (!known)
			list.names[list.n++] = arena_strndup(mem, name, len);
	}
	return list;
}

const char *
labels_pick(
    struct arena *mem, const cJSON *labels, const char *project, const struct label_names *names)
{
	struct label *picked = arena_alloc(mem, (names->n + 1) * sizeof *picked);

	for (size_t i = 0; i < names->n; i++)
		picked[i] =
		    (struct label){names->names[i], label_value(labels, project, names->names[i])};
	sort_labels(picked, names->n);
	return write_labels(mem, picked, names->n);
}
