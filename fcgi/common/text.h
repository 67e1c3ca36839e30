/* SPDX-License-Identifier: MIT */
/*
 * text: small questions about strings, each answered in one place.
 * Nothing here allocates.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NELEM(a) (sizeof(a) / sizeof(a)[0])

/*
 * A whole decimal integer, optional minus sign, nothing before or after it.
 * Returns 0, or -1 if the text is no such number or lies outside [min, max].
 */
int text_int64(const char *, size_t len, int64_t min, int64_t max, int64_t *);
/* A finite decimal number as JSON spells it, of at most TEXT_NUMBER_MAX bytes; same return. */
int text_double(const char *, size_t len, double *);
#define TEXT_NUMBER_MAX 400
/* How many of the bytes at s are a number as JSON spells it (RFC 8259, 6); 0 if none is there. */
size_t text_number_length(const char *s, size_t left);
/* The value of four hex digits in any case, or -1 if they are none. */
int text_hex4(const char *s);

/*
 * Percent- and plus-decodes len bytes from in to out, which may be in itself and
 * must have room for len + 1; a stray % stays as it is.  Invalid UTF-8 and NUL
 * become U+FFFD only through text_utf8_repair().  Returns the decoded length.
 */
size_t text_url_decode(char *out, const char *in, size_t len);

/* U+FFFD in UTF-8: what stands for bytes that are no text. */
#define TEXT_REPLACEMENT "\xef\xbf\xbd"
/* The length in bytes of the UTF-8 sequence at s (1 to 4), or 0 if it is none. */
size_t text_utf8_length(const char *s, size_t left);
bool text_utf8_valid(const char *, size_t len);
/* The largest length <= max that does not split a UTF-8 sequence of s. */
size_t text_utf8_cut(const char *s, size_t len, size_t max);
/*
 * Copies in to out (room for 3 * len + 1), replacing NUL and each byte that is no
 * part of valid UTF-8 by U+FFFD; adds a NUL.  Returns the new length.
 */
size_t text_utf8_repair(char *out, const char *in, size_t len);

/* How many bytes at s a JSON string takes as they are: ASCII without controls, " and \. */
size_t text_plain_length(const char *s, size_t left);

/* Whether text matches pattern, in which every * stands for any bytes, even none. */
bool text_glob(const char *pattern, const char *text);

/* Lower-case hex of len bytes and a NUL. */
void text_hex(char *out, const unsigned char *, size_t len);

bool text_starts_with(const char *s, const char *prefix);
/* Whether a host is an IPv6 address without the brackets that it has in a URL. */
bool text_wants_brackets(const char *host);
/* ASCII only, whatever the locale. */
int text_compare_nocase(const char *a, const char *b);
/* Removes blanks, tabs, CR and LF at both ends by moving *s and shortening *len. */
void text_trim(const char **s, size_t *len);

/* FNV-1a, 64 bit, mixed; never 0. */
uint64_t text_hash(const void *, size_t len);

#endif
