/* SPDX-License-Identifier: MIT */
/*
 * level_json: the level that a JSON log line names, by the keys and
 * numbers of the common loggers.
 */
#ifndef LEVEL_JSON_H
#define LEVEL_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "level.h"

/* Whether text is an object that may be a log line; then *level is what it names. */
bool level_of_json(const char *text, size_t len, enum level *level);

#endif
