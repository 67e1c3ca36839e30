/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a search and, after the first NUL, as a line.  Nothing is an error; a line
 * that matches is not ruled out by the quick look; a query finds in a line what it finds
 * in its copy.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "search_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(struct arena *mem, const char *text, bool heed_case, const char *line, size_t len)
{
	const struct search_query *query = search_query_parse(mem, text, heed_case);
	char *copy = malloc(len > 0 ? len : 1); /* exact, so that a byte too far is seen */
	bool found;

	if (copy == NULL || query == NULL) {
		free(copy);
		return;
	}
	memcpy(copy, line, len);
	if (!heed_case)
		search_fold(copy, copy, len);
	(void)search_query_fts(query, mem);
	found = search_query_matches(query, copy, len);
	if (found && !search_query_may_match(query, copy, len))
		abort();
	if (found && len > 0 && search_query_skip(query, copy, len) >= len)
		abort();
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(65536);
	char *text = arena_strndup(mem, (const char *)data, size);
	size_t used = strlen(text);
	size_t rest = used < size ? used + 1 : size;

	look(mem, text, false, text + rest, size - rest);
	look(mem, text, true, text + rest, size - rest);
	/* A query with a word of its own finds itself as often as not: a good line to try. */
	look(mem, text, false, text, used);
	arena_free(mem);
	return 0;
}
