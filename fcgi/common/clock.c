/* SPDX-License-Identifier: MIT */
/*
 * The calendar is computed here and not by libc: timegm() bends the 31st of
 * February into March, and neither it nor strptime() knows fractions.
 */
#include "clock.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

/* 1678-01-01, and the last whole second that an int64_t of nanoseconds can hold. */
#define FIRST_SECOND INT64_C(-9214560000)
#define LAST_SECOND (INT64_MAX / NS_PER_SECOND - 1)

enum { SECONDS_A_DAY = 86400 };

static int64_t offset_ns;
#ifdef MONLIGHT_DEBUG
static const volatile int64_t *followed; /* in a file; NULL: none */
#endif

static int64_t
clock_read_ns(clockid_t id)
{
	struct timespec now;

	/* Neither clock can fail on Linux. */
	(void)clock_gettime(id, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

int64_t
clock_now_ns(void)
{
	int64_t now = clock_read_ns(CLOCK_REALTIME) + offset_ns;

#ifdef MONLIGHT_DEBUG
	if (followed != NULL)
		now += *followed;
#endif
	return now;
}

int64_t
clock_now(void)
{
	return clock_now_ns() / NS_PER_SECOND;
}

void
clock_set_offset_ns(int64_t ns)
{
	offset_ns = ns;
}

#ifdef MONLIGHT_DEBUG
int
clock_follow(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	void *page;

	if (fd == -1)
		return -1;
	page = mmap(NULL, sizeof(*followed), PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (page == MAP_FAILED)
		return -1;
	followed = page;
	return 0;
}
#endif

int64_t
clock_mono_us(void)
{
	return clock_read_ns(CLOCK_MONOTONIC) / 1000;
}

/*
 * Days between 1970-01-01 and a date, and back, after Howard Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms": the year begins in March, so
 * that the leap day is its last, and 400 years (an era) have 146097 days.
 */
int64_t
time_days(int64_t year, int month, int day)
{
	int64_t era, year_of_era, day_of_year, day_of_era;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	year_of_era = year - era * 400;
	day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static void
date_of_days(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t era, day_of_era, year_of_era, day_of_year, shifted;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day_of_era = days - era * 146097;
	year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	shifted = (5 * day_of_year + 2) / 153;
	*day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
	*month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
	*year = year_of_era + era * 400 + (*month <= 2);
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* What is left to read. */
struct cursor {
	const char *p, *end;
};

static bool
skip(struct cursor *c, char wanted)
{
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

static bool
skip_any(struct cursor *c, const char *wanted)
{
	for (; *wanted != '\0'; wanted++)
		if (skip(c, *wanted))
			return true;
	return false;
}

/* Exactly n digits with a value within [min, max]. */
static bool
number(struct cursor *c, int n, int min, int max, int *out)
{
	int64_t value;

	if (c->end - c->p < n || *c->p == '-' ||
	    text_int64(c->p, (size_t)n, min, max, &value) == -1)
		return false;
	c->p += n;
	*out = (int)value;
	return true;
}

/* The digits after a decimal point as nanoseconds; what is finer is cut off.  At least one. */
static bool
fraction(struct cursor *c, int64_t *ns)
{
	const char *start = c->p;
	int64_t unit = NS_PER_SECOND / 10;

	*ns = 0;
	for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
		*ns += (*c->p - '0') * unit;
		unit /= 10;
	}
	return c->p > start;
}

/* "YYYY-MM-DD" as days since 1970. */
static bool
date(struct cursor *c, int64_t *days)
{
	int year, month, day;

	if (!number(c, 4, 0, 9999, &year) || !skip(c, '-') || !number(c, 2, 1, 12, &month) ||
	    !skip(c, '-') || !number(c, 2, 1, days_in_month(year, month), &day))
		return false;
	*days = time_days(year, month, day);
	return true;
}

/* "hh:mm[:ss[.fraction]]" as seconds since midnight and nanoseconds. */
static bool
time_of_day(struct cursor *c, int64_t *seconds, int64_t *ns)
{
	int hour, minute, second = 0;

	if (!number(c, 2, 0, 23, &hour) || !skip(c, ':') || !number(c, 2, 0, 59, &minute))
		return false;
	if (skip(c, ':')) {
		if (!number(c, 2, 0, 60, &second) || (skip(c, '.') && !fraction(c, ns)))
			return false;
		if (second == 60) {
			second = 59;
			*ns = NS_PER_SECOND - 1;
		}
	}
	*seconds = hour * 3600 + minute * 60 + second;
	return true;
}

/* "Z", "+hh:mm", "+hhmm" or nothing, as seconds east of UTC. */
static bool
zone(struct cursor *c, int64_t *seconds)
{
	int hours, minutes;
	bool west;

	*seconds = 0;
	if (c->p == c->end || skip_any(c, "Zz"))
		return true;
	west = *c->p == '-';
	if (!skip_any(c, "+- ") || !number(c, 2, 0, 23, &hours))
		return false;
	(void)skip(c, ':');
	if (!number(c, 2, 0, 59, &minutes))
		return false;
	*seconds = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

static bool
parse_date_time(struct cursor c, int64_t *seconds, int64_t *ns)
{
	int64_t days, in_day = 0, east = 0;

	if (!date(&c, &days))
		return false;
	if (c.p < c.end &&
	    (!skip_any(&c, "Tt ") || !time_of_day(&c, &in_day, ns) || !zone(&c, &east)))
		return false;
	*seconds = days * SECONDS_A_DAY + in_day - east;
	return c.p == c.end;
}

static bool
parse_unix(struct cursor c, int64_t *seconds, int64_t *ns)
{
	const char *start = c.p;
	bool negative = skip(&c, '-');

	while (c.p < c.end && *c.p >= '0' && *c.p <= '9')
		c.p++;
	if (text_int64(start, (size_t)(c.p - start), FIRST_SECOND, LAST_SECOND, seconds) == -1)
		return false;
	if (skip(&c, '.') && !fraction(&c, ns))
		return false;
	/* -1.25 is a quarter of a second before -1. */
	if (negative && *ns > 0) {
		*seconds -= 1;
		*ns = NS_PER_SECOND - *ns;
	}
	return c.p == c.end;
}

int
time_parse(const char *text, size_t len, int64_t *ns)
{
	const struct cursor c = {text, text + len};
	int64_t seconds, rest = 0;

	if (!parse_date_time(c, &seconds, &rest)) {
		rest = 0;
		if (!parse_unix(c, &seconds, &rest))
			return -1;
	}
	if (seconds < FIRST_SECOND || seconds > LAST_SECOND)
		return -1;
	*ns = seconds * NS_PER_SECOND + rest;
	return 0;
}

/* Writes "YYYY-MM-DDTHH:MM:SS" and what follows. */
static char *
format(char out[TIME_TEXT_SIZE], int64_t seconds, const char *rest)
{
	int64_t days = seconds / SECONDS_A_DAY, year;
	int in_day = (int)(seconds % SECONDS_A_DAY), month, day;

	if (in_day < 0) {
		in_day += SECONDS_A_DAY;
		days--;
	}
	date_of_days(days, &year, &month, &day);
	(void)snprintf(out, TIME_TEXT_SIZE, "%04lld-%02d-%02dT%02d:%02d:%02d%s", (long long)year,
	    month, day, in_day / 3600, in_day / 60 % 60, in_day % 60, rest);
	return out;
}

char *
time_format(char out[TIME_TEXT_SIZE], int64_t seconds)
{
	return format(out, seconds, "Z");
}

char *
time_format_ns(char out[TIME_TEXT_SIZE], int64_t ns)
{
	int64_t seconds = ns / NS_PER_SECOND, rest = ns % NS_PER_SECOND;
	char tail[16];

	if (rest < 0) {
		rest += NS_PER_SECOND;
		seconds--;
	}
	(void)snprintf(tail, sizeof tail, ".%09dZ", (int)rest);
	return format(out, seconds, tail);
}
