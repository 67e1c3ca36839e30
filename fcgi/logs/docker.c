/* SPDX-License-Identifier: MIT */
/*
 * Facts about the formats: Docker's json-file writer escapes `"`, `\`, \n and \r in short
 * form and all else as \u00XX, leaves empty members out, and repeats the first
 * fragment's time in the others (since 18.09).  moby daemon/logger, 17.05 to 28.5.
 */
#include "docker.h"

#include <string.h>

#include "chunk.h"
#include "clock.h"
#include "text.h"
#include "varint.h"

/* ---- times ------------------------------------------------------------------------ */

static int
two_digits(const char *s)
{
	return (s[0] - '0') * 10 + s[1] - '0';
}

/* Days since 1970-01-01 of a date of the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t
days_of(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int era = y / 400, of_era = y - era * 400;
	int of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/*
 * "2026-11-22T10:20:30.123456789Z", as all three formats spell times, without asking what
 * time_parse() asks; all other spellings are left to that one.
 */
static int
parse_time(const char *s, size_t len, int64_t *ns)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	int64_t seconds, fraction = 0;
	int digits = 0;

	if (len < sizeof shape || len > sizeof shape + 10 || s[len - 1] != 'Z')
		return time_parse(s, len, ns);
	for (size_t i = 0; i < sizeof shape - 1; i++)
		if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
			return time_parse(s, len, ns);
	for (size_t i = sizeof shape; i < len - 1; i++, digits++) {
		if (s[i] < '0' || s[i] > '9')
			return time_parse(s, len, ns);
		fraction = fraction * 10 + s[i] - '0';
	}
	for (; digits < 9; digits++)
		fraction *= 10;
	if ((len > sizeof shape && s[sizeof shape - 1] != '.') || two_digits(s + 5) > 12 ||
	    two_digits(s + 11) > 23 || two_digits(s) < 17)
		return time_parse(s, len, ns);
	seconds =
	    days_of(two_digits(s) * 100 + two_digits(s + 2), two_digits(s + 5), two_digits(s + 8)) *
		86400 +
	    two_digits(s + 11) * 3600 + two_digits(s + 14) * 60 + two_digits(s + 17);
	*ns = seconds * NS_PER_SECOND + fraction;
	return 0;
}

/* ---- json-file ------------------------------------------------------------------------ */

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

/* Decodes the escape at s to out, which never needs more room.  Returns its length, or 0 if it is none. */
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
		if (parse_time(value, len, &r->ns) == -1)
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

/* Whether a fragment of that text can be a full one: each U+FFFD stands for one to three bytes of the program's. */
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
		/* A decoded attempt has moved bytes only before where it stopped; look behind the start. */
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

/* ---- CRI ------------------------------------------------------------------------------- */

/* The blank-separated field at *s, which moves behind the blank; its length, or 0. */
static size_t
take_field(const char **s, const char *end, const char **field)
{
	const char *blank = *s < end ? memchr(*s, ' ', (size_t)(end - *s)) : NULL;

	*field = *s;
	if (blank == NULL) {
		size_t len = (size_t)(end - *s);

		*s = end;
		return len;
	}
	*s = blank + 1;
	return (size_t)(blank - *field);
}

/* TIME stdout|stderr P|F[:more] TEXT */
int
docker_cri(const char *line, size_t len, struct docker_record *r)
{
	const char *s = line, *end = line + len, *field;
	size_t n;

	*r = (struct docker_record){.text = ""};
	while (s < end && *s == '\0')
		s++;
	n = take_field(&s, end, &field);
	if (parse_time(field, n, &r->ns) == -1)
		return -1;
	n = take_field(&s, end, &field);
	if (n != 6 || (memcmp(field, "stdout", 6) != 0 && memcmp(field, "stderr", 6) != 0))
		return -1;
	r->stream = field[3] == 'e' ? STREAM_STDERR : STREAM_STDOUT;
	n = take_field(&s, end, &field);
	if (n < 1 || (field[0] != 'P' && field[0] != 'F') || (n > 1 && field[1] != ':'))
		return -1;
	r->ended = field[0] == 'F';
	r->fragment = !r->ended;
	r->text = s;
	r->len = (size_t)(end - s);
	return 0;
}

/* ---- local ------------------------------------------------------------------------------ */

/* Takes a field of a protobuf message, as far as this one has them: its number and its value, a number, or bytes of that length. */
static bool
proto_field(struct varint_input *in, unsigned *number, uint64_t *value, const char **bytes)
{
	uint64_t key;

	*bytes = NULL;
	if (!varint_take(in, &key) || !varint_take(in, value))
		return false;
	*number = (unsigned)(key >> 3);
	switch (key & 7) {
	case 0:
		return true;
	case 2:
		if (*value > (uint64_t)(in->end - in->p))
			return false;
		*bytes = (const char *)in->p;
		in->p += *value;
		return true;
	default:
		return false;
	}
}

