/* SPDX-License-Identifier: MIT */
/* Lines come nearly in order of time, so the row wanted is nearly always among the last. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "logs_sql.h"

#define MINUTE_NS (60 * NS_PER_SECOND)
#define LOOK_BACK 4 /* rows; a row more than needed only costs an update */

void
tally_add(struct tally *t, int64_t source, const struct log_line *line)
{
	/* Rounded down, before 1970 as well. */
	int64_t minute = line->ns / MINUTE_NS - (line->ns % MINUTE_NS < 0);

	for (size_t i = t->n; i > 0 && i + LOOK_BACK > t->n; i--)
		if (t->rows[i - 1].minute == minute && t->rows[i - 1].source == source) {
			t->rows[i - 1].lines[line->level]++;
			return;
		}
	if (t->n == t->size) {
		t->size = t->size > 0 ? t->size * 2 : 64;
		t->rows = heap_resize(t->rows, t->size * sizeof *t->rows);
	}
	t->rows[t->n] = (struct tally_row){.source = source, .minute = minute};
	t->rows[t->n++].lines[line->level] = 1;
}

static int
write_row(struct db *db, int64_t segment, const struct tally_row *r, int sign)
{
	const int64_t *n = r->lines;

	if (db_run(db, SQL_HISTOGRAM_ADD,
		DB_ARGS(DB_INT(segment), DB_INT(r->minute), DB_INT(r->source), DB_INT(sign * n[0]),
		    DB_INT(sign * n[1]), DB_INT(sign * n[2]), DB_INT(sign * n[3]),
		    DB_INT(sign * n[4]), DB_INT(sign * n[5]), DB_INT(sign * n[6]))) == -1)
		return -1;
	/* Rows that have come to nothing would stay for ever. */
	if (sign < 0)
		return db_run(db, SQL_HISTOGRAM_TRIM,
		    DB_ARGS(DB_INT(segment), DB_INT(r->minute), DB_INT(r->source)));
	return 0;
}

int
tally_write(const struct tally *t, struct db *db, int64_t segment, int sign)
{
	for (size_t i = 0; i < t->n;) {
		struct tally_row sum = {.source = t->rows[i].source};
		const int64_t *n = sum.lines;

		for (; i < t->n && t->rows[i].source == sum.source; i++) {
			if (write_row(db, segment, &t->rows[i], sign) == -1)
				return -1;
			for (int level = 0; level < LEVELS; level++)
				sum.lines[level] += sign * t->rows[i].lines[level];
		}
		if (db_run(db, SQL_TALLY_ADD,
			DB_ARGS(DB_INT(segment), DB_INT(sum.source), DB_INT(n[0]), DB_INT(n[1]),
			    DB_INT(n[2]), DB_INT(n[3]), DB_INT(n[4]), DB_INT(n[5]),
			    DB_INT(n[6]))) == -1)
			return -1;
	}
	return 0;
}

void
tally_clear(struct tally *t)
{
	t->n = 0;
}

void
tally_free(struct tally *t)
{
	free(t->rows);
	*t = (struct tally){0};
}
