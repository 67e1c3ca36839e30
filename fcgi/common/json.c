/* SPDX-License-Identifier: MIT */
/*
 * The reading half of json.h: the scanner's clean copy, cJSON's tree of it in the
 * arena, and then of duplicate names only the last.
 */
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_scan.h"
#include "log.h"

/* Up to so many members, comparing all pairs is cheaper than sorting. */
enum { FEW_MEMBERS = 16 };

/* Where cJSON allocates; set only while it parses, for it has no argument to say so. */
static struct arena *parsing;

static void *
parse_alloc(size_t size)
{
	return arena_alloc(parsing, size);
}

static void
parse_free(void *p)
{
	(void)p;
}

static cJSON *
parse_clean(struct arena *mem, const char *clean, size_t len)
{
	cJSON_Hooks hooks = {parse_alloc, parse_free};
	cJSON *doc;

	parsing = mem;
	cJSON_InitHooks(&hooks);
	doc = cJSON_ParseWithLength(clean, len + 1);
	cJSON_InitHooks(NULL);
	parsing = NULL;
	return doc;
}

/* Drops each member for which a later one has the same name. */
static void
keep_last_of_few(cJSON *object)
{
	cJSON *next;

	for (cJSON *member = object->child; member != NULL; member = next) {
		next = member->next;
		for (const cJSON *later = next; later != NULL; later = later->next) {
			if (strcmp(member->string, later->string) == 0) {
				(void)cJSON_DetachItemViaPointer(object, member);
				break;
			}
		}
	}
}

struct ranked {
	cJSON *member;
	size_t place;
};

static int
compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int order = strcmp(x->member->string, y->member->string);

	return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

static void
keep_last_of_many(struct arena *mem, cJSON *object, size_t n)
{
	struct ranked *ranked = arena_alloc(mem, n * sizeof *ranked);
	size_t i = 0;

	for (cJSON *member = object->child; member != NULL; member = member->next, i++)
		ranked[i] = (struct ranked){member, i};
	qsort(ranked, n, sizeof *ranked, compare_ranked);
	for (i = 0; i + 1 < n; i++)
		if (strcmp(ranked[i].member->string, ranked[i + 1].member->string) == 0)
			(void)cJSON_DetachItemViaPointer(object, ranked[i].member);
}

/* In the whole tree; as deep as the scanner allowed. */
static void
keep_last(struct arena *mem, cJSON *tree)
{
	size_t n = 0;

	for (const cJSON *item = tree->child; item != NULL; item = item->next)
		n++;
	if (cJSON_IsObject(tree)) {
		if (n <= FEW_MEMBERS)
			keep_last_of_few(tree);
		else
			keep_last_of_many(mem, tree, n);
	}
	for (cJSON *item = tree->child; item != NULL; item = item->next)
		if (item->child != NULL)
			keep_last(mem, item);
}

cJSON *
json_parse(struct arena *mem, const char *text, size_t len, const char **why, size_t *at)
{
	size_t clean_len;
	char *clean = json_scan(mem, text, len, &clean_len, why, at);
	cJSON *doc;

	if (clean == NULL)
		return NULL;
	if ((doc = parse_clean(mem, clean, clean_len)) == NULL) {
		/* The scanner let through what cJSON does not take: a fault of ours. */
		log_errorx("json: cJSON refused a scanned document of %zu bytes", clean_len);
		*why = "it cannot be read";
		*at = 0;
		return NULL;
	}
	keep_last(mem, doc);
	return doc;
}

cJSON *
json_parse_file(struct arena *mem, const char *path, size_t max)
{
	FILE *file = fopen(path, "re");
	const char *why = "it is too long";
	size_t len, at = 0;
	char *text;
	cJSON *doc = NULL;

	if (file == NULL) {
		if (errno != ENOENT)
			log_error("%s", path);
		return NULL;
	}
	text = arena_alloc(mem, max + 1);
	len = fread(text, 1, max + 1, file);
	(void)fclose(file);
	if (len <= max)
		doc = json_parse(mem, text, len, &why, &at);
	if (doc == NULL)
		log_errorx("%s: %s, at byte %zu", path, why, at);
	return doc;
}

const cJSON *
json_get(const cJSON *object, const char *name)
{
	return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

const char *
json_get_text(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(json_get(object, name));
}

bool
json_is_int(const cJSON *value, int64_t min, int64_t max, int64_t *out)
{
	double d;

	/* 2^63 is a double, INT64_MAX is not: what is not below it cannot be converted. */
	if (!cJSON_IsNumber(value) || !((d = value->valuedouble) >= -0x1p63 && d < 0x1p63))
		return false;
	if ((double)(int64_t)d != d || (int64_t)d < min || (int64_t)d > max)
		return false;
	*out = (int64_t)d;
	return true;
}
