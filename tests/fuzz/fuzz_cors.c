/* SPDX-License-Identifier: MIT */
/*
 * A list of origins and what claims to be one: a list grants what one of its items grants, an
 * item names itself, and what its * stands for ends where a host's name does.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "cors.h"
#include "text.h"

/* What an item with a * says of an origin that has a text in its place. */
static enum cors_verdict
judge_filled(struct arena *mem, const char *item, const char *text)
{
	const char *star = strchr(item, '*');

	return cors_judge(
	    item, arena_printf(mem, "%.*s%s%s", (int)(star - item), item, text, star + 1));
}

static void
check_item(struct arena *mem, const char *item)
{
	static const char *const no_names[] = {"", "a/b", "a:b", "a@b"};
	const char *star = strchr(item, '*');

	if (!cors_valid_item(item, strlen(item)) || strcmp(item, "*") == 0)
		return;
	if (star == NULL) {
		if (cors_judge(item, item) != CORS_NAMED)
			abort();
		return;
	}
	if (strchr(star + 1, '*') != NULL || judge_filled(mem, item, "a.b") != CORS_NAMED)
		abort();
	for (size_t i = 0; i < NELEM(no_names); i++)
		if (judge_filled(mem, item, no_names[i]) != CORS_REFUSED)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The origin is what stands before the first NUL, the list what stands behind it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(65536);
	const char *input = arena_strndup(mem, (const char *)data, size), *origin = input;
	const char *list = strlen(origin) < size ? origin + strlen(origin) + 1 : "";
	enum cors_verdict best = CORS_REFUSED;

	for (const char *at = list; *at != '\0'; at += strcspn(at, ","), at += *at == ',') {
		const char *item = arena_strndup(mem, at, strcspn(at, ","));
		enum cors_verdict verdict = cors_judge(item, origin);

		best = verdict > best ? verdict : best;
		check_item(mem, item);
	}
	if (cors_judge(list, origin) != best)
		abort();
	arena_free(mem);
	return 0;
}
