/* SPDX-License-Identifier: MIT */
/*
 * A list of chunks, newest first; the oldest is the one kept over a reset.
 * Requests are small and end soon, so nothing is ever given back singly.
 */
#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

struct chunk {
	struct chunk *next; /* the chunk before this one */
	size_t size;        /* bytes in data */
	size_t used;
	max_align_t data[];
};

struct arena {
	struct chunk *top;
};

void *
heap_resize(void *old, size_t size)
{
	void *p = realloc(old, size > 0 ? size : 1);

	if (p == NULL)
		log_fatalx("out of memory: %zu bytes wanted", size);
	return p;
}

void *
heap_alloc(size_t size)
{
	void *p = calloc(1, size > 0 ? size : 1);

	if (p == NULL)
		log_fatalx("out of memory: %zu bytes wanted", size);
	return p;
}

char *
heap_strdup(const char *s)
{
	size_t size = strlen(s) + 1;

	return memcpy(heap_resize(NULL, size), s, size);
}

static struct chunk *
chunk_new(size_t size, struct chunk *next)
{
	struct chunk *c = heap_resize(NULL, sizeof *c + size);

	c->next = next;
	c->size = size;
	c->used = 0;
	return c;
}

struct arena *
arena_new(size_t keep)
{
	struct arena *a = heap_alloc(sizeof *a);

	a->top = chunk_new(keep, NULL);
	return a;
}

void
arena_reset(struct arena *a)
{
	struct chunk *next;

	while ((next = a->top->next) != NULL) {
		free(a->top);
		a->top = next;
	}
	a->top->used = 0;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_reset(a);
	free(a->top);
	free(a);
}

void *
arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct chunk *c = a->top;
	void *p;

	if (size > SIZE_MAX / 2)
		log_fatalx("out of memory: %zu bytes wanted", size);
	size = (size + align - 1) / align * align;
	if (c->size - c->used < size) {
		/* Doubling keeps the list short when a request turns out to be large. */
		size_t want = c->size * 2 < 65536 ? c->size * 2 : 65536;

		c = a->top = chunk_new(size > want ? size : want, c);
	}
	p = (char *)c->data + c->used;
	c->used += size;
	return memset(p, 0, size);
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (len > 0)
		memcpy(p, s, len);
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0)
		log_fatalx("unprintable format");
	p = arena_alloc(a, (size_t)len + 1);
	(void)vsnprintf(p, (size_t)len + 1, fmt, ap);
	return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}
