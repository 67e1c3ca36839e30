/* SPDX-License-Identifier: MIT */
/*
 * buf: a byte string that grows.  It owns its bytes; data is NULL until the
 * first byte arrives and is NOT terminated by a NUL unless buf_text() asked for
 * one.  Out of memory ends the process.
 */
#ifndef BUF_H
#define BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
};

void buf_add(struct buf *, const void *, size_t len);
void buf_char(struct buf *, char);
void buf_str(struct buf *, const char *);
void buf_printf(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A character of a text within markup: & < > as entities, which HTML and Slack want alike. */
void buf_markup(struct buf *, char);
/* Room for len more bytes after data + len; the caller adds to len what it wrote. */
char *buf_room(struct buf *, size_t len);
/* The bytes with a NUL behind them (not counted); valid until the next change. */
char *buf_text(struct buf *);
/* Empties it; memory over keep bytes goes back to the system. */
void buf_clear(struct buf *, size_t keep);
void buf_free(struct buf *);

#endif
