/* SPDX-License-Identifier: MIT */
/* Addresses from strangers: a page has neither query nor fragment, and is the page of itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(65536);
	const char *page = page_of(mem, arena_strndup(mem, (const char *)data, size));

	if (*page == '\0' || strpbrk(page, "?#") != NULL || strcmp(page_of(mem, page), page) != 0)
		abort();
	arena_free(mem);
	return 0;
}
