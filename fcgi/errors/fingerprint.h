/* SPDX-License-Identifier: MIT */
/*
 * fingerprint: where in a traceback an error was thrown, by the rules of the
 * original Monlight, byte for byte: its databases and ours group alike.
 *
 * Pure, and one pass over the text whatever it holds.
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include <stddef.h>

#include "arena.h"

/* Bytes of the traceback: the file and the digits of the line. */
struct location {
	const char *file;
	size_t file_len;
	const char *line;
	size_t line_len;
};

/* The place of the throw; file is NULL if the text tells none. */
struct location fingerprint_location(const char *traceback, size_t len);

/*
 * The text whose MD5 in hex is the fingerprint, mechanism m0: project, type and
 * location with colons between them; the whole traceback where there is no location.
 */
char *fingerprint_text(
    struct arena *, const char *project, const char *type, const char *traceback);

#endif
