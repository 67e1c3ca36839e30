/* SPDX-License-Identifier: MIT */
/*
 * Opening goes from the newest file to the oldest: whatever rotates meanwhile moves files
 * to where we have not looked yet, so that one is at worst met twice, never missed.
 */
#include "log_chain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "arena.h"
#include "clock.h"
#include "docker.h"
#include "log.h"
#include "text.h"

#define ARCHIVES_MAX 100
#define CHAIN_HEAD 1024 /* bytes in which the first line is looked for */
#define RETRIES 5
#define LAST_TIME_SLACK NS_PER_SECOND    /* stdout and stderr are written a little out of order */
#define ROTATION_NS (NS_PER_SECOND / 50) /* between unlinking the old file and making the new one */

struct file {
	int fd;       /* plain, or unpacked */
	int archive;  /* the .gz, until it is unpacked; else -1 */
	int64_t base; /* offset in the chain; only of files up to the one being read */
	int64_t size; /* of one that no longer grows; -1: not yet asked */
	uint64_t inode;
	bool unpacked; /* fd never had a name */
};

struct chain {
	char *path;
	char *scratch;
	struct file files[ARCHIVES_MAX + 1];
	size_t n;
	size_t first; /* files before it are closed */
	size_t loss;  /* the file before which lines are missing */
};

struct chain *
chain_new(const char *path, const char *scratch)
{
	struct chain *c = heap_alloc(sizeof *c);

	c->path = heap_strdup(path);
	c->scratch = heap_strdup(scratch);
	return c;
}

static void
close_file(struct file *f)
{
	if (f->fd != -1)
		(void)close(f->fd);
	if (f->archive != -1)
		(void)close(f->archive);
	f->fd = f->archive = -1;
}

void
chain_close(struct chain *c)
{
	for (size_t i = c->first; i < c->n; i++)
		close_file(&c->files[i]);
	c->n = c->first = 0;
}

void
chain_free(struct chain *c)
{
	if (c == NULL)
		return;
	chain_close(c);
	free(c->path);
	free(c->scratch);
	free(c);
}

bool
chain_is_open(const struct chain *c)
{
	return c->n > 0;
}

/* ---- single files ----------------------------------------------------------------- */

/* Opens PATH (number 0), or PATH.number, or PATH.number.gz; false if there is none. */
static bool
open_file(const struct chain *c, int number, struct file *f)
{
	char name[4096];
	struct stat st;

	*f = (struct file){.fd = -1, .archive = -1, .size = -1};
	(void)snprintf(name, sizeof name, number == 0 ? "%s" : "%s.%d", c->path, number);
	f->fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	/* Docker removes the plain file only after the archive is complete. */
	if (f->fd == -1 && errno == ENOENT && number > 0) {
		(void)snprintf(name, sizeof name, "%s.%d.gz", c->path, number);
		f->archive = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (f->fd == -1 && f->archive == -1) {
		if (errno != ENOENT)
			log_warn("%s", name);
		return false;
	}
	if (fstat(f->fd != -1 ? f->fd : f->archive, &st) == -1 || !S_ISREG(st.st_mode)) {
		log_warnx("%s: not a regular file", name);
		close_file(f);
		return false;
	}
	f->inode = st.st_ino;
	return true;
}

static int64_t
size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_size : -1;
}

/* Reads n bytes at the offset, out of an archive by inflating all before them; returns how many. */
static int64_t
read_at(const struct file *f, int64_t offset, char *out, size_t n)
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

/*
 * What an offset is known by: the bytes before it; at the very beginning of the file its
 * first line.  False if they are not there.
 */
static bool
hash_at(const struct file *f, int64_t offset, uint64_t *hash)
{
	char bytes[CHAIN_HEAD];
	int64_t n = offset < CHAIN_TAIL ? offset : CHAIN_TAIL;

	if (offset > 0) {
		if (read_at(f, offset - n, bytes, (size_t)n) != n)
			return false;
	} else {
		const char *newline;

		if ((n = read_at(f, 0, bytes, sizeof bytes)) < 0)
			return false;
		newline = memchr(bytes, '\n', (size_t)n);
		n = newline != NULL ? newline - bytes : n == CHAIN_HEAD ? n : 0;
	}
	*hash = text_hash(bytes, (size_t)n);
	return true;
}

