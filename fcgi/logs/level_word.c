/* SPDX-License-Identifier: MIT */
/* The table is small and its first letters tell most words apart: it is looked through. */
#include "level_word.h"

#include <string.h>

#include "text.h"

static const struct level_word words[] = {
    {"trace", LEVEL_TRACE, false},
    {"trc", LEVEL_TRACE, false},
    {"trce", LEVEL_TRACE, false},
    {"verbose", LEVEL_TRACE, false},
    {"vrb", LEVEL_TRACE, false},
    {"vbs", LEVEL_TRACE, false},
    {"finest", LEVEL_TRACE, true},
    {"debug", LEVEL_DEBUG, false},
    {"dbg", LEVEL_DEBUG, false},
    {"dbug", LEVEL_DEBUG, false},
    {"debug1", LEVEL_DEBUG, false},
    {"debug2", LEVEL_DEBUG, false},
    {"debug3", LEVEL_DEBUG, false},
    {"debug4", LEVEL_DEBUG, false},
    {"debug5", LEVEL_DEBUG, false},
    {"fine", LEVEL_DEBUG, true},
    {"finer", LEVEL_DEBUG, true},
    {"config", LEVEL_DEBUG, true},
    {"info", LEVEL_INFO, false},
    {"inf", LEVEL_INFO, false},
    {"information", LEVEL_INFO, false},
    {"informational", LEVEL_INFO, false},
    {"notice", LEVEL_INFO, false},
    {"note", LEVEL_INFO, true},
    {"log", LEVEL_INFO, true},
    {"system", LEVEL_INFO, true},
    {"success", LEVEL_INFO, true},
    {"warn", LEVEL_WARNING, false},
    {"warning", LEVEL_WARNING, false},
    {"wrn", LEVEL_WARNING, false},
    {"error", LEVEL_ERROR, false},
    {"err", LEVEL_ERROR, false},
    {"eror", LEVEL_ERROR, false},
    {"fail", LEVEL_ERROR, false},
    {"failure", LEVEL_ERROR, true},
    {"severe", LEVEL_ERROR, false},
    {"fatal", LEVEL_CRITICAL, false},
    {"ftl", LEVEL_CRITICAL, false},
    {"critical", LEVEL_CRITICAL, false},
    {"crit", LEVEL_CRITICAL, false},
    {"alert", LEVEL_CRITICAL, false},
    {"emerg", LEVEL_CRITICAL, false},
    {"emergency", LEVEL_CRITICAL, false},
    {"panic", LEVEL_CRITICAL, false},
    {"pnc", LEVEL_CRITICAL, false},
    {"dpanic", LEVEL_CRITICAL, false},
};

const struct level_word *
level_find_word(const char *s, size_t len)
{
	char low[16];

	if (len < 3 || len >= sizeof low)
		return NULL;
	for (size_t i = 0; i < len; i++)
		low[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] | 0x20) : s[i];
	low[len] = '\0';
	for (size_t i = 0; i < NELEM(words); i++)
		if (words[i].name[0] == low[0] && strcmp(words[i].name, low) == 0)
			return &words[i];
	return NULL;
}

enum level
level_of_word(const char *word, size_t len)
{
	const struct level_word *w = level_find_word(word, len);

	return w != NULL ? w->level : LEVEL_UNKNOWN;
}

const char *
level_name(enum level level)
{
	static const char *const names[] = {
	    "UNKNOWN", "TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"};

	return names[level];
}
