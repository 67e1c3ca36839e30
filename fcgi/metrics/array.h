/* SPDX-License-Identifier: MIT */
/* array: heap arrays that grow by doubling, for what is collected before it is counted. */
#ifndef ARRAY_H
#define ARRAY_H

#include <stddef.h>

#include "arena.h"

/* Room for one more than the n things of that size; returns where the array is now. */
static inline void *
array_grow(void *array, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return array;
	*room = *room > 0 ? *room * 2 : 1024;
	return heap_resize(array, *room * size);
}

#endif
