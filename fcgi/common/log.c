/* SPDX-License-Identifier: MIT */
/* Formats into a fixed buffer: logging must work when memory has run out. */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
	const char *name;
	enum log_level level;
} state = {"monlight", LOG_LEVEL_INFO};

static const char *const level_names[] = {"error", "warning", "info", "debug"};

const char *const log_level_words[] = {"error", "err", "warning", "warn", "info", "debug", NULL};

enum log_level
log_level_of(int place)
{
	static const enum log_level levels[] = {LOG_LEVEL_ERROR, LOG_LEVEL_ERROR, LOG_LEVEL_WARNING,
	    LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG};

	return levels[place];
}

void
log_init(const char *name, enum log_level level)
{
	state.name = name;
	state.level = level;
}

/* Appends text with control characters made visible; returns the new length. */
static size_t
append_visible(char *line, size_t len, size_t size, const char *text)
{
	for (; *text != '\0' && len + 5 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			len += (size_t)snprintf(line + len, size - len, "\\x%02x", c);
		else
			line[len++] = (char)c;
	}
	return len;
}

static void
log_line(enum log_level level, int error, const char *fmt, va_list ap)
{
	char text[2048], line[4096];
	struct timespec now;
	struct tm tm;
	size_t len;
	int kept = errno;

	if (level > state.level)
		return;
	(void)vsnprintf(text, sizeof text, fmt, ap);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	len = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &tm);
	len += (size_t)snprintf(line + len, sizeof line - len,
	    ".%03ldZ %s[%d] %s: ", now.tv_nsec / 1000000, state.name, (int)getpid(),
	    level_names[level]);
	len = append_visible(line, len, sizeof line - 1, text);
	if (error != 0) {
		len = append_visible(line, len, sizeof line - 1, ": ");
		len = append_visible(line, len, sizeof line - 1, strerror(error));
	}
	line[len++] = '\n';
	/* Nowhere is left to complain to when this fails. */
	(void)!write(STDERR_FILENO, line, len);
	errno = kept;
}

#define LOG_FUNCTION(name, level, error)                                                           \
	void name(const char *fmt, ...)                                                            \
	{                                                                                          \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, fmt);                                                                 \
		log_line(level, error, fmt, ap);                                                   \
		va_end(ap);                                                                        \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR, errno)
LOG_FUNCTION(log_errorx, LOG_LEVEL_ERROR, 0)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARNING, errno)
LOG_FUNCTION(log_warnx, LOG_LEVEL_WARNING, 0)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO, 0)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG, 0)

void
log_fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_ERROR, errno, fmt, ap);
	va_end(ap);
	exit(1);
}

void
log_fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_ERROR, 0, fmt, ap);
	va_end(ap);
	exit(1);
}
