/* SPDX-License-Identifier: MIT */
/*
 * Maps from strangers, and blocks that are broken.  Blocks come in order, each
 * place of a block is found in it, and points to a source that was handed over.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sourcemap.h"

struct taken {
	int64_t last; /* start of the block before */
	size_t nsources, nnames;
};

static int
take_block(void *arg, int64_t start, const void *bytes, size_t len)
{
	static const struct sourcemap_position far = {UINT32_MAX, UINT32_MAX};
	struct taken *t = arg;
	struct sourcemap_position at = {(uint32_t)(start >> 31), (uint32_t)(start & INT32_MAX)};
	struct sourcemap_origin o;

	if (start <= t->last || len == 0)
		abort();
	t->last = start;
	(void)sourcemap_find(bytes, len, start, far, &o);
	if (sourcemap_find(bytes, len, start, at, &o) &&
	    (o.source < 0 || (size_t)o.source >= t->nsources || o.name < -1 ||
		(o.name >= 0 && (size_t)o.name >= t->nnames)))
		abort();
	return 0;
}

static int
take_source(void *arg, size_t i, const char *path, bool ignored)
{
	struct taken *t = arg;

	(void)path;
	(void)ignored;
	if (i != t->nsources++)
		abort();
	return 0;
}

static int
take_content(void *arg, size_t i, const char *text, size_t len)
{
	struct taken *t = arg;

	if (i >= t->nsources || strlen(text) != len)
		abort();
	return 0;
}

static int
take_name(void *arg, size_t i, const char *name)
{
	struct taken *t = arg;

	(void)name;
	if (i != t->nnames++)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(4096);
	struct taken taken = {.last = -1};
	const struct sourcemap_sink sink = {
	    &taken, take_block, take_source, take_content, take_name};
	struct sourcemap_position at = {3, 40};
	struct sourcemap_origin o;
	const char *why = NULL;
	size_t where;
	const cJSON *doc = json_parse(mem, (const char *)data, size, &why, &where);

	why = NULL;
	if (doc != NULL && sourcemap_read(mem, doc, &sink, &why) == SOURCEMAP_INVALID &&
	    why == NULL)
		abort();
	/* The same bytes as a block that is damaged. */
	(void)sourcemap_find(data, size, sourcemap_key(1, 2), at, &o);
	arena_free(mem);
	return 0;
}
