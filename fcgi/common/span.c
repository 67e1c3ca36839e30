/* SPDX-License-Identifier: MIT */
#include "span.h"

#include <string.h>

#include "text.h"

const struct span span_empty = {"", 0};

struct span
span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

struct span
span_from(struct span s, size_t at)
{
	return (struct span){s.s + at, s.len - at};
}

struct span
span_to(struct span s, size_t len)
{
	return (struct span){s.s, len};
}

struct span
span_trim(struct span s)
{
	text_trim(&s.s, &s.len);
	return s;
}

bool
span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.s, text, s.len) == 0;
}

bool
span_starts(struct span s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.s, prefix, len) == 0;
}

bool
span_ends(struct span s, const char *suffix)
{
	size_t len = strlen(suffix);

	return s.len >= len && memcmp(s.s + s.len - len, suffix, len) == 0;
}

bool
span_has_shape(struct span s, const char *shape)
{
	size_t i = 0;

	for (; shape[i] != '\0' && i < s.len; i++)
		if (shape[i] == 'd' ? s.s[i] < '0' || s.s[i] > '9' : s.s[i] != shape[i])
			return false;
	return shape[i] == '\0';
}

bool
span_skip(struct span *s, const char *prefix)
{
	if (!span_starts(*s, prefix))
		return false;
	*s = span_from(*s, strlen(prefix));
	return true;
}

size_t
span_find(struct span s, const char *needle)
{
	const char *found = memmem(s.s, s.len, needle, strlen(needle));

	return found != NULL ? (size_t)(found - s.s) : SIZE_MAX;
}

size_t
span_find_last(struct span s, const char *needle)
{
	size_t len = strlen(needle);

	for (size_t at = s.len; at-- > 0;)
		if (s.len - at >= len && memcmp(s.s + at, needle, len) == 0)
			return at;
	return SIZE_MAX;
}

size_t
span_digits(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.s[n] >= '0' && s.s[n] <= '9')
		n++;
	return n;
}

size_t
span_indent(struct span s)
{
	size_t n = 0;

	while (n < s.len && (s.s[n] == ' ' || s.s[n] == '\t'))
		n++;
	return n;
}

bool
span_number(struct span s, uint32_t *number)
{
	int64_t value;

	if (s.len == 0 || s.s[0] == '-' || text_int64(s.s, s.len, 0, UINT32_MAX, &value) == -1)
		return false;
	*number = (uint32_t)value;
	return true;
}

bool
span_line(struct span *rest, struct span *line)
{
	const char *end;
	size_t len;

	if (rest->len == 0)
		return false;
	end = memchr(rest->s, '\n', rest->len);
	len = end != NULL ? (size_t)(end - rest->s) : rest->len;
	*line = span_to(*rest, len);
	*rest = span_from(*rest, end != NULL ? len + 1 : len);
	if (line->len > 0 && line->s[line->len - 1] == '\r')
		line->len--;
	return true;
}
