/* SPDX-License-Identifier: MIT */
/*
 * Docker's json-file.  Its writer escapes `"`, `\`, \n and \r in short form and all else as
 * \u00XX, leaves empty members out, and since 18.09 repeats the first fragment's time in
 * the others (moby daemon/logger, 17.05 to 28.5).
 */
#include <string.h>

#include "chunk.h"
#include "docker.h"
#include "text.h"

/* Writes a code point in UTF-8; returns its length. */
static size_t
put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

/*
 * The code point of the \u escape at s, of which left bytes are there, and its length: 12
 * for a pair of surrogates.  Lone surrogates are U+FFFD.  0 if it is no escape.
 */
static size_t
unicode_escape(const char *s, size_t left, unsigned *c)
{
	int high, low;

	if (left < 6 || (high = text_hex4(s + 2)) < 0)
		return 0;
	*c = (unsigned)high;
	if (high < 0xd800 || high > 0xdfff)
		return 6;
	*c = 0xfffd;
	if (high > 0xdbff || left < 12 || s[6] != '\\' || s[7] != 'u' ||
	    (low = text_hex4(s + 8)) < 0xdc00 || low > 0xdfff)
		return 6;
	*c = 0x10000 + (((unsigned)high - 0xd800) << 10) + ((unsigned)low - 0xdc00);
	return 12;
}

/*
 * Decodes the escape at s to out, which never needs more room.  Returns its length, or 0 if it is
 * none.
 */
static size_t
decode_escape(const char *s, size_t left, char **out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *short_form;
	size_t len;
	unsigned c;

	if (left < 2)
		return 0;
	if (s[1] == 'u') {
		if ((len = unicode_escape(s, left, &c)) > 0)
			*out += put_utf8(*out, c);
		return len;
	}
	if ((short_form = memchr(from, s[1], sizeof from - 1)) == NULL)
		return 0;
	*(*out)++ = to[short_form - from];
	return 2;
}

/*
 * The string whose first byte behind the quote is at s; decoded in place.  Returns the
 * byte behind the closing quote and sets *len, or NULL.
 */
static char *
take_string(char *s, char *end, size_t *len)
{
	char *in = s, *out = s;

	for (;;) {
		char *run = in;
		size_t n;

		while (in < end && *in != '"' && *in != '\\')
			in++;
		if (in == end)
			return NULL;
		n = (size_t)(in - run);
		if (out != run && n > 0)
			memmove(out, run, n);
		out += n;
		if (*in == '"') {
			*len = (size_t)(out - s);
			return in + 1;
		}
		if ((n = decode_escape(in, (size_t)(end - in), &out)) == 0)
			return NULL;
		in += n;
	}
}

/* Passes over a value that is not wanted: a string, or anything up to the end of its object. */
static char *
skip_value(char *s, char *end)
{
	int depth = 0;
	size_t len;

	for (; s < end; s++) {
		if (*s == '"') {
			if ((s = take_string(s + 1, end, &len)) == NULL)
				return NULL;
			s--;
		} else if (*s == '{' || *s == '[')
			depth++;
		else if (*s == '}' || *s == ']' || *s == ',') {
			if (depth == 0)
				return s;
			depth -= *s != ',';
		}
	}
	return NULL;
}

static char *
skip_blanks(char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	return s;
}

/* The member whose key is at s, behind its quote.  Returns what is behind its value, or NULL. */
static char *
take_member(char *s, char *end, struct docker_record *r, bool *timed)
{
	char *value, *key = s;
	size_t key_len, len = 0;

	if ((s = take_string(s, end, &key_len)) == NULL || (s = skip_blanks(s, end)) == end ||
	    *s != ':' || (s = skip_blanks(s + 1, end)) == end)
		return NULL;
	if (*s != '"')
		return skip_value(s, end);
	value = s + 1;
	if ((s = take_string(value, end, &len)) == NULL)
		return NULL;
	if (key_len == 3 && memcmp(key, "log", 3) == 0) {
		r->text = value;
		r->len = len;
	} else if (key_len == 6 && memcmp(key, "stream", 6) == 0)
		r->stream =
		    len == 6 && memcmp(value, "stderr", 6) == 0 ? STREAM_STDERR : STREAM_STDOUT;
	else if (key_len == 4 && memcmp(key, "time", 4) == 0) {
		if (docker_time(value, len, &r->ns) == -1)
			return NULL;
		*timed = true;
	}
	return s;
}

/* A record must have a time; without "log" its text is empty. */
static int
take_object(char *s, char *end, struct docker_record *r)
{
	bool timed = false;

	*r = (struct docker_record){.text = ""};
	if (s == end || *s != '{')
		return -1;
	s = skip_blanks(s + 1, end);
	while (s < end && *s == '"') {
		if ((s = take_member(s + 1, end, r, &timed)) == NULL)
			return -1;
		s = skip_blanks(s, end);
		if (s < end && *s == ',')
			s = skip_blanks(s + 1, end);
	}
	return timed && s < end && *s == '}' ? 0 : -1;
}

/*
 * Whether a fragment of that text can be a full one: each U+FFFD stands for one to three bytes of
 * the program's.
 */
static bool
is_full(const char *text, size_t len)
{
	size_t lost = 0;

	if (len < DOCKER_FRAGMENT || len > 3 * DOCKER_FRAGMENT)
		return false;
	for (const char *p = text;
	     (p = memmem(p, (size_t)(text + len - p), TEXT_REPLACEMENT, 3)) != NULL; p += 3)
		lost++;
	return len - 2 * lost <= DOCKER_FRAGMENT;
}

/* Where a record begins behind s, or NULL. */
static char *
next_record(char *s, char *end)
{
	static const char *const starts[] = {"{\"log\":", "{\"stream\":", "{\"time\":"};
	char *first = NULL;

	for (size_t i = 0; i < NELEM(starts) && s < end; i++) {
		char *p = memmem(s, (size_t)(end - s), starts[i], strlen(starts[i]));

		if (p != NULL && (first == NULL || p < first))
			first = p;
	}
	return first;
}

int
docker_json(char *line, size_t len, struct docker_record *r)
{
	char *end = line + len, *s = line;

	while (s < end && (*s == '\0' || *s == ' ' || *s == '\t' || *s == '\r'))
		s++;
	if (take_object(s, end, r) == -1) {
		/*
		 * A decoded attempt has moved bytes only before where it stopped; look behind the
		 * start.
		 */
		while ((s = next_record(s + 1, end)) != NULL && take_object(s, end, r) == -1)
			;
		if (s == NULL)
			return -1;
	}
	r->ended = r->len > 0 && r->text[r->len - 1] == '\n';
	if (r->ended)
		r->len--;
	else
		r->fragment = is_full(r->text, r->len);
	return 0;
}
