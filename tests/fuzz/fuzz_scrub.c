/* SPDX-License-Identifier: MIT */
/*
 * What strangers report, as a text and as JSON: what is left of it has no secret more, and of
 * JSON it is JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scrub.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(4096);
	struct buf left = {0};
	struct json_out out = {.buf = &left};
	const char *text = arena_strndup(mem, (const char *)data, size), *once, *why;
	size_t at;
	int n = 0;
	const cJSON *doc = json_parse(mem, text, strlen(text), &why, &at);

	once = scrub_text(mem, text, &n);
	if (strcmp(scrub_text(mem, once, &n), once) != 0)
		abort();
	if (doc != NULL) {
		(void)scrub_tree(mem, &out, NULL, doc);
		if (json_parse(mem, left.data, left.len, &why, &at) == NULL)
			abort();
	}
	buf_free(&left);
	arena_free(mem);
	return 0;
}
