/* SPDX-License-Identifier: MIT */
/* Quantities from strangers: the place never passes the end, and moves when one was read. */
#include <stdint.h>
#include <stdlib.h>

#include "vlq.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;

	while (p < end) {
		const char *before = p;
		int32_t value;

		if (!vlq_take(&p, end, &value)) {
			if (p < before || p > end)
				abort();
			break;
		}
		if (p <= before || p > end || value == INT32_MIN)
			abort();
	}
	return 0;
}
