/* SPDX-License-Identifier: MIT */
/*
 * The rules, from the surest form to the least sure.  Only the first line counts, of it
 * the first 512 bytes; JSON is looked through whole, in level_json.c.  Words in lower case
 * inside prose never count: "no error found" is not an error.
 */
#include "level.h"

#include <stdbool.h>
#include <string.h>

#include "level_json.h"
#include "level_word.h"
#include "span.h"
#include "text.h"

#define LOOK_AT 512
#define TOKENS 8 /* of the head, among which an upper-case word is a level */

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- forms ----------------------------------------------------------------------- */

/* How many letters and digits stand at the start, and whether all letters are capitals. */
static size_t
word_length(struct span l, bool *capitals)
{
	size_t n = 0;

	*capitals = true;
	while (n < l.len && (is_letter(l.s[n]) || (n > 0 && is_digit(l.s[n]))))
		*capitals &= !is_letter(l.s[n]) || is_upper(l.s[n]), n++;
	return n;
}

/* level=warn, lvl="warn": logfmt, at the start of a word. */
static enum level
by_pair(struct span l)
{
	static const char *const keys[] = {"level=", "lvl=", "severity=", "loglevel="};
	bool capitals;

	for (size_t at = 0; at + 4 < l.len; at++) {
		const char *equals;

		if (at > 0 && l.s[at - 1] != ' ' && l.s[at - 1] != '\t') {
			const char *blank = memchr(l.s + at, ' ', l.len - at);

			if (blank == NULL)
				break;
			at = (size_t)(blank - l.s);
			continue;
		}
		if (strchr("lLsS", l.s[at]) == NULL)
			continue;
		for (size_t i = 0; i < NELEM(keys); i++) {
			size_t n = strlen(keys[i]);
			struct span value;

			if (l.len - at <= n || strncasecmp(l.s + at, keys[i], n) != 0)
				continue;
			equals = l.s + at + n;
			equals += *equals == '"' || *equals == '\'';
			value = (struct span){equals, (size_t)(l.s + l.len - equals)};
			return level_of_word(value.s, word_length(value, &capitals));
		}
	}
	return LEVEL_UNKNOWN;
}

/* <PRI>: syslog's facility * 8 + severity, or systemd's severity alone. */
static enum level
by_priority(struct span l)
{
	static const enum level severities[] = {LEVEL_CRITICAL, LEVEL_CRITICAL, LEVEL_CRITICAL,
	    LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_INFO, LEVEL_DEBUG};
	size_t n = 1;
	int priority = 0;

	if (l.len < 3 || l.s[0] != '<')
		return LEVEL_UNKNOWN;
	for (; n < 4 && n < l.len && is_digit(l.s[n]); n++)
		priority = priority * 10 + l.s[n] - '0';
	return n > 1 && n < l.len && l.s[n] == '>' ? severities[priority % 8] : LEVEL_UNKNOWN;
}

static enum level
of_letter(char c)
{
	static const char letters[] = "TVDINWEFC";
	static const enum level levels[] = {LEVEL_TRACE, LEVEL_TRACE, LEVEL_DEBUG, LEVEL_INFO,
	    LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR, LEVEL_CRITICAL, LEVEL_CRITICAL};
	const char *at = memchr(letters, is_upper(c) ? c : c & ~0x20, sizeof letters - 1);

	return at != NULL ? levels[at - letters] : LEVEL_UNKNOWN;
}

/* "E1122 10:20:30.000001": klog and glog, with a four- or an eight-digit date. */
static enum level
by_klog(struct span l)
{
	struct span rest = {l.s + 1, l.len - 1};

	if (l.len < 15 || strchr("IWEFC", l.s[0]) == NULL ||
	    !(span_has_shape(rest, "dddd dd:dd:dd") || span_has_shape(rest, "dddddddd dd:dd:dd")))
		return LEVEL_UNKNOWN;
	return of_letter(l.s[0]);
}

/* "12:M 22 Nov 2026 10:20:30.123 # text": redis, whose mark is the level. */
static enum level
by_redis(struct span l)
{
	static const char marks[] = ".-*#";
	static const enum level levels[] = {LEVEL_DEBUG, LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARNING};
	size_t n = 0;
	const char *mark;

	while (n < l.len && is_digit(l.s[n]))
		n++;
	if (n == 0 || l.len < n + 30 || l.s[n] != ':' || strchr("MSCX", l.s[n + 1]) == NULL ||
	    !span_has_shape((struct span){l.s + n + 2, l.len - n - 2}, " dd "))
		return LEVEL_UNKNOWN;
	if (l.s[n + 27] != ' ' || l.s[n + 29] != ' ' ||
	    (mark = memchr(marks, l.s[n + 28], sizeof marks - 1)) == NULL)
		return LEVEL_UNKNOWN;
	return levels[mark - marks];
}

/* "WARNING: text" in any case; "WARNING text" in capitals. */
static enum level
by_start(struct span l)
{
	bool capitals;
	size_t n = word_length(l, &capitals);
	const struct level_word *w = level_find_word(l.s, n);

	if (w == NULL || (w->weak && !capitals) || n == l.len)
		return LEVEL_UNKNOWN;
	if (l.s[n] == ':' || (capitals && strchr(" \t]|-/[", l.s[n]) != NULL))
		return w->level;
	return LEVEL_UNKNOWN;
}

