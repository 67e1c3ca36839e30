/* SPDX-License-Identifier: MIT */
/*
 * points: the points of an accepted batch, packed for a row of the table batch.
 *
 * A format byte, then for each point: the series shifted left by two, with bit 0
 * for a whole number and bit 1 for an id; the time as milliseconds since the
 * point before (folded); the value as a folded whole number or as the eight bytes
 * of an IEEE 754 double, lowest first; the id in eight bytes, lowest first.
 */
#ifndef POINTS_H
#define POINTS_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/* Twelve bits of the 62 are left for series that no one will ever have. */
#define POINTS_MAX_SERIES UINT32_MAX
/* Times lie within this many milliseconds of 1970: no difference of two overflows. */
#define POINTS_MAX_TIME (INT64_C(1) << 60)

struct point {
	uint32_t series;
	int64_t time; /* milliseconds since 1970 */
	double value; /* finite */
	uint64_t id;  /* a hash of what the client called it; 0: nothing */
};

struct points_writer {
	struct buf *out;
	int64_t time; /* of the point before */
};

struct points_reader {
	const unsigned char *p, *end;
	int64_t time;
};

struct points_writer points_write(struct buf *out);
void points_put(struct points_writer *, const struct point *);

/* The bytes must outlive the reader. */
struct points_reader points_read(const void *bytes, size_t len);
/* The next point: 1, or 0 after the last one, or -1 if the bytes are damaged. */
int points_next(struct points_reader *, struct point *);

#endif
