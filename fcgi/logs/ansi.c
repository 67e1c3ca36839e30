/* SPDX-License-Identifier: MIT */
/* Terminal codes by ECMA-48, section 5.3 to 5.6. */
#include "ansi.h"

#include <stdint.h>
#include <string.h>

enum { BEL = 0x07, ESC = 0x1b, DEL = 0x7f };

static bool
is_control(unsigned char c)
{
	return (c < ' ' && c != '\t' && c != '\n') || c == DEL;
}

/*
 * Whether one of eight bytes is below a blank or DEL: Anderson, "Bit Twiddling Hacks", hasless.
 */
static bool
may_be_control(const char *eight)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t w, del;

	memcpy(&w, eight, sizeof w);
	del = w ^ ones * DEL;
	return (((w - ones * ' ') & ~w) | ((del - ones) & ~del)) & tops;
}

static bool
has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (is_control((unsigned char)text[i]))
			return true;
	return false;
}

bool
ansi_present(const char *text, size_t len)
{
	size_t i = 0;

	/* Nearly all text has none, and goes by eight at a time. */
	for (; len - i >= 8; i += 8)
		if (may_be_control(text + i) && has_control(text + i, 8))
			return true;
	return has_control(text + i, len - i);
}

/* The length of the escape sequence at s, whose first byte is ESC; at most up to a newline. */
static size_t
sequence_length(const char *s, size_t left)
{
	size_t i = 2;

	if (left < 2 || s[1] == '\n')
		return 1;
	switch (s[1]) {
	case '[': /* CSI: parameters and intermediates, then one final byte */
		while (i < left && s[i] >= 0x20 && s[i] <= 0x3f)
			i++;
		return i < left && s[i] >= 0x40 && s[i] <= 0x7e ? i + 1 : i;
	case ']': /* strings, ended by ESC \ or (xterm) BEL */
	case 'P':
	case 'X':
	case '^':
	case '_':
		for (; i < left && s[i] != '\n'; i++) {
			if (s[i] == BEL)
				return i + 1;
			if (s[i] == ESC)
				return i + 1 < left && s[i + 1] == '\\' ? i + 2 : i;
		}
		return i;
	default: /* intermediates, then one final byte */
		i = 1;
		while (i < left && s[i] >= 0x20 && s[i] <= 0x2f)
			i++;
		return i < left && s[i] >= 0x30 && s[i] <= 0x7e ? i + 1 : i;
	}
}

size_t
ansi_strip(char *out, const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		if (text[i] == ESC)
			i += sequence_length(text + i, len - i);
		else if (is_control((unsigned char)text[i]))
			i++;
		else
			out[n++] = text[i++];
	}
	return n;
}
