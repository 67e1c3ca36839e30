/* SPDX-License-Identifier: MIT */
/*
 * clock: what time it is, and times as text.
 *
 * Wall-clock times are nanoseconds since 1970-01-01 UTC in an int64_t (good from
 * 1678 to 2262).  Durations and deadlines use clock_mono_us(), which no one can set.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define NS_PER_SECOND INT64_C(1000000000)

/* Now, plus the offset a test has set. */
int64_t clock_now_ns(void);
/* Now in whole seconds. */
int64_t clock_now(void);
/* Tests step the wall clock by this many nanoseconds. */
void clock_set_offset_ns(int64_t);
#ifdef MONLIGHT_DEBUG
/*
 * Adds the int64_t of nanoseconds that this file holds to what clock_now_ns() says, as it
 * is at that moment: whoever writes the file steps the clock of all who follow it.
 * Returns 0, or -1 with errno.
 */
int clock_follow(const char *file);
#endif
/* Microseconds since some fixed point in the past; never steps. */
int64_t clock_mono_us(void);

/*
 * Reads RFC 3339 (any fraction, kept to the nanosecond; offset Z, +hh:mm or
 * +hhmm; a blank may stand for the T, and for the + that a query string turned
 * into one; no offset means UTC; seconds, or the whole time of day, may be left
 * out) or Unix seconds with an optional fraction.  The whole text must be a time
 * of the calendar.  Second 60 is the last nanosecond of its minute.
 * Returns 0, or -1 if it is none or lies outside the years 1678 to 2262.
 */
int time_parse(const char *text, size_t len, int64_t *ns);
/* What it takes, for the sentence that refuses anything else. */
#define TIME_TAKEN "an RFC 3339 time or Unix seconds, from 1678 to 2262"

/* Days from 1970-01-01 to a date of the Gregorian calendar, which is not checked. */
int64_t time_days(int64_t year, int month, int day);

#define TIME_TEXT_SIZE 32 /* enough for each of the two below, with its NUL */

/* "2026-11-22T10:20:30Z", cut to the second; returns out. */
char *time_format(char out[TIME_TEXT_SIZE], int64_t seconds);
/* The same with nine digits of fraction. */
char *time_format_ns(char out[TIME_TEXT_SIZE], int64_t ns);

#endif
