/* SPDX-License-Identifier: MIT */
/*
 * pack: zstd for what is stored, gzip for what is sent.  Results lie in the arena, or are
 * files (pack_file.c).  What is unpacked never grows over the limit that the caller gives.
 */
#ifndef PACK_H
#define PACK_H

#include <stddef.h>

#include "arena.h"

enum pack_result { PACK_OK, PACK_TOO_LARGE, PACK_BROKEN };

/* Compresses len bytes with zstd; returns the frame and its length.  Level 1 to 19. */
char *pack_zstd(struct arena *, const void *, size_t len, int level, size_t *packed);
/* The content of a zstd frame with a NUL behind it. */
enum pack_result unpack_zstd(
    struct arena *, const void *, size_t len, size_t limit, char **out, size_t *out_len);
/* The content of a gzip stream (all members) with a NUL behind it. */
enum pack_result unpack_gzip(
    struct arena *, const void *, size_t len, size_t limit, char **out, size_t *out_len);

/*
 * A whole file to another, which is made: compressed with a checksum, and back.  The result is on
 * the disk when it returns.  out NULL: only whether it unpacks.  0, or -1 failed and logged.
 */
int pack_file(const char *in, const char *out);
int unpack_file(const char *in, const char *out);

#endif
