/* SPDX-License-Identifier: MIT */
/*
 * The zstd contexts stay for the life of the process: making one costs more than
 * compressing a small payload does.
 */
#define ZLIB_CONST
#include "pack.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "buf.h"
#include "log.h"

static ZSTD_CCtx *compressor;
static ZSTD_DCtx *decompressor;

char *
pack_zstd(struct arena *mem, const void *data, size_t len, int level, size_t *packed)
{
	size_t room = ZSTD_compressBound(len);
	char *out = arena_alloc(mem, room);

	if (compressor == NULL && (compressor = ZSTD_createCCtx()) == NULL)
		log_fatalx("out of memory: a zstd compressor");
	*packed = ZSTD_compressCCtx(compressor, out, room, data, len, level);
	/* With room enough only memory can be what is missing. */
	if (ZSTD_isError(*packed))
		log_fatalx("zstd: %s", ZSTD_getErrorName(*packed));
	return out;
}

enum pack_result
unpack_zstd(
    struct arena *mem, const void *packed, size_t len, size_t limit, char **out, size_t *out_len)
{
	/* Unknown and invalid are the two largest numbers. */
	unsigned long long size = ZSTD_getFrameContentSize(packed, len);

	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
		return PACK_BROKEN;
	if (size > limit)
		return PACK_TOO_LARGE;
	if (decompressor == NULL && (decompressor = ZSTD_createDCtx()) == NULL)
		log_fatalx("out of memory: a zstd decompressor");
	*out = arena_alloc(mem, (size_t)size + 1);
	*out_len = ZSTD_decompressDCtx(decompressor, *out, (size_t)size, packed, len);
	return *out_len == size ? PACK_OK : PACK_BROKEN;
}

/* Inflates all members into b; never more than limit + 1 bytes. */
static enum pack_result
inflate_members(z_stream *z, struct buf *b, size_t limit)
{
	const size_t step = 65536;
	int result = Z_OK;

	while (result != Z_STREAM_END || z->avail_in > 0) {
		size_t room = limit - b->len < step ? limit - b->len + 1 : step;

		if (result == Z_STREAM_END && inflateReset(z) != Z_OK)
			return PACK_BROKEN;
		z->next_out = (Bytef *)buf_room(b, room);
		z->avail_out = (uInt)room;
		result = inflate(z, Z_NO_FLUSH);
		if (result == Z_MEM_ERROR)
			log_fatalx("out of memory: zlib");
		/* No progress at all (Z_BUF_ERROR) means that the stream was cut off. */
		if (result != Z_OK && result != Z_STREAM_END)
			return PACK_BROKEN;
		b->len += room - z->avail_out;
		if (b->len > limit)
			return PACK_TOO_LARGE;
	}
	return PACK_OK;
}

enum pack_result
unpack_gzip(
    struct arena *mem, const void *packed, size_t len, size_t limit, char **out, size_t *out_len)
{
	z_stream z = {.next_in = packed, .avail_in = (uInt)len};
	struct buf b = {0};
	enum pack_result result;

	if (len > UINT_MAX)
		return PACK_TOO_LARGE;
	/* 16 asks for the gzip format and nothing else. */
	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		log_fatalx("out of memory: zlib");
	result = inflate_members(&z, &b, limit);
	(void)inflateEnd(&z);
	if (result == PACK_OK) {
		*out = arena_strndup(mem, b.data, b.len);
		*out_len = b.len;
	}
	buf_free(&b);
	return result;
}
