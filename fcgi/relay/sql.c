/* SPDX-License-Identifier: MIT */
#include "relay_sql.h"

extern const char *const relay_migrations[]; /* made from schema/ */

const struct db_schema relay_schema = {
    .name = "relay",
    .application_id = 0x4d4c5231, /* "MLR1" */
    .migrations = relay_migrations,
};
