/* SPDX-License-Identifier: MIT */
#include "errors.h"

int
errors_hours(struct db *db, int64_t id, int64_t first_hour, int64_t *counts, size_t n)
{
	int row = db_query(db, SQL_DAYS, DB_ARGS(DB_INT(id), DB_INT(first_hour / HOURS_PER_DAY)));

	for (; row == DB_ROW; row = db_next(db, SQL_DAYS)) {
		int64_t place = db_int(db, SQL_DAYS, 0) * HOURS_PER_DAY - first_hour;

		for (int hour = 0; hour < HOURS_PER_DAY; hour++, place++)
			if (place >= 0 && place < (int64_t)n)
				counts[place] += db_int(db, SQL_DAYS, hour + 1);
	}
	return row;
}
