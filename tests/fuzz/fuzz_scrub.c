/* SPDX-License-Identifier: MIT */
/*
 * What strangers report, as a text and as JSON: a secret is left out whatever stands before
 * and behind it, and what is left of JSON is JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scrub.h"
#include "text.h"

#define SECRET "7hunter7"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Ends the process if the secret is still there after it stood in the text. */
static void
hide(struct arena *mem, const char *text, size_t at, const char *with_secret)
{
	int n = 0;
	const char *whole = arena_printf(mem, "%.*s%s%s", (int)at, text, with_secret, text + at);

	if (strstr(scrub_text(mem, whole, &n), SECRET) != NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(4096);
	struct buf left = {0};
	struct json_out out = {.buf = &left};
	const char *text = arena_strndup(mem, (const char *)data, size), *why;
	size_t at, middle = strlen(text) / 2;
	const cJSON *doc = json_parse(mem, text, strlen(text), &why, &at);

	if (strstr(text, SECRET) == NULL) {
		hide(mem, text, middle, "&token=" SECRET);
		hide(mem, text, middle, "://app:" SECRET "@");
	}
	if (doc != NULL) {
		(void)scrub_tree(mem, &out, NULL, doc);
		if (json_parse(mem, left.data, left.len, &why, &at) == NULL)
			abort();
	}
	buf_free(&left);
	arena_free(mem);
	return 0;
}
