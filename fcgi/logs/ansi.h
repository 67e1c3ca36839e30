/* SPDX-License-Identifier: MIT */
/*
 * ansi: terminal codes in log lines.  They are kept for the eye and stripped for
 * search, for levels and for the multiline rules.
 */
#ifndef ANSI_H
#define ANSI_H

#include <stdbool.h>
#include <stddef.h>

/* Whether there is anything to strip: an ESC or another control but tab and newline. */
bool ansi_present(const char *text, size_t len);

/*
 * Copies text to out, which may be text itself, without escape sequences (ECMA-48: CSI,
 * OSC and the other strings, two-byte escapes) and without controls but tab and
 * newline; an unfinished sequence ends at the end of its line.  Returns the new length.
 */
size_t ansi_strip(char *out, const char *text, size_t len);

#endif
