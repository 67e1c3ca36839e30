/* SPDX-License-Identifier: MIT */
/* key_store: making DSN keys, for the relay and for `monlight keys add`. */
#ifndef KEY_STORE_H
#define KEY_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"

#define DSN_KEY_SIZE 33 /* 32 hex digits and a NUL */

/*
 * Makes a key for the project; origins is a comma-separated list or NULL.  Writes
 * the key and, if id is not NULL, the row's number.  Returns 0 or DB_FAILED.
 */
int dsn_key_add(
    struct db *, const char *project, const char *origins, char key[DSN_KEY_SIZE], int64_t *id);

/*
 * Adds a key that was made elsewhere at that time, unless it is there:
 * DB_ROW, DB_NONE or DB_FAILED.
 */
int dsn_key_adopt(struct db *, const char *key, const char *project, int64_t made_at, bool active);

/*
 * Adds the keys of "project:key, ..." that are not there yet; a known key keeps
 * its project and stays off if it was switched off.  Items that are none are
 * logged and passed over.  Returns 0 or DB_FAILED.
 */
int dsn_keys_seed(struct db *, const char *list);

#endif
