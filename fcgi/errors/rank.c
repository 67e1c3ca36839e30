/* SPDX-License-Identifier: MIT */
#include "rank.h"

#define EXACT_BITS 4 /* bits behind the leading one that a rank keeps */

int64_t
count_rank(int64_t count)
{
	int shift;

	if (count < 1 << EXACT_BITS)
		return count;
	/* The numbers of one power of two share a shift, and get 2^EXACT_BITS ranks. */
	shift = 63 - __builtin_clzll((unsigned long long)count) - EXACT_BITS;
	return ((int64_t)shift << EXACT_BITS) + (count >> shift);
}
