/* SPDX-License-Identifier: MIT */
/*
 * Three rules, the first that yields a place wins:
 *
 *  A  Python: the last   File "path", line 42   anywhere in the text.
 *  B  JavaScript: the first line with   at name (url:42:7)   or   at url:42:7   or
 *     name@url:42:7.  The column is dropped.
 *  C  none: the caller takes the whole text.
 */
#include "fingerprint.h"

#include <stdbool.h>
#include <string.h>

/* A part of the text: from begin up to, not including, end. */
struct part {
	const char *begin, *end;
};

static const char *
find(struct part s, const char *what)
{
	return memmem(s.begin, (size_t)(s.end - s.begin), what, strlen(what));
}

static const char *
find_char(struct part s, char c)
{
	return s.begin < s.end ? memchr(s.begin, c, (size_t)(s.end - s.begin)) : NULL;
}

/* The end of the digits at p. */
static const char *
skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* ---- rule A ------------------------------------------------------------------ */

/*
 * Reads   path", line 42   at s.begin.  Returns where the digits end, or NULL.
 * The path may span lines.
 */
static const char *
python_place(struct part s, struct location *place)
{
	static const char middle[] = "\", line ";
	const char *quote = find_char(s, '"'), *digits, *end;

	if (quote == NULL || (size_t)(s.end - quote) < strlen(middle) ||
	    memcmp(quote, middle, strlen(middle)) != 0)
		return NULL;
	digits = quote + strlen(middle);
	end = skip_digits(digits, s.end);
	if (end == digits)
		return NULL;
	*place =
	    (struct location){s.begin, (size_t)(quote - s.begin), digits, (size_t)(end - digits)};
	return end;
}

/*
 * After a marker that leads nowhere the search goes on in the next line.  A later
 * marker has a quote of its own, so no byte is searched for a quote twice.
 */
static struct location
find_python(struct part s)
{
	static const char marker[] = "File \"";
	struct location last = {0};
	const char *at, *end;

	while ((at = find(s, marker)) != NULL) {
		s.begin = at + strlen(marker);
		if ((end = python_place(s, &last)) == NULL &&
		    ((end = find_char(s, '\n')) == NULL || find_char(s, '"') == NULL))
			break;
		s.begin = end;
	}
	return last;
}

/* ---- rule B ------------------------------------------------------------------ */

/* Cuts :digits off the end of s; the digits are in *number.  False if there are none. */
static bool
cut_number(struct part *s, struct part *number)
{
	const char *colon =
	    s->begin < s->end ? memrchr(s->begin, ':', (size_t)(s->end - s->begin)) : NULL;

	if (colon == NULL || colon + 1 == s->end || skip_digits(colon + 1, s->end) != s->end)
		return false;
	*number = (struct part){colon + 1, s->end};
	s->end = colon;
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct part
trim(struct part s)
{
	while (s.begin < s.end && is_blank(*s.begin))
		s.begin++;
	while (s.begin < s.end && is_blank(s.end[-1]))
		s.end--;
	return s;
}

/* Reads url:line:column or url:line. */
static bool
javascript_place(struct part s, struct location *place)
{
	struct part url = trim(s), line, column, longer;

	if (!cut_number(&url, &line) || url.begin == url.end)
		return false;
	longer = url;
	column = line;
	/* What was read as the line is the column if there is another number before it. */
	if (cut_number(&longer, &line) && longer.begin < longer.end)
		url = longer;
	else
		line = column;
	*place = (struct location){
	    url.begin, (size_t)(url.end - url.begin), line.begin, (size_t)(line.end - line.begin)};
	return true;
}

static bool
javascript_frame(struct part line, struct location *place)
{
	const char *at, *open, *close;
	struct part rest;

	line = trim(line);
	if ((at = find(line, "at ")) != NULL) {
		rest = (struct part){at + 3, line.end};
		open = find_char(rest, '(');
		close = find_char(rest, ')');
		if (open != NULL && close != NULL && close > open)
			rest = (struct part){open + 1, close};
		return javascript_place(rest, place);
	}
	if ((at = find_char(line, '@')) == NULL)
		return false;
	return javascript_place((struct part){at + 1, line.end}, place);
}

static struct location
find_javascript(struct part s)
{
	struct location place = {0};

	while (s.begin < s.end) {
		const char *newline = find_char(s, '\n');
		struct part line = {s.begin, newline != NULL ? newline : s.end};

		if (javascript_frame(line, &place))
			break;
		s.begin = line.end + 1;
	}
	return place;
}

/* ---- all three --------------------------------------------------------------- */

struct location
fingerprint_location(const char *traceback, size_t len)
{
	struct part all = {traceback, traceback + len};
	struct location place = find_python(all);

	return place.file != NULL ? place : find_javascript(all);
}

char *
fingerprint_text(struct arena *mem, const char *project, const char *type, const char *traceback)
{
	struct location place = fingerprint_location(traceback, strlen(traceback));

	if (place.file == NULL)
		return arena_printf(mem, "%s:%s:%s", project, type, traceback);
	return arena_printf(mem, "%s:%s:%.*s:%.*s", project, type, (int)place.file_len, place.file,
	    (int)place.line_len, place.line);
}
