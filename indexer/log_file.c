/* SPDX-License-Identifier: MIT */
#include "log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "clock.h"
#include "docker.h"
#include "log.h"
#include "text.h"

#define TAIL_BYTES 128                /* before an offset, by which it is known */
#define HEAD_BYTES 1024               /* in which the first line is looked for */
#define LAST_TIME_SLACK NS_PER_SECOND /* stdout and stderr are written a little out of order */

void
log_file_close(struct log_file *f)
{
	if (f->fd != -1)
		(void)close(f->fd);
	if (f->archive != -1)
		(void)close(f->archive);
	f->fd = f->archive = -1;
}

bool
log_file_open(struct log_file *f, const char *path, int number)
{
	char name[4096];
	struct stat st;

	*f = (struct log_file){.fd = -1, .archive = -1, .size = -1};
	(void)snprintf(name, sizeof name, number == 0 ? "%s" : "%s.%d", path, number);
	f->fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	/* Docker removes the plain file only after the archive is complete. */
	if (f->fd == -1 && errno == ENOENT && number > 0) {
		(void)snprintf(name, sizeof name, "%s.%d.gz", path, number);
		f->archive = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (f->fd == -1 && f->archive == -1) {
		if (errno != ENOENT)
			log_warn("%s", name);
		return false;
	}
	if (fstat(f->fd != -1 ? f->fd : f->archive, &st) == -1 || !S_ISREG(st.st_mode)) {
		log_warnx("%s: not a regular file", name);
		log_file_close(f);
		return false;
	}
	f->inode = st.st_ino;
	return true;
}

int64_t
log_file_size(const struct log_file *f)
{
	struct stat st;

	return fstat(f->fd, &st) == 0 ? st.st_size : -1;
}

/*
 * Reads n bytes at the offset, out of an archive by inflating all before them; returns how many.
 */
static int64_t
read_at(const struct log_file *f, int64_t offset, char *out, size_t n)
{
	int64_t got;
	gzFile z;

	if (f->fd != -1)
		return pread(f->fd, out, n, offset);
	if (lseek(f->archive, 0, SEEK_SET) == -1 || (z = gzdopen(dup(f->archive), "rb")) == NULL)
		return -1;
	got = gzseek(z, offset, SEEK_SET) == -1 ? -1 : gzread(z, out, (unsigned)n);
	(void)gzclose(z);
	return got;
}

bool
log_file_hash(const struct log_file *f, int64_t offset, uint64_t *hash)
{
	char bytes[HEAD_BYTES];
	int64_t n = offset < TAIL_BYTES ? offset : TAIL_BYTES;

	if (offset > 0) {
		if (read_at(f, offset - n, bytes, (size_t)n) != n)
			return false;
	} else {
		const char *newline;

		if ((n = read_at(f, 0, bytes, sizeof bytes)) < 0)
			return false;
		newline = memchr(bytes, '\n', (size_t)n);
		n = newline != NULL ? newline - bytes : n == HEAD_BYTES ? n : 0;
	}
	*hash = text_hash(bytes, (size_t)n);
	return true;
}

/* Whether the archive's header says that it ended before the mark. */
static bool
ended_before(const struct log_file *f, int64_t last_ns)
{
	unsigned char header[1024];
	ssize_t n;
	int64_t last;

	if (f->archive == -1 || (n = pread(f->archive, header, sizeof header, 0)) <= 0)
		return false;
	last = docker_archive_last(header, (size_t)n);
	return last != INT64_MIN && last < last_ns - LAST_TIME_SLACK;
}

bool
log_file_fits(const struct log_file *f, const struct log_mark *mark)
{
	uint64_t hash;

	if (f->fd != -1 && log_file_size(f) < mark->offset)
		return false;
	return !ended_before(f, mark->last_ns) && log_file_hash(f, mark->offset, &hash) &&
	       hash == mark->tail;
}

/* The time of the last record of json-file's among these bytes, or INT64_MIN. */
static int64_t
last_record(const char *bytes, ssize_t n)
{
	static const char key[] = "\"time\":\"";
	const ssize_t len = sizeof key - 1;

	for (ssize_t i = n - len; i >= 0; i--) {
		const char *time = bytes + i + len, *quote;
		int64_t ns;

		if (memcmp(bytes + i, key, (size_t)len) == 0 &&
		    (quote = memchr(time, '"', (size_t)(bytes + n - time))) != NULL &&
		    time_parse(time, (size_t)(quote - time), &ns) == 0)
			return ns;
	}
	return INT64_MIN;
}

int64_t
log_file_last_time(const struct log_file *f)
{
	int fd = f->archive != -1 ? f->archive : f->fd;
	char bytes[4096];
	int64_t ns, size;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return INT64_MIN;
	size = st.st_size > (int64_t)sizeof bytes ? (int64_t)sizeof bytes : st.st_size;
	n = pread(fd, bytes, sizeof bytes, f->archive != -1 ? 0 : st.st_size - size);
	ns = f->archive != -1 && n > 0
		 ? docker_archive_last((const unsigned char *)bytes, (size_t)n)
		 : last_record(bytes, n);
	return ns != INT64_MIN ? ns : st.st_mtim.tv_sec * NS_PER_SECOND + st.st_mtim.tv_nsec;
}

/* A file without a name; not every file system makes one at once. */
static int
open_scratch(const char *scratch)
{
	int fd = open(scratch, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char name[4096];

	if (fd != -1 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	(void)snprintf(name, sizeof name, "%s/unpacked-XXXXXX", scratch);
	if ((fd = mkostemp(name, O_CLOEXEC)) != -1)
		(void)unlink(name);
	return fd;
}

int
log_file_unpack(struct log_file *f, const char *path, const char *scratch)
{
	static char bytes[65536];
	ssize_t written;
	gzFile z;
	int n;

	f->fd = open_scratch(scratch);
	if (f->fd == -1 || lseek(f->archive, 0, SEEK_SET) == -1 ||
	    (z = gzdopen(dup(f->archive), "rb")) == NULL) {
		log_warn("%s: cannot unpack an archive of %s", scratch, path);
		return -1;
	}
	while ((n = gzread(z, bytes, sizeof bytes)) > 0)
		if ((written = write(f->fd, bytes, (size_t)n)) != n) {
			if (written != -1)
				errno = ENOSPC;
			log_warn("%s: cannot unpack an archive of %s", scratch, path);
			(void)gzclose(z);
			return -1;
		}
	if (n < 0)
		log_warnx("%s: an archive is damaged; its beginning is read", path);
	(void)gzclose(z);
	(void)close(f->archive);
	f->archive = -1;
	f->unpacked = true;
	return 0;
}
