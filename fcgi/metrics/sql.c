/* SPDX-License-Identifier: MIT */
#include "metrics_sql.h"

extern const char *const metrics_migrations[]; /* made from schema/ */

const struct db_schema metrics_schema = {
    .name = "metrics",
    .application_id = 0x4d4c4d31, /* "MLM1" */
    .migrations = metrics_migrations,
};
