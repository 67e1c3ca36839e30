/* SPDX-License-Identifier: MIT */
/* relay_sql: the browser relay's database as its programs see it. */
#ifndef RELAY_SQL_H
#define RELAY_SQL_H

#include "db.h"

extern const struct db_schema relay_schema;

#endif
