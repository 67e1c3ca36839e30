/* SPDX-License-Identifier: MIT */
/*
 * One pass over the document, by recursive descent bounded by JSON_MAX_DEPTH.
 * Each scan_ function consumes one construct of RFC 8259 and copies it, or says
 * what is wrong and leaves the cursor there.
 */
#include "json_scan.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

struct scan {
	const char *p, *end; /* what is left to read */
	char *out;           /* where the copy goes on */
	int depth, values;
	const char *why;
};

/* cJSON reads at most 63 characters of a number and takes the rest for garbage. */
enum { LONG_NUMBER = 63 };

static const char too_early[] = "it ends too early";

static bool scan_value(struct scan *);

static bool
fail(struct scan *s, const char *why)
{
	s->why = s->p == s->end ? too_early : why;
	return false;
}

static void
copy(struct scan *s, size_t len)
{
	memcpy(s->out, s->p, len);
	s->out += len;
	s->p += len;
}

static void
put_replacement(struct scan *s)
{
	memcpy(s->out, TEXT_REPLACEMENT, strlen(TEXT_REPLACEMENT));
	s->out += strlen(TEXT_REPLACEMENT);
}

static void
skip_blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

/* The code unit of a \uXXXX at p, or -1. */
static int
code_unit(const char *p, const char *end)
{
	return end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? text_hex4(p + 2) : -1;
}

static bool
scan_escape(struct scan *s)
{
	int unit, second;

	if (s->end - s->p >= 2 && s->p[1] != '\0' && strchr("\"\\/bfnrt", s->p[1]) != NULL) {
		copy(s, 2);
		return true;
	}
	if ((unit = code_unit(s->p, s->end)) == -1)
		return fail(s, "an escape in a string is none that JSON knows");
	second = unit >= 0xd800 && unit <= 0xdbff ? code_unit(s->p + 6, s->end) : -1;
	if (second >= 0xdc00 && second <= 0xdfff) {
		copy(s, 12);
	} else if (unit == 0 || (unit >= 0xd800 && unit <= 0xdfff)) {
		put_replacement(s);
		s->p += 6;
	} else {
		copy(s, 6);
	}
	return true;
}

static bool
scan_string(struct scan *s)
{
	size_t len;

	copy(s, 1);
	for (;;) {
		copy(s, text_plain_length(s->p, (size_t)(s->end - s->p)));
		if (s->p == s->end)
			return fail(s, too_early);
		if (*s->p == '"') {
			copy(s, 1);
			return true;
		}
		if (*s->p == '\\') {
			if (!scan_escape(s))
				return false;
		} else if ((unsigned char)*s->p < 0x20) {
			return fail(s, "a control character in a string must be escaped");
		} else if ((len = text_utf8_length(s->p, (size_t)(s->end - s->p))) > 0) {
			copy(s, len);
		} else {
			put_replacement(s);
			s->p++;
		}
	}
}

static bool
occurs_in_numbers(char c)
{
	return c != '\0' && strchr("0123456789+-.eE", c) != NULL;
}

static bool
scan_number(struct scan *s)
{
	size_t left = (size_t)(s->end - s->p), len = text_number_length(s->p, left);
	char *start = s->out;
	double value;

	/* 012, 1.2.3 and 1e5- begin like numbers but go on like none. */
	if (len == 0 || (len < left && occurs_in_numbers(s->p[len])))
		return fail(s, "a number is not spelled as JSON asks");
	copy(s, len);
	/* Without an exponent it takes hundreds of digits to leave a double's range. */
	if (len <= LONG_NUMBER && memchr(start, 'e', len) == NULL &&
	    memchr(start, 'E', len) == NULL)
		return true;
	*s->out = '\0';
	value = strtod(start, NULL);
	if (!isfinite(value)) {
		s->p -= len;
		return fail(s, "a number is too large");
	}
	if (len > LONG_NUMBER)
		s->out = start + json_spell(start, value);
	return true;
}

static bool
scan_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0) {
		s->why = "a value was expected";
		return false;
	}
	copy(s, len);
	return true;
}

static bool
scan_member(struct scan *s)
{
	if (s->p == s->end || *s->p != '"')
		return fail(s, "a member's name in double quotes was expected");
	if (!scan_string(s))
		return false;
	skip_blanks(s);
	if (s->p == s->end || *s->p != ':')
		return fail(s, "a colon was expected after a member's name");
	copy(s, 1);
	return scan_value(s);
}

/* An object or array: items between commas up to the closing bracket. */
static bool
scan_list(struct scan *s, char close, bool (*item)(struct scan *), const char *expected)
{
	if (s->depth == JSON_MAX_DEPTH)
		return fail(s, "it is nested deeper than 64 levels");
	s->depth++;
	copy(s, 1);
	skip_blanks(s);
	if (s->p == s->end || *s->p != close) {
		for (;;) {
			skip_blanks(s);
			if (!item(s))
				return false;
			skip_blanks(s);
			if (s->p == s->end || *s->p != ',')
				break;
			copy(s, 1);
		}
	}
	if (s->p == s->end || *s->p != close)
		return fail(s, expected);
	copy(s, 1);
	s->depth--;
	return true;
}

static bool
scan_value(struct scan *s)
{
	skip_blanks(s);
	if (s->p == s->end)
		return fail(s, too_early);
	if (s->values++ == JSON_MAX_VALUES)
		return fail(s, "it has more than a million values");
	switch (*s->p) {
	case '{':
		return scan_list(s, '}', scan_member, "a comma or a closing brace was expected");
	case '[':
		return scan_list(s, ']', scan_value, "a comma or a closing bracket was expected");
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
			return scan_number(s);
		return fail(s, "a value was expected");
	}
}

static bool
scan_document(struct scan *s)
{
	/* A byte order mark is no part of the text (RFC 8259, 8.1). */
	if (s->end - s->p >= 3 && memcmp(s->p, "\xef\xbb\xbf", 3) == 0)
		s->p += 3;
	skip_blanks(s);
	if (s->p == s->end) {
		s->why = "the document is empty";
		return false;
	}
	if (!scan_value(s))
		return false;
	skip_blanks(s);
	if (s->p < s->end)
		return fail(s, "something follows the end of the document");
	return true;
}

char *
json_scan(struct arena *mem, const char *text, size_t len, size_t *clean_len, const char **why,
    size_t *at)
{
	/* Only a byte that is no UTF-8 grows, from one to three. */
	char *clean = arena_alloc(mem, (text_utf8_valid(text, len) ? len : 3 * len) + 1);
	struct scan s = {.p = text, .end = text + len, .out = clean};

	if (!scan_document(&s)) {
		*why = s.why;
		*at = (size_t)(s.p - text);
		return NULL;
	}
	*s.out = '\0';
	*clean_len = (size_t)(s.out - clean);
	return clean;
}
