/* SPDX-License-Identifier: MIT */
/*
 * Times, CRI lines, the local driver's records and what archives say; json-file is in
 * docker_json.c.
 */
#include "docker.h"

#include <stdio.h>
#include <string.h>

#include "chunk.h"
#include "clock.h"
#include "text.h"
#include "varint.h"

#define ACCESS_LOOK 256 /* bytes of a line in which the brackets of an access log begin */

/* ---- times --------------------------------------------------------------------- */

static int
two_digits(const char *s)
{
	return (s[0] - '0') * 10 + s[1] - '0';
}

/* All other spellings than the one of the three formats are left to time_parse(). */
int
docker_time(const char *s, size_t len, int64_t *ns)
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
	/* The end of a month, a leap second and other centuries are for who knows the calendar. */
	if ((len > sizeof shape && s[sizeof shape - 1] != '.') || two_digits(s) != 20 ||
	    two_digits(s + 5) < 1 || two_digits(s + 5) > 12 || two_digits(s + 8) < 1 ||
	    two_digits(s + 8) > 28 || two_digits(s + 11) > 23 || two_digits(s + 14) > 59 ||
	    two_digits(s + 17) > 59)
		return time_parse(s, len, ns);
	seconds = time_days(two_digits(s) * 100 + two_digits(s + 2), two_digits(s + 5),
		      two_digits(s + 8)) *
		      86400 +
		  two_digits(s + 11) * 3600 + two_digits(s + 14) * 60 + two_digits(s + 17);
	*ns = seconds * NS_PER_SECOND + fraction;
	return 0;
}

/* ---- CRI ------------------------------------------------------------------------- */

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
static int
read_cri(const char *line, size_t len, struct docker_record *r)
{
	const char *s = line, *end = line + len, *field;
	size_t n;

	*r = (struct docker_record){.text = ""};
	while (s < end && *s == '\0')
		s++;
	n = take_field(&s, end, &field);
	if (docker_time(field, n, &r->ns) == -1)
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

/* ---- plain files ----------------------------------------------------------------- */

/* "10.0.0.1 - - [22/Nov/2026:10:20:30 +0100] ...": an access log's time in its first brackets. */
static bool
find_access_time(const char *line, size_t len, int64_t *ns)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static const char shape[] = "22/Nov/2026:10:20:30 +0100]";
	const char *s = memchr(line, '[', len < ACCESS_LOOK ? len : ACCESS_LOOK);
	char time[32];
	int month = 0;

	if (s == NULL || len - (size_t)(++s - line) < sizeof shape - 1 || s[2] != '/' ||
	    s[6] != '/' || s[11] != ':' || s[20] != ' ' || s[26] != ']')
		return false;
	while (month < 12 && memcmp(s + 3, months + (ptrdiff_t)month * 3, 3) != 0)
		month++;
	(void)snprintf(
	    time, sizeof time, "%.4s-%02d-%.2sT%.8s%.5s", s + 7, month + 1, s, s + 12, s + 21);
	return time_parse(time, strlen(time), ns) == 0;
}

/* "2026-11-22 10:20:30,123 ...", "[2026/11/22T10:20:30Z] ...": the front is tried as a time. */
static int
read_plain(const char *line, size_t len, struct docker_record *r)
{
	size_t start = len > 0 && (line[0] == '[' || line[0] == '<'), n = 0;
	char time[40];

	*r = (struct docker_record){.text = line, .len = len, .ended = true};
	for (; start + n < len && n < sizeof time; n++) {
		char c = line[start + n];

		if (c == '\0' ||
		    (strchr("0123456789-:.,+TZ/", c) == NULL && !(c == ' ' && n == 10)))
			break;
		time[n] = c == ',' ? '.' : c == '/' ? '-' : c;
	}
	/* "2026-11-22 10:20:30 - text" is read up to its second. */
	while (n > 0 && strchr("-: ", time[n - 1]) != NULL)
		n--;
	if (n >= 19 && time[4] == '-' && time_parse(time, n, &r->ns) == 0)
		return 0;
	return find_access_time(line, len, &r->ns) ? 0 : 1;
}

/* ---- lines of any format ----------------------------------------------------------- */

/* "TIME stdout F text" is CRI's. */
enum docker_format
docker_text_format(const char *line, size_t len)
{
	const char *blank = memchr(line, ' ', len);
	size_t left = blank != NULL ? len - (size_t)(blank - line) : 0;
	bool cri =
	    left >= 8 && (memcmp(blank, " stdout ", 8) == 0 || memcmp(blank, " stderr ", 8) == 0);

	return cri ? DOCKER_CRI : DOCKER_PLAIN;
}

int
docker_line(enum docker_format format, char *line, size_t len, struct docker_record *r)
{
	switch (format) {
	case DOCKER_JSON:
		return docker_json(line, len, r);
	case DOCKER_CRI:
		return read_cri(line, len, r);
	default:
		return read_plain(line, len, r);
	}
}

/* ---- local ----------------------------------------------------------------------- */

/*
 * Takes a field of a protobuf message, as far as this one has them: its number and its value, a
 * number, or bytes of that length.
 */
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

/* ---- archives -------------------------------------------------------------------- */

/*
 * RFC 1952: after ten fixed bytes, with FEXTRA set, a length and the extra field, which Docker
 * fills with JSON.
 */
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