/* Whether the archive's header says that it ended before the mark. */
static bool
ended_before(const struct file *f, int64_t last_ns)
{
	unsigned char header[1024];
	ssize_t n;
	int64_t last;

	if (f->archive == -1 || (n = pread(f->archive, header, sizeof header, 0)) <= 0)
		return false;
	last = docker_archive_last(header, (size_t)n);
	return last != INT64_MIN && last < last_ns - LAST_TIME_SLACK;
}

static bool
fits(const struct file *f, const struct chain_mark *mark)
{
	uint64_t hash;

	if (f->fd != -1 && size_of(f->fd) < mark->offset)
		return false;
	return !ended_before(f, mark->last_ns) && hash_at(f, mark->offset, &hash) &&
	       hash == mark->tail;
}

/* The time of the last record of a file, or INT64_MIN; plain ones by their end. */
static int64_t
last_time(const struct file *f)
{
	unsigned char header[1024];
	char end[4096];
	int64_t size, ns;
	ssize_t n;

	if (f->archive != -1)
		return (n = pread(f->archive, header, sizeof header, 0)) > 0
			   ? docker_archive_last(header, (size_t)n)
			   : INT64_MIN;
	size = size_of(f->fd);
	n = pread(
	    f->fd, end, sizeof end, size > (int64_t)sizeof end ? size - (int64_t)sizeof end : 0);
	for (ssize_t i = n - 8; i >= 0; i--) {
		const char *quote;

		if (memcmp(end + i, "\"time\":\"", 8) != 0)
			continue;
		quote = memchr(end + i + 8, '"', (size_t)(n - i - 8));
		if (quote != NULL &&
		    time_parse(end + i + 8, (size_t)(quote - end - i - 8), &ns) == 0)
			return ns;
	}
	return INT64_MIN;
}

/* ---- finding them --------------------------------------------------------------------- */

/* Opens the live file and up to most predecessors, the newest first; returns how many. */
static size_t
open_all(struct chain *c, struct file *found, size_t most)
{
	size_t n = 0;

	for (int number = 0; n < most && number < ARCHIVES_MAX; number++) {
		bool seen = false;

		if (!open_file(c, number, &found[n]))
			break;
		for (size_t i = 0; i < n; i++)
			seen |= found[i].inode == found[n].inode;
		if (seen)
			close_file(&found[n]);
		else
			n++;
	}
	return n;
}

/* Whether PATH is still that file; what rotated while we looked shows here. */
static bool
is_live(const struct chain *c, const struct file *f)
{
	struct stat st;

	return stat(c->path, &st) == 0 && st.st_ino == f->inode;
}

/* Takes the newest n of what was found, the oldest first, and closes the others. */
static void
take(struct chain *c, struct file *found, size_t nfound, size_t n)
{
	for (size_t i = n; i < nfound; i++)
		close_file(&found[i]);
	for (size_t i = n; i > 0; i--)
		c->files[c->n++] = found[i - 1];
}

/* Divides what was found by the mark: *n files are to be read. */
static enum chain_fit
compare(const struct file *found, size_t nfound, const struct chain_mark *mark, size_t *n)
{
	*n = nfound;
	if (mark == NULL)
		return CHAIN_FRESH;
	for (size_t i = 0; i < nfound; i++)
		if (fits(&found[i], mark)) {
			*n = i + 1;
			return i > 0 && found[i].fd != -1 && found[i].inode != mark->inode &&
				       found[0].inode == mark->inode
				   ? CHAIN_COPIED
				   : CHAIN_GOES_ON;
		}
	/* What ended before the mark was read; the live file is read in any case. */
	for (*n = 1; *n < nfound && last_time(&found[*n]) > mark->last_ns;)
		(*n)++;
	return CHAIN_LOST;
}

