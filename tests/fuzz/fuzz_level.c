/* SPDX-License-Identifier: MIT */
/* The level of any text, with its terminal codes stripped as ingest does it. */
#include <stdint.h>
#include <stdlib.h>

#include "ansi.h"
#include "level.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size > 0 ? size : 1);
	size_t len = ansi_strip(text, (const char *)data, size);
	enum level level = level_of_text(text, len);

	/* What is stripped has nothing left to strip. */
	if (level >= LEVELS || ansi_present(text, len))
		abort();
	(void)level_of_text((const char *)data, size);
	free(text);
	return 0;
}
