/* SPDX-License-Identifier: MIT */
/*
 * JSON from strangers.  What is accepted must come out as JSON that reads back as
 * the same document, in valid UTF-8; what is refused must say where and why.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

static void
write_tree(struct buf *b, const cJSON *tree)
{
	struct json_out out = {.buf = b};

	json_tree(&out, NULL, tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(4096);
	struct buf once = {0}, twice = {0};
	const char *why = NULL;
	size_t at = SIZE_MAX;
	const cJSON *doc = json_parse(mem, (const char *)data, size, &why, &at);

	if (doc == NULL) {
		if (why == NULL || at > size)
			abort();
	} else {
		write_tree(&once, doc);
		if (!text_utf8_valid(once.data, once.len))
			abort();
		if ((doc = json_parse(mem, once.data, once.len, &why, &at)) == NULL)
			abort();
		write_tree(&twice, doc);
		if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
			abort();
	}
	buf_free(&once);
	buf_free(&twice);
	arena_free(mem);
	return 0;
}
