/* SPDX-License-Identifier: MIT */
/*
 * docker: what container runtimes write to disk, taken apart record by record.
 *
 * Four formats: Docker's json-file, one JSON object a line; Docker's `local` driver
 * (also container-cached.log), length-prefixed protobuf; CRI (containerd, CRI-O,
 * Podman's k8s-file), one line of blank-separated fields; and plain text.
 *
 * A program's line longer than 16 KiB comes as several records, fragments.  How
 * they are told apart depends on the format; fragments.h joins them.
 */
#ifndef DOCKER_H
#define DOCKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOCKER_FRAGMENT 16384   /* bytes at which Docker cuts a line */
#define DOCKER_LINE_MAX 1048576 /* what is kept of one line, and of one record */

struct docker_record {
	int64_t ns;       /* when it was written, UTC */
	const char *text; /* without the newline; may hold any byte but a newline */
	size_t len;
	uint8_t stream; /* enum log_stream, chunk.h */
	bool ended;     /* the program ended its line here */
	bool fragment;  /* not ended because it was full: more of the line must follow */
};

/* How a file is written; stored nowhere. */
enum docker_format {
	DOCKER_JSON,
	DOCKER_LOCAL,
	DOCKER_TEXT, /* one of the next two: docker_text_format() of its first line will tell */
	DOCKER_CRI,
	DOCKER_PLAIN,
};

/* What a file of text is, by its first line. */
enum docker_format docker_text_format(const char *line, size_t len);

/*
 * One line of any format but DOCKER_LOCAL and DOCKER_TEXT, without its newline; escapes are
 * decoded in place.  Returns 0, 1 if the line does not begin with its time (ns is left to the
 * caller), or -1 if no record is in it.
 */
int docker_line(enum docker_format, char *line, size_t len, struct docker_record *);

/*
 * One line of a json-file.  NULs at its start, and a record cut off by a crash of the
 * host in front of a whole one, are passed over.  Returns 0; or -1 if no record is in it.
 */
int docker_json(char *line, size_t len, struct docker_record *);
/*
 * The record at the start of len bytes of a `local` file.  Returns how many bytes it
 * takes, 0 if it is not there whole yet, or -1 if this is no such record.
 */
int64_t docker_local(const char *bytes, size_t len, struct docker_record *);

/*
 * "2026-11-22T10:20:30.123456789Z" as all three spell times, fast; and what time_parse() reads.  0
 * or -1.
 */
int docker_time(const char *, size_t len, int64_t *ns);
/*
 * The last time that a gzip archive of Docker's says it holds ("lastTime" in the header), or
 * INT64_MIN.
 */
int64_t docker_archive_last(const unsigned char *header, size_t len);

#endif
