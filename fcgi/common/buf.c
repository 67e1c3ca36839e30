/* SPDX-License-Identifier: MIT */
/* A growing byte string; capacity doubles, so adding is cheap on average. */
#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "log.h"

char *
buf_room(struct buf *b, size_t len)
{
	size_t cap = b->cap > 0 ? b->cap : 256;

	if (b->cap - b->len >= len && b->data != NULL)
		return b->data + b->len;
	while (cap - b->len < len) {
		if (cap > (size_t)-1 / 2)
			log_fatalx("out of memory: a buffer of %zu bytes", cap);
		cap *= 2;
	}
	b->data = heap_resize(b->data, cap);
	b->cap = cap;
	return b->data + b->len;
}

void
buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	memcpy(buf_room(b, len), bytes, len);
	b->len += len;
}

void
buf_char(struct buf *b, char c)
{
	*buf_room(b, 1) = c;
	b->len++;
}

void
buf_markup(struct buf *b, char c)
{
	if (c == '&')
		buf_str(b, "&amp;");
	else if (c == '<')
		buf_str(b, "&lt;");
	else if (c == '>')
		buf_str(b, "&gt;");
	else
		buf_char(b, c);
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		log_fatalx("unprintable format");
	va_start(ap, fmt);
	(void)vsnprintf(buf_room(b, (size_t)len + 1), (size_t)len + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)len;
}

char *
buf_text(struct buf *b)
{
	*buf_room(b, 1) = '\0';
	return b->data;
}

void
buf_clear(struct buf *b, size_t keep)
{
	b->len = 0;
	if (b->cap > keep)
		buf_free(b);
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}
