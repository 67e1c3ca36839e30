/* SPDX-License-Identifier: MIT */
/* The only reader of the environment: one lookup rule, one parser for each type. */
#include "cfg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#ifdef MONLIGHT_DEBUG
#include "clock.h"
#endif
#include "text.h"

/* A variable's value, or NULL if it is unset or empty; *name_used is what it was found under. */
static const char *
lookup(const struct cfg_field *f, const char *prefix, char name_used[128])
{
	const char *value;

	if (prefix != NULL) {
		(void)snprintf(name_used, 128, "%s_%s", prefix, f->name);
		value = getenv(name_used);
		if ((value != NULL && *value != '\0') || (f->flags & CFG_PREFIXED))
			return value != NULL && *value != '\0' ? value : NULL;
	}
	(void)snprintf(name_used, 128, "%s", f->name);
	value = getenv(name_used);
	return value != NULL && *value != '\0' ? value : NULL;
}

/* Keys that stand in examples must not open a door. */
static bool
is_placeholder(const char *value)
{
	static const char *const known[] = {
	    "changeme", "change-me", "change_me", "secret", "your-api-key", "your_api_key", "todo"};

	if (*value == '<' || *value == '$')
		return true;
	for (size_t i = 0; i < NELEM(known); i++)
		if (text_compare_nocase(value, known[i]) == 0)
			return true;
	return false;
}

static char *
resolve_path(const char *value)
{
	const char *home = getenv("MONLIGHT_HOME");
	char cwd[4096], *path;
	size_t size;

	if (*value == '/' || strcmp(value, ":memory:") == 0)
		return heap_strdup(value);
	if (home == NULL || *home == '\0')
		home = getcwd(cwd, sizeof cwd) != NULL ? cwd : "/";
	size = strlen(home) + strlen(value) + 2;
	path = heap_alloc(size);
	(void)snprintf(path, size, "%s/%s", home, value);
	return path;
}

static int
parse_bytes(const char *value, const struct cfg_field *f, int64_t *out)
{
	static const char units[] = "kMG";
	size_t len = strlen(value);
	const char *unit = len > 0 ? strchr(units, value[len - 1]) : NULL;
	int64_t factor = 1;

	if (unit != NULL) {
		for (const char *u = units; u <= unit; u++)
			factor *= 1024;
		len--;
	}
	if (text_int64(value, len, 0, f->max / factor, out) == -1)
		return -1;
	*out *= factor;
	return *out < f->min ? -1 : 0;
}

static int
parse_bool(const char *value, bool *out)
{
	static const char *const words[] = {"off", "on", "false", "true", "no", "yes", "0", "1"};

	for (size_t i = 0; i < NELEM(words); i++)
		if (text_compare_nocase(value, words[i]) == 0) {
			*out = i % 2 == 1;
			return 0;
		}
	return -1;
}

static int
parse_choice(const char *value, const char *const *choices, int *out)
{
	for (int i = 0; choices[i] != NULL; i++)
		if (text_compare_nocase(value, choices[i]) == 0) {
			*out = i;
			return 0;
		}
	return -1;
}

/* Stores the value in its place; returns -1 if it is none of that type. */
static int
store(void *cfg, const struct cfg_field *f, const char *value)
{
	void *place = (char *)cfg + f->offset;

	switch (f->type) {
	case CFG_TEXT:
		*(const char **)place = value != NULL ? heap_strdup(value) : NULL;
		return 0;
	case CFG_PATH:
		*(const char **)place = value != NULL ? resolve_path(value) : NULL;
		return 0;
	case CFG_INT:
		return text_int64(value, strlen(value), f->min, f->max, place);
	case CFG_BYTES:
		return parse_bytes(value, f, place);
	case CFG_BOOL:
		return parse_bool(value, place);
	case CFG_CHOICE:
		return parse_choice(value, f->choices, place);
	case CFG_NUMBERED:
		break; /* never one value: see load_numbered() */
	}
	return -1;
}

/* What the field accepts, for a message and for the manual. */
static void
print_accepted(const struct cfg_field *f, FILE *out)
{
	switch (f->type) {
	case CFG_TEXT:
		(void)fputs("text", out);
		break;
	case CFG_PATH:
		(void)fputs("a path", out);
		break;
	case CFG_INT:
		(void)fprintf(out, "%lld to %lld", (long long)f->min, (long long)f->max);
		break;
	case CFG_BYTES:
		(void)fprintf(out, "%lld to %lld bytes; k, M or G may follow", (long long)f->min,
		    (long long)f->max);
		break;
	case CFG_BOOL:
		(void)fputs("on or off", out);
		break;
	case CFG_CHOICE:
		for (int i = 0; f->choices[i] != NULL; i++)
			(void)fprintf(out, "%s%s", i > 0 ? ", " : "", f->choices[i]);
		break;
	case CFG_NUMBERED:
		(void)fprintf(out, "text, up to number %lld", (long long)f->max);
		break;
	}
}

