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

int
errors_count_hour(struct db *db, struct arena *mem, int64_t key_id, int64_t at, int64_t count)
{
	int hour = (int)(at % SECONDS_PER_DAY / SECONDS_PER_HOUR);
	/* The column of an hour cannot be bound; there are twenty-four such texts. */
	int statement = db_prepare(db, arena_printf(mem,
					   "INSERT INTO day (key_id, day, h%d) VALUES (?1, ?2, ?3)"
					   " ON CONFLICT DO UPDATE SET h%d = h%d + excluded.h%d",
					   hour, hour, hour, hour));

	if (statement == DB_FAILED)
		return DB_FAILED;
	return db_run(
	    db, statement, DB_ARGS(DB_INT(key_id), DB_INT(at / SECONDS_PER_DAY), DB_INT(count)));
}
