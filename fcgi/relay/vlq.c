/* SPDX-License-Identifier: MIT */
/* Six bits a digit: five of value, lowest first, one that says whether more follow. */
#include "vlq.h"

#define CONTINUES 32

/* The value of a base64 digit, or -1. */
static int
digit(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
vlq_take(const char **p, const char *end, int32_t *value)
{
	uint64_t bits = 0;

	for (unsigned shift = 0; *p < end; shift += 5) {
		int d = digit((unsigned char)**p);

		if (d < 0 || shift > 30)
			return false;
		(*p)++;
		bits |= (uint64_t)(d & (CONTINUES - 1)) << shift;
		if (d & CONTINUES)
			continue;
		/* The lowest bit is the sign. */
		if (bits >> 1 > INT32_MAX)
			return false;
		*value = (bits & 1) ? -(int32_t)(bits >> 1) : (int32_t)(bits >> 1);
		return true;
	}
	return false;
}
