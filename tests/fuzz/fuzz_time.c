/* SPDX-License-Identifier: MIT */
/* Times from strangers: what is read can be written, and reads back as the same instant. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TIME_TEXT_SIZE];
	int64_t ns, again;

	if (time_parse((const char *)data, size, &ns) == -1)
		return 0;
	(void)time_format_ns(text, ns);
	if (time_parse(text, strlen(text), &again) == -1 || again != ns)
		abort();
	return 0;
}
