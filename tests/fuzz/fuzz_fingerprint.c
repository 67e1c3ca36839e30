/* SPDX-License-Identifier: MIT */
/* Any bytes as a traceback: the place, if there is one, lies inside them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const char *text, size_t size, const char *part, size_t len)
{
	if (part < text || len > size || part > text + size - len)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size > 0 ? size : 1); /* exact, so that a byte too far is seen */
	struct location l;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	l = fingerprint_location(text, size);
	if (l.file != NULL) {
		check(text, size, l.file, l.file_len);
		check(text, size, l.line, l.line_len);
		if (l.line_len == 0)
			abort();
	}
	free(text);
	return 0;
}
