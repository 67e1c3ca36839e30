/* SPDX-License-Identifier: MIT */
/*
 * Query strings from strangers: whatever they hold, what a handler gets lies
 * within its table, and every text is valid UTF-8.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "text.h"

struct wanted {
	const char *search;
	int64_t limit, page, since;
	bool all;
	int sort;
	struct query_list tags;
};

#define FIELD(member) .name = #member, .offset = offsetof(struct wanted, member)

static const char *const sorts[] = {"new", "old", NULL};

static const struct query_field fields[] = {
    {FIELD(search), .type = QUERY_TEXT, .max = 20},
    {FIELD(limit), .type = QUERY_INT, .fallback = 50, .min = 1, .max = 200},
    {FIELD(page), .type = QUERY_INT, .flags = QUERY_LENIENT, .min = 0, .max = 9},
    {FIELD(since), .type = QUERY_TIME},
    {FIELD(all), .type = QUERY_FLAG},
    {FIELD(sort), .type = QUERY_CHOICE, .choices = sorts},
    {FIELD(tags), .type = QUERY_LIST},
};

static void
insist(bool condition)
{
	if (!condition)
		abort();
}

static void
check(const struct wanted *w)
{
	insist(w->search == NULL || strlen(w->search) <= 20);
	insist(w->search == NULL || text_utf8_valid(w->search, strlen(w->search)));
	insist(w->limit >= 1 && w->limit <= 200);
	insist(w->page >= 0 && w->page <= 9);
	insist(w->sort >= -1 && w->sort <= 1);
	insist(w->tags.n <= QUERY_MAX_FIELDS);
	for (size_t i = 0; i < w->tags.n; i++)
		insist(text_utf8_valid(w->tags.items[i], strlen(w->tags.items[i])));
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct req rq = {.mem = arena_new(4096)};
	struct wanted w;
	char *decoded;
	int status;

	/* The transport hands over a C string: what follows a NUL does not arrive. */
	rq.query = arena_strndup(rq.mem, (const char *)data, size);
	decoded = arena_alloc(rq.mem, size + 1);
	insist(text_url_decode(decoded, (const char *)data, size) <= size);
	status = query_read(&rq, fields, NELEM(fields), &w);
	insist(status == 0 || (status == 400 && rq.out.len > 0));
	if (status == 0)
		check(&w);
	buf_free(&rq.out);
	arena_free(rq.mem);
	return 0;
}
