/* SPDX-License-Identifier: MIT */
/*
 * arena: memory that lives as long as one request.
 *
 * Everything a request needs is taken from its arena and given back at once by
 * arena_reset(); nothing in a handler is freed by hand.  Memory comes zeroed and
 * aligned for any type.  No function here returns NULL: running out of memory
 * ends the process (lighttpd starts another), so callers have no branch for it.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* A new arena; keep is how many bytes stay with it between requests. */
struct arena *arena_new(size_t keep);
/* Forgets everything taken so far; chunks beyond keep go back to the system. */
void arena_reset(struct arena *);
/* Frees the arena and all that was taken from it; NULL is allowed. */
void arena_free(struct arena *);

void *arena_alloc(struct arena *, size_t size);
char *arena_strdup(struct arena *, const char *);
/* Copies len bytes and adds a NUL. */
char *arena_strndup(struct arena *, const char *, size_t len);
char *arena_printf(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *, const char *fmt, va_list) __attribute__((format(printf, 2, 0)));

/* The same rule for what outlives a request: heap memory, zeroed, or no return. */
void *heap_alloc(size_t size);
void *heap_resize(void *, size_t size);
char *heap_strdup(const char *);

#endif