/* 1 source, 2 time_nano, 3 line, 4 partial, 5 {1 last, 2 id, 3 ordinal}, 6 attributes. */
static int
take_entry(struct varint_input in, struct docker_record *r)
{
	bool partial = false, last = false, timed = false;
	const char *bytes;
	uint64_t value;
	unsigned number;

	*r = (struct docker_record){.text = ""};
	while (in.p < in.end) {
		if (!proto_field(&in, &number, &value, &bytes))
			return -1;
		if (number == 1 && bytes != NULL)
			r->stream = value == 6 && memcmp(bytes, "stderr", 6) == 0;
		else if (number == 2 && bytes == NULL) {
			r->ns = (int64_t)value;
			timed = true;
		} else if (number == 3 && bytes != NULL) {
			r->text = bytes;
			r->len = (size_t)value;
		} else if (number == 4 && bytes == NULL)
			partial = value != 0;
		else if (number == 5 && bytes != NULL) {
			struct varint_input meta = {
			    (const unsigned char *)bytes, (const unsigned char *)bytes + value};

			while (proto_field(&meta, &number, &value, &bytes))
				if (number == 1)
					last = value != 0;
		}
	}
	r->fragment = partial && !last;
	r->ended = !r->fragment;
	return timed ? 0 : -1;
}

static size_t
big_endian(const unsigned char *s)
{
	return (size_t)s[0] << 24 | (size_t)s[1] << 16 | (size_t)s[2] << 8 | s[3];
}

int64_t
docker_local(const char *bytes, size_t len, struct docker_record *r)
{
	const unsigned char *s = (const unsigned char *)bytes;
	size_t size;

	if (len < 4)
		return 0;
	/* Docker calls the format private: both lengths must agree. */
	if ((size = big_endian(s)) > DOCKER_LINE_MAX)
		return -1;
	if (len < size + 8)
		return 0;
	if (big_endian(s + 4 + size) != size ||
	    take_entry((struct varint_input){s + 4, s + 4 + size}, r) == -1)
		return -1;
	/* Only json-file keeps the newline, but a line may hold one all the same. */
	if (r->len > 0 && r->text[r->len - 1] == '\n')
		r->len--;
	return (int64_t)size + 8;
}

/* ---- archives ----------------------------------------------------------------------------- */

/* RFC 1952: after ten fixed bytes, with FEXTRA set, a length and the extra field, which Docker fills with JSON. */
int64_t
docker_archive_last(const unsigned char *h, size_t len)
{
	static const char key[] = "\"lastTime\":\"";
	const char *extra, *time, *end;
	size_t extra_len;
	int64_t ns;

	if (len < 12 || h[0] != 0x1f || h[1] != 0x8b || !(h[3] & 4))
		return INT64_MIN;
	extra = (const char *)h + 12;
	extra_len = (size_t)h[10] | (size_t)h[11] << 8;
	if (extra_len > len - 12 || (time = memmem(extra, extra_len, key, sizeof key - 1)) == NULL)
		return INT64_MIN;
	time += sizeof key - 1;
	if ((end = memchr(time, '"', (size_t)(extra + extra_len - time))) == NULL ||
	    time_parse(time, (size_t)(end - time), &ns) == -1)
		return INT64_MIN;
	return ns;
}

/* ---- fragments ------------------------------------------------------------------------------ */

bool
fragments_continue(const struct fragments *f, const struct docker_record *r)
{
	/* Short of a full fragment the program ended without a newline, unless the time is the very same. */
	return f->open && (f->expected || f->ns == r->ns);
}

/*
 * A cut inside a character leaves U+FFFD on both sides of the seam, for one lost
 * character; one of them is enough.
 */
static size_t
seam(const struct buf *text, const char *next, size_t len)
{
	if (text->len < 3 || memcmp(text->data + text->len - 3, TEXT_REPLACEMENT, 3) != 0)
		return 0;
	for (size_t i = 0;; i += 3)
		if (len - i < 3 || memcmp(next + i, TEXT_REPLACEMENT, 3) != 0)
			return i;
}

void
fragments_add(struct fragments *f, const struct docker_record *r, int64_t at)
{
	size_t skip, room, n;

	if (!f->open) {
		fragments_clear(f);
		f->open = true;
		f->ns = r->ns;
		f->at = at;
	}
	skip = seam(&f->text, r->text, r->len);
	room = DOCKER_LINE_MAX - f->text.len;
	n = r->len - skip;
	if (n > room) {
		n = text_utf8_cut(r->text + skip, n, room);
		f->cut = true;
	}
	buf_add(&f->text, r->text + skip, n);
	f->expected = r->fragment;
}

void
fragments_clear(struct fragments *f)
{
	buf_clear(&f->text, 4096);
	f->open = f->cut = f->expected = false;
}
