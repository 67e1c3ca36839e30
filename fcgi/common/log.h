/* SPDX-License-Identifier: MIT */
/*
 * log: one line per event on standard error, in one write(2), so that lines of
 * several processes never mix.  Control characters arrive as \xHH: text from a
 * client cannot forge a line.  The plain names append errno's text, the names
 * with an x do not.  errno is left as it was.
 */
#ifndef LOG_H
#define LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* The words of LOG_LEVEL, ended by NULL, and what the one at that place means. */
extern const char *const log_level_words[];
enum log_level log_level_of(int place);

/* Call once at start: name is written in each line and must outlive the program. */
void log_init(const char *name, enum log_level);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_errorx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Says why and ends the process with status 1. */
void log_fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void log_fatalx(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
