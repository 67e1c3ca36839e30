/* SPDX-License-Identifier: MIT */
/*
 * level: how serious a log line says it is.
 *
 * The contract's five names, TRACE below them, and UNKNOWN for a line that names
 * none: a wrong colour misleads, a missing one does not.  Rules are tried from the
 * surest form to the least sure; the first that fires wins.
 */
#ifndef LEVEL_H
#define LEVEL_H

#include <stddef.h>

/* In the order of seriousness; stored, so the numbers stay. */
enum level {
	LEVEL_UNKNOWN,
	LEVEL_TRACE,
	LEVEL_DEBUG,
	LEVEL_INFO,
	LEVEL_WARNING,
	LEVEL_ERROR,
	LEVEL_CRITICAL,
	LEVELS
};

/* The level that text (without terminal codes, see ansi.h) names, or LEVEL_UNKNOWN. */
enum level level_of_text(const char *text, size_t len);
/* The level that one word names, in any case: "warn", "SEVERE", "fatal"; or LEVEL_UNKNOWN. */
enum level level_of_word(const char *word, size_t len);
/* "UNKNOWN", "TRACE", ... "CRITICAL". */
const char *level_name(enum level);

#endif