/* "GET /x HTTP/1.1" 200: an access log says its status, and words in its address say nothing. */
static enum level
by_status(struct span l)
{
	const char *p = memmem(l.s, l.len, " HTTP/", 6), *end = l.s + l.len;

	if (p == NULL || (p = memchr(p, '"', (size_t)(end - p))) == NULL || end - p < 5 ||
	    !span_has_shape((struct span){p, (size_t)(end - p)}, "\" ddd"))
		return LEVEL_UNKNOWN;
	return p[2] == '5' ? LEVEL_ERROR : LEVEL_INFO;
}

/* One pair of brackets: [warn], [core:error], [10:20:30 WRN], [E], [W 261122 10:20:30 x:1]. */
static enum level
of_bracket(struct span b)
{
	bool capitals;

	if (b.len == 1 || (b.len > 8 && b.s[1] == ' ' && is_digit(b.s[2])))
		return of_letter(b.s[0]);
	for (size_t at = 0; at < b.len;) {
		struct span rest = {b.s + at, b.len - at};
		size_t n = word_length(rest, &capitals);
		const struct level_word *w = level_find_word(rest.s, n);
		bool ends = n == rest.len || strchr(" :]", rest.s[n]) != NULL;

		if (w != NULL && ends && (!w->weak || capitals || n == b.len) &&
		    (at == 0 || strchr(" :", rest.s[-1]) != NULL))
			return w->level;
		at += n > 0 ? n : 1;
	}
	return LEVEL_UNKNOWN;
}

/* Brackets, as long as they agree. */
static enum level
by_brackets(struct span l)
{
	enum level found = LEVEL_UNKNOWN;
	size_t look = l.len < 200 ? l.len : 200;

	for (size_t at = 0; at < look;) {
		const char *open = memchr(l.s + at, '[', look - at), *close;
		enum level level;
		size_t left;

		if (open == NULL)
			break;
		left = (size_t)(l.s + l.len - open) - 1;
		if ((close = memchr(open + 1, ']', left < 40 ? left : 40)) == NULL) {
			at = (size_t)(open - l.s) + 1;
			continue;
		}
		level = of_bracket((struct span){open + 1, (size_t)(close - open) - 1});
		if (level != LEVEL_UNKNOWN && found != LEVEL_UNKNOWN && level != found)
			return LEVEL_UNKNOWN;
		if (level != LEVEL_UNKNOWN)
			found = level;
		at = (size_t)(close - l.s) + 1;
	}
	return found;
}

/* zap's console: a field between tabs. */
static enum level
by_field(struct span l)
{
	const char *tab = memchr(l.s, '\t', l.len), *end = l.s + l.len, *next;

	if (tab == NULL || (next = memchr(tab + 1, '\t', (size_t)(end - tab) - 1)) == NULL)
		return LEVEL_UNKNOWN;
	return level_of_word(tab + 1, (size_t)(next - tab) - 1);
}

/* The level that it starts with, in capitals and with one of these characters behind. */
static enum level
of_capitals(struct span token, const char *behind)
{
	bool capitals;
	size_t n = word_length(token, &capitals);
	const struct level_word *w = capitals ? level_find_word(token.s, n) : NULL;

	return w != NULL && n < token.len && token.s[n] != '\0' &&
		       strchr(behind, token.s[n]) != NULL
		   ? w->level
		   : LEVEL_UNKNOWN;
}

/*
 * Among the first words one in capitals: "2026-11-22 10:20:30,123 - app - ERROR - text",
 * or behind the channel's name, as Monolog has it: "[...] app.ERROR: text".
 */
static enum level
by_head(struct span l)
{
	int tokens = 0;

	for (size_t at = 0; at < l.len && tokens < TOKENS; tokens++) {
		struct span token;
		enum level level;
		bool capitals;
		size_t n;

		while (at < l.len && strchr(" \t|(-", l.s[at]) != NULL && l.s[at] != '\0')
			at++;
		token = (struct span){l.s + at, l.len - at};
		level = of_capitals(token, " \t:|-/[])!");
		n = word_length(token, &capitals);
		if (level == LEVEL_UNKNOWN && n > 0 && n < token.len && token.s[n] == '.')
			level = of_capitals(span_from(token, n + 1), ":");
		if (level != LEVEL_UNKNOWN)
			return level;
		while (at < l.len && l.s[at] != ' ' && l.s[at] != '\t' && l.s[at] != '|')
			at++;
	}
	return LEVEL_UNKNOWN;
}

/* ---- all of them ----------------------------------------------------------------- */

static enum level
of_line(struct span l)
{
	static enum level (*const rules[])(struct span) = {by_pair, by_priority, by_klog, by_redis,
	    by_start, by_status, by_brackets, by_field, by_head};

	for (size_t i = 0; i < NELEM(rules); i++) {
		enum level level = rules[i](l);

		if (level != LEVEL_UNKNOWN)
			return level;
	}
	return LEVEL_UNKNOWN;
}

enum level
level_of_text(const char *text, size_t len)
{
	struct span all = {text, len}, l = span_from(all, span_indent(all));
	const char *newline =
	    l.len > 0 ? memchr(l.s, '\n', l.len < LOOK_AT ? l.len : LOOK_AT) : NULL;
	struct span head = {l.s, newline != NULL   ? (size_t)(newline - l.s)
				 : l.len < LOOK_AT ? l.len
						   : LOOK_AT};
	enum level level;

	if (l.len == 0)
		return LEVEL_UNKNOWN;
	if (l.s[0] == '{' && level_of_json(l.s, l.len, &level))
		return level;
	level = of_line(head);
	/* java.util.logging writes the time first and the level on a line of its own. */
	if (level == LEVEL_UNKNOWN && newline != NULL) {
		size_t left = (size_t)(l.s + l.len - newline) - 1;

		level = by_start((struct span){newline + 1, left < LOOK_AT ? left : LOOK_AT});
	}
	return level;
}
