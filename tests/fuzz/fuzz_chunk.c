/* SPDX-License-Identifier: MIT */
/*
 * Chunks of any content.  The input is what lies in the zstd frame, so that the fuzzer need
 * not learn to compress; and once it is the frame itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chunk.h"
#include "pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Looks at every byte that a chunk promises, and packs it again. */
static void
use(struct arena *mem, const struct chunk *c)
{
	struct chunk_draft draft = {0};
	struct chunk again;
	size_t total = 0, len;
	char *blob;

	for (size_t i = 0; i < c->n; i++) {
		for (size_t j = 0; j < c->lines[i].len; j++)
			total += (unsigned char)c->lines[i].text[j];
		if (i > 0 && c->lines[i].id <= c->lines[i - 1].id)
			abort();
		chunk_add(&draft, &c->lines[i]);
	}
	blob = chunk_pack(mem, &draft, 1, &len);
	if (chunk_unpack(mem, blob, len, &again) == -1 || again.n != c->n ||
	    again.text_len != c->text_len || (total > 0 && c->n == 0))
		abort();
	chunk_free(&draft);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(4096);
	struct chunk c;
	size_t len;
	char *blob = pack_zstd(mem, data, size, 1, &len);

	if (chunk_unpack(mem, blob, len, &c) == 0)
		use(mem, &c);
	if (chunk_unpack(mem, data, size, &c) == 0)
		use(mem, &c);
	arena_free(mem);
	return 0;
}
