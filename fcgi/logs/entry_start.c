/* SPDX-License-Identifier: MIT */
/*
 * What the beginning of a log entry looks like, and what follows another one though
 * it looks like a beginning.  Asked for every line, so it looks at the first bytes only.
 */
#include <string.h>

#include "trace.h"

/* Three letters that a calendar uses. */
static bool
is_calendar_word(struct span l)
{
	static const char words[] = "JanFebMarAprMayJunJulAugSepOctNovDecMonTueWedThuFriSatSun";

	for (size_t i = 0; l.len >= 3 && i + 3 < sizeof words; i += 3)
		if (memcmp(l.s, words + i, 3) == 0)
			return true;
	return false;
}

/* "10.0.0.1 ": an access log. */
static bool
is_address(struct span l)
{
	for (int part = 0; part < 4; part++) {
		size_t n = span_digits(l);

		if (n < 1 || n > 3 || n == l.len || l.s[n] != (part < 3 ? '.' : ' '))
			return false;
		l = span_from(l, n + 1);
	}
	return true;
}

/* Dates, times of day, Unix times, addresses, "12:M 22 Nov 2026" (redis). */
static bool
begins_with_number(struct span l)
{
	static const char *const shapes[] = {"dddd-dd-dd", "dddd/dd/dd", "dddd.dd.dd", "dd:dd:dd",
	    "dd/dd/dd", "dd.dd.dd", "dd-dd-dd", NULL};
	size_t n = span_digits(l);
	struct span rest = span_from(l, n);

	for (const char *const *shape = shapes; *shape != NULL; shape++)
		if (span_has_shape(l, *shape))
			return true;
	if (n == 2 && rest.len > 4 && strchr("/- ", rest.s[0]) != NULL &&
	    is_calendar_word(span_from(rest, 1)))
		return true;
	if ((n == 8 || (n >= 10 && n <= 19)) && rest.len > 0 &&
	    strchr(" .|,T]-\t", rest.s[0]) != NULL)
		return true;
	if (n >= 1 && n <= 7 && rest.len > 4 && rest.s[0] == ':' &&
	    strchr("MSCX", rest.s[1]) != NULL)
		return span_has_shape(span_from(rest, 2), " dd ");
	return n <= 3 && is_address(l);
}

/* "INFO:", "[warn]", "error:", "I0120 10:20:30.000001". */
static bool
begins_with_level(struct span l, bool bracketed)
{
	size_t n = 0, upper = 0, lower = 0;

	for (; n < l.len && n < 12; n++) {
		if (l.s[n] >= 'A' && l.s[n] <= 'Z')
			upper++;
		else if (l.s[n] >= 'a' && l.s[n] <= 'z')
			lower++;
		else
			break;
	}
	if (n == 1 && upper == 1 && strchr("IWEFCDN", l.s[0]) != NULL)
		return span_has_shape(span_from(l, 1), "dddd dd:dd:dd") ||
		       (bracketed && l.len > 1 && l.s[1] == ']');
	if (n < 3 || n == l.len || level_of_word(l.s, n) == LEVEL_UNKNOWN)
		return false;
	if (bracketed)
		return true;
	if (lower == 0)
		return strchr(" :]|[\t-,/", l.s[n]) != NULL;
	/* Go's "panic:" begins a trace, Rust's "note:" ends one; "Error:" may be one, too. */
	return upper == 0 && l.s[n] == ':' && !span_starts(l, "panic:") && !span_starts(l, "note:");
}

static bool
begins_with_pair(struct span l)
{
	static const char *const keys[] = {
	    "time=", "ts=", "t=", "level=", "lvl=", "msg=", "severity=", "timestamp=", "at=", NULL};

	for (const char *const *key = keys; *key != NULL; key++)
		if (span_starts(l, *key))
			return true;
	return false;
}

bool
line_begins_entry(struct span l)
{
	bool bracketed = l.len > 0 && strchr("[(<", l.s[0]) != NULL;
	size_t n;

	if (l.len < 3)
		return false;
	if (l.s[0] == '<') { /* syslog's and systemd's priority */
		n = span_digits(span_from(l, 1));
		return n >= 1 && n <= 3 && n + 1 < l.len && l.s[n + 1] == '>';
	}
	if (bracketed)
		l = span_from(l, 1);
	if (l.s[0] >= '0' && l.s[0] <= '9')
		return begins_with_number(l);
	if (!((l.s[0] | 0x20) >= 'a' && (l.s[0] | 0x20) <= 'z'))
		return false;
	if (is_calendar_word(l) && l.len > 4 && (l.s[3] == ' ' || l.s[3] == ','))
		return span_digits(span_from(l, 4)) > 0 || is_calendar_word(span_from(l, 4)) ||
		       span_has_shape(span_from(l, 4), " d");
	return begins_with_level(l, bracketed) || (!bracketed && begins_with_pair(l));
}

bool
line_is_json(struct span l)
{
	size_t i = 1;

	if (l.len < 2 || l.s[0] != '{')
		return false;
	while (l.len > 2 && (l.s[l.len - 1] == ' ' || l.s[l.len - 1] == '\r'))
		l.len--;
	while (i < l.len && l.s[i] == ' ')
		i++;
	return l.s[l.len - 1] == '}' && (l.s[i] == '"' || i == l.len - 1);
}

/* ---- what follows another one ---------------------------------------------------- */

/*
 * Where the message's head stands: "...[123] ERROR:  text": the word before the first colon
 * with two blanks behind it, and the number in brackets somewhere before it.
 */
static bool
take_postgres(struct span l, struct span *word, struct span *pid)
{
	size_t look = l.len < 160 ? l.len : 160;
	const char *colon = memmem(l.s, look, ":  ", 3), *s = colon, *open, *close;

	if (colon == NULL)
		return false;
	while (s > l.s && s[-1] >= 'A' && s[-1] <= 'Z')
		s--;
	*word = (struct span){s, (size_t)(colon - s)};
	open = memchr(l.s, '[', (size_t)(s - l.s));
	close = open != NULL ? memchr(open, ']', (size_t)(s - open)) : NULL;
	if (word->len < 3 || close == NULL)
		return false;
	*pid = (struct span){open, (size_t)(close - open)};
	return true;
}

static bool
is_one_of(struct span word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (span_is(word, *words))
			return true;
	return false;
}

static bool
is_postgres_detail(struct span head, struct span next)
{
	static const char *const details[] = {
	    "DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "LOCATION", NULL};
	struct span word, pid, head_word, head_pid;

	return take_postgres(next, &word, &pid) && is_one_of(word, details) &&
	       take_postgres(head, &head_word, &head_pid) && pid.len == head_pid.len &&
	       memcmp(pid.s, head_pid.s, pid.len) == 0;
}

/* "Nov 22, 2026 12:20:06 PM app.Main run", then "SEVERE: text". */
static bool
is_java_level(struct span head, struct span next)
{
	static const char *const levels[] = {
	    "SEVERE: ", "WARNING: ", "INFO: ", "CONFIG: ", "FINE: ", "FINER: ", "FINEST: ", NULL};

	if (next.len < 6 || next.s[0] < 'C' || next.s[0] > 'W' || !is_calendar_word(head) ||
	    !(span_has(head, " AM ") || span_has(head, " PM ")))
		return false;
	for (const char *const *level = levels; *level != NULL; level++)
		if (span_starts(next, *level))
			return true;
	return false;
}

bool
line_is_detail(struct span head, struct span next)
{
	return is_postgres_detail(head, next) || is_java_level(head, next);
}
