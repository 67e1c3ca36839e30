/* SPDX-License-Identifier: MIT */
#include "period.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

static const struct {
	char letter;
	int64_t seconds;
} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

int
period_parse(const char *text, int64_t *seconds)
{
	size_t len = strlen(text);
	int64_t number;

	/* A sign is not part of it, though text_int64() would take one. */
	if (len < 2 || len > 10 || text_int64(text, len - 1, 1, UINT32_MAX, &number) == -1)
		return -1;
	for (size_t i = 0; i < NELEM(units); i++)
		if (text[len - 1] == units[i].letter) {
			*seconds = number * units[i].seconds;
			return 0;
		}
	return -1;
}

char *
period_format(char out[PERIOD_TEXT_SIZE], int64_t seconds)
{
	size_t i = 0;

	while (i + 1 < NELEM(units) && seconds % units[i].seconds != 0)
		i++;
	(void)snprintf(out, PERIOD_TEXT_SIZE, "%lld%c", (long long)(seconds / units[i].seconds),
	    units[i].letter);
	return out;
}
