/* SPDX-License-Identifier: MIT */
/* Versions are compared part by part, in place; a part missing counts as zero. */
#include "release.h"

#include <stddef.h>
#include <string.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Behind "name@" and "v"; *name is how much stands before the @. */
static const char *
version_of(const char *release, size_t *name)
{
	const char *at = strrchr(release, '@');

	*name = at != NULL ? (size_t)(at - release) : 0;
	release = at != NULL ? at + 1 : release;
	return *release == 'v' ? release + 1 : release;
}

/* How many bytes are numbers with dots between them. */
static size_t
numbers_length(const char *v)
{
	size_t n = 0;

	while (is_digit(v[n]) || (v[n] == '.' && n > 0 && v[n - 1] != '.'))
		n++;
	return n > 0 && v[n - 1] == '.' ? 0 : n;
}

/* By value, however long they are. */
static int
compare_numbers(const char *a, size_t a_len, const char *b, size_t b_len)
{
	for (; a_len > 0 && *a == '0'; a_len--)
		a++;
	for (; b_len > 0 && *b == '0'; b_len--)
		b++;
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return memcmp(a, b, a_len);
}

static int
compare_words(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static bool
is_number(const char *s, size_t len)
{
	while (len > 0 && is_digit(*s)) {
		s++;
		len--;
	}
	return len == 0;
}

static int
compare_part(const char *a, size_t a_len, const char *b, size_t b_len)
{
	bool a_number = is_number(a, a_len), b_number = is_number(b, b_len);

	if (a_number && b_number)
		return compare_numbers(a, a_len, b, b_len);
	if (a_number != b_number)
		return a_number ? -1 : 1;
	return compare_words(a, a_len, b, b_len);
}

/* Parts with dots between them; where one list ends, empty parts follow. */
static int
compare_lists(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const char *a_end = a + a_len, *b_end = b + b_len;
	int order = 0;

	while (order == 0 && (a < a_end || b < b_end)) {
		size_t n = 0, m = 0;

		while (a + n < a_end && a[n] != '.')
			n++;
		while (b + m < b_end && b[m] != '.')
			m++;
		order = compare_part(a, n, b, m);
		a += n + (a + n < a_end);
		b += m + (b + m < b_end);
	}
	return order;
}

bool
release_not_later(const char *release, const char *than)
{
	size_t name, than_name, n, m;
	const char *a, *b;
	int order;

	if (release == NULL || than == NULL)
		return false;
	if (strcmp(release, than) == 0)
		return true;
	a = version_of(release, &name);
	b = version_of(than, &than_name);
	n = numbers_length(a);
	m = numbers_length(b);
	if (name != than_name || memcmp(release, than, name) != 0 || n == 0 || m == 0 ||
	    strchr("-+", a[n]) == NULL || strchr("-+", b[m]) == NULL)
		return false;
	order = compare_lists(a, n, b, m);
	if (order != 0)
		return order < 0;
	/* A version with a pre-release comes before the one without. */
	if ((a[n] == '-') != (b[m] == '-'))
		return a[n] == '-';
	if (a[n] != '-')
		return true;
	return compare_lists(
		   a + n + 1, strcspn(a + n + 1, "+"), b + m + 1, strcspn(b + m + 1, "+")) <= 0;
}