enum chain_fit
chain_open(struct chain *c, const struct chain_mark *mark)
{
	struct file found[ARCHIVES_MAX];
	enum chain_fit fit = CHAIN_ABSENT;
	size_t nfound, n;

	chain_close(c);
	for (int retry = 0; retry < RETRIES; retry++) {
		/* Nearly always the live file is the one, and no other need be looked at. */
		nfound = open_all(c, found, 1);
		if (nfound == 0)
			return CHAIN_ABSENT;
		if (mark == NULL || !fits(&found[0], mark)) {
			close_file(&found[0]);
			nfound = open_all(c, found, ARCHIVES_MAX);
		}
		if (nfound == 0)
			return CHAIN_ABSENT;
		fit = compare(found, nfound, mark, &n);
		if (is_live(c, &found[0])) {
			take(c, found, nfound, n);
			c->loss = fit == CHAIN_COPIED;
			return fit;
		}
		take(c, found, nfound, 0);
	}
	return CHAIN_ABSENT;
}

/* ---- news ------------------------------------------------------------------------------ */

/* Whether the live file was made right after the one we hold was unlinked: none was in between. */
static bool
follows_at_once(const struct file *old, const struct file *live)
{
	struct statx new_times, old_times;
	int64_t made, unlinked;

	if (statx(live->fd, "", AT_EMPTY_PATH, STATX_BTIME, &new_times) == -1 ||
	    statx(old->fd, "", AT_EMPTY_PATH, STATX_CTIME | STATX_NLINK, &old_times) == -1 ||
	    !(new_times.stx_mask & STATX_BTIME) || old_times.stx_nlink > 0)
		return false;
	made = new_times.stx_btime.tv_sec * NS_PER_SECOND + new_times.stx_btime.tv_nsec;
	unlinked = old_times.stx_ctime.tv_sec * NS_PER_SECOND + old_times.stx_ctime.tv_nsec;
	return made >= unlinked - ROTATION_NS && made - unlinked < ROTATION_NS;
}

/* Adds what is newer than the file we hold, which was read to its end. */
static enum chain_news
add_newer(struct chain *c)
{
	const struct file *held = &c->files[c->n - 1];
	struct chain_mark end = {
	    .inode = held->inode, .offset = size_of(held->fd), .last_ns = INT64_MIN};
	struct file found[ARCHIVES_MAX];
	enum chain_news news = CHAIN_ROTATED;
	size_t nfound = open_all(c, found, ARCHIVES_MAX), n = 0;

	while (n < nfound && found[n].inode != held->inode)
		n++;
	/* Not there any more by its number: compressed meanwhile, unlinked, or gone with others. */
	if (n == nfound && nfound > 0 && end.offset > 0 && hash_at(held, end.offset, &end.tail)) {
		end.last_ns = last_time(held);
		if (compare(found, nfound, &end, &n) != CHAIN_LOST) {
			/* The live file itself: replaced by a copy of what it was. */
			if (--n == 0) {
				take(c, found, nfound, 0);
				return CHAIN_CUT;
			}
		} else if (!(nfound == 1 && follows_at_once(held, &found[0])))
			news = CHAIN_BROKEN;
	}
	if (nfound == 0 || !is_live(c, &found[0]) || c->n + n > ARCHIVES_MAX + 1) {
		take(c, found, nfound, 0);
		return CHAIN_GONE;
	}
	if (news == CHAIN_BROKEN)
		c->loss = c->n;
	take(c, found, nfound, n);
	return news;
}

enum chain_news
chain_look(struct chain *c, int64_t read_to, const struct chain_mark *mark)
{
	struct file *held = &c->files[c->n - 1];
	struct stat st;

	if (stat(c->path, &st) == -1)
		return CHAIN_GONE;
	if (st.st_ino != held->inode || held->fd == -1)
		return add_newer(c);
	/* Cut and grown beyond what was read shows in the bytes alone. */
	if (st.st_size < read_to - held->base ||
	    (mark != NULL && mark->inode == held->inode && !fits(held, mark)))
		return CHAIN_CUT;
	return CHAIN_SAME;
}

/* ---- reading ----------------------------------------------------------------------------- */

