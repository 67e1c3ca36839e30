/* SPDX-License-Identifier: MIT */
/*
 * cors: which origins a list of them allows.  Pure.
 *
 * A list is comma-separated.  An item is an origin as browsers send it, compared
 * byte by byte; or has one * in it that stands for at least one character, none of
 * them / : or @; or is * alone.
 */
#ifndef CORS_H
#define CORS_H

#include <stdbool.h>
#include <stddef.h>

enum cors_verdict {
	CORS_REFUSED,
	CORS_ANYONE, /* by "*": may be read, never with credentials */
	CORS_NAMED,  /* by name or pattern */
};

/* The most that the list grants the origin; list and origin may be NULL. */
enum cors_verdict cors_judge(const char *list, const char *origin);

/* Whether len bytes are an item as described above, and as browsers would write it. */
bool cors_valid_item(const char *item, size_t len);

#endif
