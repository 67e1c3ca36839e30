/* SPDX-License-Identifier: MIT */
/* Files through zstd, a piece at a time. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "log.h"
#include "pack.h"

#define LEVEL 3
#define PIECE ((size_t)1 << 17)

/* Two files and the room between them. */
struct passage {
	const char *in_path, *out_path; /* out_path NULL: nothing is written */
	int in, out;
	char *raw;   /* PIECE bytes that were read */
	char *ready; /* PIECE bytes to be written */
};

static int
passage_open(struct passage *p)
{
	p->in = open(p->in_path, O_RDONLY | O_CLOEXEC);
	if (p->in == -1) {
		log_error("%s", p->in_path);
		return -1;
	}
	if (p->out_path == NULL)
		return 0;
	p->out = open(p->out_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (p->out == -1)
		log_error("%s", p->out_path);
	return p->out == -1 ? -1 : 0;
}

/* What was written is on the disk unless status says that it failed before. */
static int
passage_close(struct passage *p, int status)
{
	if (status == 0 && p->out != -1 && fsync(p->out) == -1) {
		log_error("%s", p->out_path);
		status = -1;
	}
	if (p->in != -1)
		(void)close(p->in);
	if (p->out != -1 && close(p->out) == -1 && status == 0) {
		log_error("%s", p->out_path);
		status = -1;
	}
	free(p->raw);
	free(p->ready);
	return status;
}

/* Reads the next piece; its length is 0 at the end. */
static int
take(struct passage *p, ZSTD_inBuffer *piece)
{
	ssize_t n = read(p->in, p->raw, PIECE);

	if (n == -1) {
		log_error("%s", p->in_path);
		return -1;
	}
	*piece = (ZSTD_inBuffer){p->raw, (size_t)n, 0};
	return 0;
}

static int
put(struct passage *p, const char *bytes, size_t len)
{
	while (p->out != -1 && len > 0) {
		ssize_t n = write(p->out, bytes, len);

		if (n == -1) {
			log_error("%s", p->out_path);
			return -1;
		}
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
compress(struct passage *p, ZSTD_CCtx *zstd)
{
	ZSTD_inBuffer piece;
	size_t left;

	(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, LEVEL);
	(void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	do {
		if (take(p, &piece) == -1)
			return -1;
		do {
			ZSTD_outBuffer ready = {p->ready, PIECE, 0};

			left = ZSTD_compressStream2(
			    zstd, &ready, &piece, piece.size > 0 ? ZSTD_e_continue : ZSTD_e_end);
			if (ZSTD_isError(left)) {
				log_errorx("%s: %s", p->in_path, ZSTD_getErrorName(left));
				return -1;
			}
			if (put(p, ready.dst, ready.pos) == -1)
				return -1;
		} while (piece.size > 0 ? piece.pos < piece.size : left > 0);
	} while (piece.size > 0);
	return 0;
}

static int
decompress(struct passage *p, ZSTD_DCtx *zstd)
{
	ZSTD_inBuffer piece;
	size_t wanted = 1; /* 0: the frame is whole and its checksum right */

	do {
		if (take(p, &piece) == -1)
			return -1;
		/* A piece that is used up may have left more than there was room for. */
		for (bool full = false; piece.pos < piece.size || (full && wanted != 0);) {
			ZSTD_outBuffer ready = {p->ready, PIECE, 0};

			wanted = ZSTD_decompressStream(zstd, &ready, &piece);
			if (ZSTD_isError(wanted)) {
				log_errorx("%s: %s", p->in_path, ZSTD_getErrorName(wanted));
				return -1;
			}
			if (put(p, ready.dst, ready.pos) == -1)
				return -1;
			full = ready.pos == ready.size;
		}
	} while (piece.size > 0);
	if (wanted != 0)
		log_errorx("%s: it is cut short", p->in_path);
	return wanted != 0 ? -1 : 0;
}

static struct passage
passage_new(const char *in, const char *out)
{
	return (struct passage){in, out, -1, -1, heap_alloc(PIECE), heap_alloc(PIECE)};
}

int
pack_file(const char *in, const char *out)
{
	struct passage p = passage_new(in, out);
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	int st;

	if (zstd == NULL)
		log_fatalx("out of memory: a zstd compressor");
	st = passage_open(&p) == 0 ? compress(&p, zstd) : -1;
	(void)ZSTD_freeCCtx(zstd);
	return passage_close(&p, st);
}

int
unpack_file(const char *in, const char *out)
{
	struct passage p = passage_new(in, out);
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	int st;

	if (zstd == NULL)
		log_fatalx("out of memory: a zstd decompressor");
	st = passage_open(&p) == 0 ? decompress(&p, zstd) : -1;
	(void)ZSTD_freeDCtx(zstd);
	return passage_close(&p, st);
}
