/* SPDX-License-Identifier: MIT */
/*
 * Bytes in, answers out.  Every function is linear in its input except
 * text_glob(), which is at worst the product of pattern and text.
 */
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int
text_int64(const char *s, size_t len, int64_t min, int64_t max, int64_t *out)
{
	bool negative = len > 0 && s[0] == '-';
	int64_t value = 0;
	size_t i = negative ? 1 : 0;

	if (i == len)
		return -1;
	/* Counted downwards: the negative range is the larger one. */
	for (; i < len; i++)
		if (!is_digit(s[i]) || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, s[i] - '0', &value))
			return -1;
	if (!negative && __builtin_sub_overflow(0, value, &value))
		return -1;
	if (value < min || value > max)
		return -1;
	*out = value;
	return 0;
}

static size_t
digits(const char *s, size_t from, size_t len)
{
	while (from < len && is_digit(s[from]))
		from++;
	return from;
}

size_t
text_number_length(const char *s, size_t left)
{
	size_t i = 0, start;

	if (i < left && s[i] == '-')
		i++;
	start = i;
	i = digits(s, i, left);
	if (i == start)
		return 0;
	if (s[start] == '0' && i > start + 1)
		return start + 1; /* no leading zeros: what follows is not part of it */
	if (i < left && s[i] == '.') {
		start = ++i;
		if ((i = digits(s, i, left)) == start)
			return 0;
	}
	if (i < left && (s[i] == 'e' || s[i] == 'E')) {
		i++;
		if (i < left && (s[i] == '+' || s[i] == '-'))
			i++;
		start = i;
		if ((i = digits(s, i, left)) == start)
			return 0;
	}
	return i;
}

int
text_double(const char *s, size_t len, double *out)
{
	char copy[TEXT_NUMBER_MAX + 1];
	double value;

	if (len == 0 || len > TEXT_NUMBER_MAX || text_number_length(s, len) != len)
		return -1;
	memcpy(copy, s, len);
	copy[len] = '\0';
	value = strtod(copy, NULL);
	if (!isfinite(value))
		return -1;
	*out = value;
	return 0;
}

static int
hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
text_hex4(const char *s)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(s[i]);

		if (digit == -1)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

size_t
text_url_decode(char *out, const char *in, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int high = -1, low = -1;

		if (in[i] == '%' && len - i > 2) {
			high = hex_digit(in[i + 1]);
			low = hex_digit(in[i + 2]);
		}
		if (high != -1 && low != -1) {
			out[n++] = (char)(high * 16 + low);
			i += 2;
		} else {
			out[n++] = in[i] == '+' ? ' ' : in[i];
		}
	}
	out[n] = '\0';
	return n;
}

/* The Unicode Standard, table 3-7: well-formed UTF-8 byte sequences. */
size_t
text_utf8_length(const char *s, size_t left)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (left == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (left < len)
		return 0;
	/*
	 * The second byte is narrowed against overlong forms, surrogates
	 * and what lies above U+10FFFF.
	 */
	switch (p[0]) {
	case 0xe0:
		low = 0xa0;
		break;
	case 0xed:
		high = 0x9f;
		break;
	case 0xf0:
		low = 0x90;
		break;
	case 0xf4:
		high = 0x8f;
		break;
	}
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* How many bytes at s are ASCII, or a few less: most text is, and goes by eight at a time. */
static size_t
ascii_length(const char *s, size_t len)
{
	uint64_t eight;
	size_t i = 0;

	for (; len - i >= sizeof eight; i += sizeof eight) {
		memcpy(&eight, s + i, sizeof eight);
		if ((eight & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	return i;
}

bool
text_utf8_valid(const char *s, size_t len)
{
	size_t i = ascii_length(s, len), step;

	while (i < len) {
		if ((step = text_utf8_length(s + i, len - i)) == 0)
			return false;
		/* Behind a character of several bytes ASCII may go on for long. */
		i += step > 1 ? step + ascii_length(s + i + step, len - i - step) : 1;
	}
	return true;
}

size_t
text_utf8_cut(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	for (size_t back = 1; back <= 3 && back <= max; back++)
		if (text_utf8_length(s + max - back, len - max + back) > back)
			return max - back;
	return max;
}

size_t
text_utf8_repair(char *out, const char *in, size_t len)
{
	size_t n = 0, i = 0;

	while (i < len) {
		size_t step = in[i] == '\0' ? 0 : text_utf8_length(in + i, len - i);

		if (step == 0) {
			memcpy(out + n, TEXT_REPLACEMENT, strlen(TEXT_REPLACEMENT));
			n += strlen(TEXT_REPLACEMENT);
			i++;
		} else {
			memcpy(out + n, in + i, step);
			n += step;
			i += step;
		}
	}
	out[n] = '\0';
	return n;
}

/*
 * Whether all eight bytes are ASCII, no controls, neither " nor \.  The test of all bytes
 * of a word at once, x - n with no borrow taken for what was 0x80 and above, is that of
 * H. S. Warren, Hacker's Delight, 6-1.
 */
static bool
is_plain_word(const char *s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
	uint64_t word, quotes, slashes;

	memcpy(&word, s, sizeof word);
	quotes = word ^ ones * '"';
	slashes = word ^ ones * '\\';
	return ((((word - ones * 0x20) & ~word) | ((quotes - ones) & ~quotes) |
		    ((slashes - ones) & ~slashes) | word) &
		   highs) == 0;
}

size_t
text_plain_length(const char *s, size_t left)
{
	size_t i = 0;

	while (left - i >= sizeof(uint64_t) && is_plain_word(s + i))
		i += sizeof(uint64_t);
	while (i < left && (unsigned char)s[i] >= 0x20 && (unsigned char)s[i] < 0x80 &&
	       s[i] != '"' && s[i] != '\\')
		i++;
	return i;
}

bool
text_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	/*
	 * Only the last star ever needs to take more: those before it
	 * matched as early as they could.
	 */
	while (*text != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			resume = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

void
text_hex(char *out, const unsigned char *bytes, size_t len)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digit[bytes[i] >> 4];
		*out++ = digit[bytes[i] & 15];
	}
	*out = '\0';
}

bool
text_starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
text_wants_brackets(const char *host)
{
	return *host != '[' && strchr(host, ':') != NULL;
}

static int
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

int
text_compare_nocase(const char *a, const char *b)
{
	while (*a != '\0' && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) - lower(*b);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void
text_trim(const char **s, size_t *len)
{
	while (*len > 0 && is_blank(**s)) {
		(*s)++;
		(*len)--;
	}
	while (*len > 0 && is_blank((*s)[*len - 1]))
		(*len)--;
}

/* Fowler, Noll and Vo's FNV-1a, then the last steps of Appleby's MurmurHash3 (fmix64). */
uint64_t
text_hash(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	h ^= h >> 33;
	return h != 0 ? h : 1;
}
