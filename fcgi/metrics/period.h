/* SPDX-License-Identifier: MIT */
/* period: lengths of time as people write them: 30s, 15m, 24h, 7d. */
#ifndef PERIOD_H
#define PERIOD_H

#include <stdint.h>

#define PERIOD_TEXT_SIZE 24

/*
 * Reads a whole number above zero that fits 32 bits, and s, m, h or d; at most ten
 * bytes in all.  Returns 0, or -1 if the text is no such thing.
 */
int period_parse(const char *text, int64_t *seconds);
/* The same in the largest unit that divides it: "5m"; returns out. */
char *period_format(char out[PERIOD_TEXT_SIZE], int64_t seconds);

#endif
