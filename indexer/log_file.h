/* SPDX-License-Identifier: MIT */
/*
 * log_file: one file of a chain (log_chain.h): the live one, or one that was rotated
 * away and perhaps packed.
 */
#ifndef LOG_FILE_H
#define LOG_FILE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Where reading stopped, known by content.  In a container's log the bytes before it hold
 * a time to the nanosecond, so they are as good as unique; inode numbers are given
 * again by the file system and only hint.
 */
struct log_mark {
	uint64_t inode;
	int64_t offset;
	uint64_t tail;   /* log_file_hash() of the offset */
	int64_t last_ns; /* latest time read; tells which archives cannot matter */
};

struct log_file {
	int fd;       /* plain, or unpacked; -1: not yet */
	int archive;  /* the .gz, until it is unpacked; else -1 */
	int64_t base; /* offset in the chain; only of files up to the one being read */
	int64_t size; /* of one that no longer grows; -1: not yet asked */
	uint64_t inode;
	bool unpacked; /* fd never had a name */
};

/* Opens PATH (number 0), or PATH.number, or PATH.number.gz; false if there is none. */
bool log_file_open(struct log_file *, const char *path, int number);
void log_file_close(struct log_file *);
/* Of a plain or unpacked one, now; -1 failed. */
int64_t log_file_size(const struct log_file *);

/*
 * What an offset is known by: a hash of the 128 bytes before it; at the very beginning of
 * the file of its first line.  False if they are not there.
 */
bool log_file_hash(const struct log_file *, int64_t offset, uint64_t *hash);
/* Whether the mark may be a place in this file. */
bool log_file_fits(const struct log_file *, const struct log_mark *);
/* The time of its last record, or when it was last written to; INT64_MIN failed. */
int64_t log_file_last_time(const struct log_file *);

/*
 * Unpacks an archive into a file without a name in the directory scratch;
 * path is for messages.  0 or -1.
 */
int log_file_unpack(struct log_file *, const char *path, const char *scratch);

#endif
