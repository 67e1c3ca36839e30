/* SPDX-License-Identifier: MIT */
/*
 * varint: whole numbers in as few bytes as they need, seven bits a byte, lowest
 * first (LEB128, as in DWARF and protocol buffers).  Signed ones are folded so
 * that small means few bytes on both sides of zero (zigzag).
 */
#ifndef VARINT_H
#define VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#define VARINT_MAX 10 /* bytes that 64 bits may take */

static inline uint64_t
varint_fold(int64_t value)
{
	return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t
varint_unfold(uint64_t folded)
{
	return (int64_t)(folded >> 1) ^ -(int64_t)(folded & 1);
}

static inline void
varint_put(struct buf *out, uint64_t value)
{
	char *to = buf_room(out, VARINT_MAX);

	for (; value >= 0x80; value >>= 7, out->len++)
		*to++ = (char)(value | 0x80);
	*to = (char)value;
	out->len++;
}

/* What is left to read of some bytes. */
struct varint_input {
	const unsigned char *p, *end;
};

/* Takes one; false if the bytes end early, or if fewer would have done. */
static inline bool
varint_take(struct varint_input *in, uint64_t *value)
{
	uint64_t v = 0;

	for (unsigned shift = 0; in->p < in->end && shift < 64; shift += 7) {
		unsigned char byte = *in->p++;

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*value = v;
			return (byte != 0 || shift == 0) && (shift < 63 || byte == 1);
		}
	}
	return false;
}

#endif
