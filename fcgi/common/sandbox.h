/* SPDX-License-Identifier: MIT */
/*
 * sandbox: what a process may touch once it has opened what it needs.
 *
 * Landlock (Linux 5.13) behind one call.  A kernel without it is a log line, not
 * an error.  Paths that do not exist or cannot be reached are passed over.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stddef.h>

enum sandbox_access {
	SANDBOX_READ,
	SANDBOX_WRITE,
	SANDBOX_WRITE_BESIDE, /* the directory of the file path, which need not be there */
};

struct sandbox_path {
	const char *path; /* a file, or a directory with all below it; NULL is passed over */
	enum sandbox_access access;
};

/* Gives up everything but the paths, for good.  Returns 0, or -1 and logs why. */
int sandbox_enter(const struct sandbox_path *, size_t n);

#endif