/* A file without a name; not every file system makes one at once. */
static int
open_scratch(const struct chain *c)
{
	int fd = open(c->scratch, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char name[4096];

	if (fd != -1 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	(void)snprintf(name, sizeof name, "%s/unpacked-XXXXXX", c->scratch);
	if ((fd = mkostemp(name, O_CLOEXEC)) != -1)
		(void)unlink(name);
	return fd;
}

/* Unpacks an archive into a file without a name. */
static int
unpack(const struct chain *c, struct file *f)
{
	static char bytes[65536];
	gzFile z;
	int n;

	f->fd = open_scratch(c);
	if (f->fd == -1 || lseek(f->archive, 0, SEEK_SET) == -1 ||
	    (z = gzdopen(dup(f->archive), "rb")) == NULL) {
		log_warn("%s: cannot unpack an archive of %s", c->scratch, c->path);
		return -1;
	}
	while ((n = gzread(z, bytes, sizeof bytes)) > 0)
		if (write(f->fd, bytes, (size_t)n) != n) {
			log_warn("%s: cannot unpack an archive of %s", c->scratch, c->path);
			(void)gzclose(z);
			return -1;
		}
	if (n < 0)
		log_warnx("%s: an archive is damaged; its beginning is read", c->path);
	(void)gzclose(z);
	(void)close(f->archive);
	f->archive = -1;
	f->unpacked = true;
	return 0;
}

/* The file that holds the offset, with its base known; one before the last has its final size. */
static struct file *
file_at(struct chain *c, int64_t offset)
{
	for (size_t i = c->first;; i++) {
		struct file *f = &c->files[i];

		if (f->fd == -1 && unpack(c, f) == -1) {
			close_file(f);
			return NULL;
		}
		if (i + 1 == c->n)
			return f;
		f->size = size_of(f->fd);
		c->files[i + 1].base = f->base + f->size;
		if (offset < f->base + f->size)
			return f;
	}
}

int64_t
chain_read(struct chain *c, int64_t offset, char *out, size_t len)
{
	struct file *f = file_at(c, offset);
	ssize_t n;

	if (f == NULL)
		return -1;
	if (f->size >= 0 && (int64_t)len > f->base + f->size - offset)
		len = (size_t)(f->base + f->size - offset);
	n = pread(f->fd, out, len, offset - f->base);
	if (n == -1)
		log_warn("%s", c->path);
	return n;
}

bool
chain_at_end_of_file(struct chain *c, int64_t offset)
{
	for (size_t i = c->first; i + 1 < c->n; i++)
		if (c->files[i].size >= 0 && c->files[i].base + c->files[i].size == offset)
			return true;
	return false;
}

bool
chain_is_past_loss(const struct chain *c, int64_t offset)
{
	return c->loss == 0 || (c->loss < c->n && c->files[c->loss - 1].size >= 0 &&
				   offset >= c->files[c->loss].base);
}

int64_t
chain_only_live(struct chain *c)
{
	while (c->first + 1 < c->n)
		close_file(&c->files[c->first++]);
	return size_of(c->files[c->first].fd);
}

int64_t
chain_left(struct chain *c, int64_t offset)
{
	struct file *f = c->n > 0 ? file_at(c, offset) : NULL;
	int64_t left = f != NULL ? f->base + size_of(f->fd) - offset : 0;

	return left > 0 ? left : 0;
}

/*
 * At the very beginning of a file there are no bytes to know it by, so the end of the
 * file before stands for it.
 */
int
chain_mark(struct chain *c, int64_t offset, struct chain_mark *mark, int64_t *base)
{
	struct file *f = file_at(c, offset > 0 ? offset - 1 : 0);

	if (f == NULL)
		return -1;
	*base = f->base;
	mark->inode = f->inode;
	mark->offset = offset - f->base;
	if (hash_at(f, mark->offset, &mark->tail))
		return 0;
	log_warnx("%s: changed while it was read", c->path);
	return -1;
}

bool
chain_is_nameless(struct chain *c, int64_t offset)
{
	const struct file *f = file_at(c, offset);
	struct stat st;

	return f != NULL && f != &c->files[c->n - 1] && !f->unpacked && fstat(f->fd, &st) == 0 &&
	       st.st_nlink == 0;
}

void
chain_drop_before(struct chain *c, int64_t offset)
{
	while (c->first + 1 < c->n && c->files[c->first].size >= 0 &&
	       c->files[c->first].base + c->files[c->first].size < offset)
		close_file(&c->files[c->first++]);
}
