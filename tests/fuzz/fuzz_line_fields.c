/* SPDX-License-Identifier: MIT */
/* Any bytes as a line: its fields are texts of bounded size, and no more than there is room for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "line_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(65536);
	struct line_field found[LINE_FIELDS_MAX];
	char *line = malloc(size > 0 ? size : 1); /* exact, so that a byte too far is seen */
	size_t n;

	if (line == NULL)
		return 0;
	memcpy(line, data, size);
	n = line_fields(mem, line, size, found);
	if (n > LINE_FIELDS_MAX)
		abort();
	for (size_t i = 0; i < n; i++)
		if (strlen(found[i].name) > LINE_FIELD_MAX ||
		    strlen(found[i].value) > LINE_FIELD_MAX)
			abort();
	free(line);
	arena_free(mem);
	return 0;
}
