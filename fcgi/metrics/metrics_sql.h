/* SPDX-License-Identifier: MIT */
/* metrics_sql: the metrics collector's database as its programs see it. */
#ifndef METRICS_SQL_H
#define METRICS_SQL_H

#include "db.h"

extern const struct db_schema metrics_schema;

#endif