static int
load_one(void *cfg, const struct cfg_field *f, const char *prefix, FILE *errors)
{
	char name[128];
	const char *value = lookup(f, prefix, name);

	if (value == NULL && (f->flags & CFG_REQUIRED)) {
		(void)fprintf(errors, "%s is not set: %s\n", name, f->help);
		return 1;
	}
	if (value != NULL && (f->flags & CFG_SECRET) && is_placeholder(value)) {
		(void)fprintf(errors, "%s still holds a placeholder: %s\n", name, f->help);
		return 1;
	}
	if (value == NULL)
		value = f->fallback;
	if (value == NULL && f->type != CFG_TEXT && f->type != CFG_PATH)
		return 0;
	if (store(cfg, f, value) == 0)
		return 0;
	if (f->flags & CFG_SECRET)
		(void)fprintf(errors, "%s is not valid; accepted: ", name);
	else
		(void)fprintf(errors, "%s=%s is not valid; accepted: ", name, value);
	print_accepted(f, errors);
	(void)fputc('\n', errors);
	return 1;
}

/* NAME_1, NAME_2 and so on are variables of their own, each a text. */
static int
load_numbered(void *cfg, const struct cfg_field *f, const char *prefix, FILE *errors)
{
	const char **texts = heap_alloc((size_t)f->max * sizeof *texts);
	struct cfg_field one = *f;
	char name[96];
	int bad = 0;

	*(const char ***)(void *)((char *)cfg + f->offset) = texts;
	one.name = name;
	one.type = CFG_TEXT;
	one.offset = 0;
	for (int i = 0; i < (int)f->max; i++) {
		(void)snprintf(name, sizeof name, "%s_%d", f->name, i + 1);
		bad += load_one(&texts[i], &one, prefix, errors);
	}
	return bad;
}

int
cfg_load(void *cfg, const struct cfg_field *fields, size_t n, const char *prefix, FILE *errors)
{
	int bad = 0;

#ifdef MONLIGHT_DEBUG
	const char *clock_file = getenv("MONLIGHT_CLOCK");

	if (clock_file != NULL && clock_follow(clock_file) == -1) {
		(void)fprintf(errors, "MONLIGHT_CLOCK=%s cannot be followed\n", clock_file);
		bad++;
	}
#endif
	for (size_t i = 0; i < n; i++)
		if (!(fields[i].flags & CFG_FOREIGN))
			bad += (fields[i].type == CFG_NUMBERED ? load_numbered : load_one)(
			    cfg, &fields[i], prefix, errors);
	return bad;
}

/* A line for each that is set. */
static void
print_numbered(const void *place, const struct cfg_field *f, FILE *out)
{
	const char *const *texts = *(const char *const *const *)place;

	for (int64_t i = 0; i < f->max; i++)
		if (texts[i] != NULL)
			(void)fprintf(out, "%s_%lld=%s\n", f->name, (long long)i + 1,
			    f->flags & CFG_SECRET ? "(set)" : texts[i]);
}

void
cfg_print(const void *cfg, const struct cfg_field *fields, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct cfg_field *f = &fields[i];
		const void *place = (const char *)cfg + f->offset;
		const char *text;

		if (f->flags & CFG_FOREIGN)
			continue;
		if (f->type == CFG_NUMBERED) {
			print_numbered(place, f, out);
			continue;
		}
		(void)fprintf(out, "%s=", f->name);
		switch (f->type) {
		case CFG_TEXT:
		case CFG_PATH:
			text = *(const char *const *)place;
			if (f->flags & CFG_SECRET)
				text = text != NULL ? "(set)" : "(not set)";
			(void)fputs(text != NULL ? text : "", out);
			break;
		case CFG_INT:
		case CFG_BYTES:
			(void)fprintf(out, "%lld", (long long)*(const int64_t *)place);
			break;
		case CFG_BOOL:
			(void)fputs(*(const bool *)place ? "on" : "off", out);
			break;
		case CFG_CHOICE:
			(void)fputs(f->choices[*(const int *)place], out);
			break;
		case CFG_NUMBERED:
			break;
		}
		(void)fputc('\n', out);
	}
}

void
cfg_describe(const struct cfg_field *fields, size_t n, const char *prefix, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct cfg_field *f = &fields[i];

		if (f->flags & CFG_PREFIXED)
			(void)fprintf(out, "%s_", prefix);
		(void)fprintf(out, "%s%s\t%s\t", f->name, f->type == CFG_NUMBERED ? "_1" : "",
		    f->flags & CFG_REQUIRED ? "required"
		    : f->fallback != NULL   ? f->fallback
					    : "");
		print_accepted(f, out);
		(void)fprintf(out, "\t%s\n", f->help);
	}
}

int64_t
cfg_parent(void)
{
	const char *text = getenv("MONLIGHT_PARENT");
	int64_t parent = 0;

	if (text != NULL && text_int64(text, strlen(text), 1, INT32_MAX, &parent) == 0)
		return parent;
	return 0;
}
