/* SPDX-License-Identifier: MIT */
/* Packed points from a damaged file: what is taken packs to points that are the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "points.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct points_reader reader = points_read(data, size), again;
	struct buf bytes = {0};
	struct points_writer writer = points_write(&bytes);
	struct point point, same;

	while (points_next(&reader, &point) == 1)
		points_put(&writer, &point);
	reader = points_read(data, size);
	again = points_read(bytes.data, bytes.len);
	while (points_next(&reader, &point) == 1)
		if (points_next(&again, &same) != 1 || point.series != same.series ||
		    point.time != same.time || point.id != same.id ||
		    memcmp(&point.value, &same.value, sizeof same.value) != 0)
			abort();
	if (points_next(&again, &same) != 0)
		abort();
	buf_free(&bytes);
	return 0;
}
