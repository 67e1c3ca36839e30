/* SPDX-License-Identifier: MIT */
/*
 * line_regex: a regular expression of PCRE2 on lines, which can neither take a line for
 * ever nor all lines together: it has limits for a line and a time by which to be done.
 */
#ifndef LINE_REGEX_H
#define LINE_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line_regex;

#define LINE_REGEX_US INT64_C(2000000)
#define LINE_REGEX_WHY_SIZE 256

/* Compiles it; NULL with the engine's sentence in why if it is none.  The caller frees it. */
struct line_regex *line_regex_new(
    const char *pattern, bool heed_case, char why[LINE_REGEX_WHY_SIZE]);
void line_regex_free(struct line_regex *);
/* How long from now on it may be used; LINE_REGEX_US after it was made. */
void line_regex_allow(struct line_regex *, int64_t us);
/* 1 if it is found in the line, 0 if not, -1 if a limit was met. */
int line_regex_matches(struct line_regex *, const char *line, size_t len);

#endif
