/* SPDX-License-Identifier: MIT */
/* Sketches from a damaged file: what is taken is written as it was read, and answers. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sketch.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(65536);
	struct sketch *s = sketch_new(mem);
	struct buf bytes = {0};

	if (sketch_decode(s, data, size) == 0) {
		sketch_encode(s, &bytes);
		if (bytes.len != size || memcmp(bytes.data, data, size) != 0)
			abort();
		if (sketch_count(s) > 0 && !isfinite(sketch_quantile(s, 0.95)))
			abort();
		if (sketch_count_up_to(s, INFINITY) != sketch_count(s))
			abort();
		sketch_downscale(s, SKETCH_MIN_SCALE);
	}
	buf_free(&bytes);
	arena_free(mem);
	return 0;
}
