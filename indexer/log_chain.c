/* SPDX-License-Identifier: MIT */
/*
 * Opening goes from the newest file to the oldest: whatever rotates meanwhile moves files
 * to where we have not looked yet, so that one is at worst met twice, never missed.
 */
#include "log_chain.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "log.h"

#define ARCHIVES_MAX 100
#define RETRIES 5
#define ROTATION_NS (NS_PER_SECOND / 50) /* between unlinking the old file and making the new one */

struct chain {
	char *path;
	char *scratch;
	struct log_file *files; /* the oldest first, the live one last */
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

void
chain_close(struct chain *c)
{
	for (size_t i = c->first; i < c->n; i++)
		log_file_close(&c->files[i]);
	free(c->files);
	c->files = NULL;
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

/* ---- finding them ---------------------------------------------------------------- */

/*
 * Opens the live file and up to most predecessors, the newest first; returns how many.  While
 * files are being renamed one number is missing, so it takes two to be the end.
 */
static size_t
open_all(struct chain *c, struct log_file *found, size_t most)
{
	size_t n = 0;

	for (int number = 0, missing = 0; n < most && number < ARCHIVES_MAX && missing < 2;
	     number++) {
		bool seen = false;

		if (!log_file_open(&found[n], c->path, number)) {
			if (number == 0)
				break;
			missing++;
			continue;
		}
		missing = 0;
		for (size_t i = 0; i < n; i++)
			seen |= found[i].inode == found[n].inode;
		if (seen)
			log_file_close(&found[n]);
		else
			n++;
	}
	return n;
}

/* Whether PATH is still that file; what rotated while we looked shows here. */
static bool
is_live(const struct chain *c, const struct log_file *f)
{
	struct stat st;

	return stat(c->path, &st) == 0 && st.st_ino == f->inode;
}

/* Takes the newest n of what was found, the oldest first, and closes the others. */
static void
take(struct chain *c, struct log_file *found, size_t nfound, size_t n)
{
	for (size_t i = n; i < nfound; i++)
		log_file_close(&found[i]);
	if (n > 0)
		c->files = heap_resize(c->files, (c->n + n) * sizeof *c->files);
	for (size_t i = n; i > 0; i--)
		c->files[c->n++] = found[i - 1];
}

/* Divides what was found by the mark: *n files are to be read. */
static enum chain_fit
compare(const struct log_file *found, size_t nfound, const struct log_mark *mark, size_t *n)
{
	*n = nfound;
	if (mark == NULL)
		return CHAIN_FRESH;
	for (size_t i = 0; i < nfound; i++)
		if (log_file_fits(&found[i], mark)) {
			*n = i + 1;
			return i > 0 && found[i].fd != -1 && found[i].inode != mark->inode &&
				       found[0].inode == mark->inode
				   ? CHAIN_COPIED
				   : CHAIN_GOES_ON;
		}
	/*
	 * The live file is read in any case.  If it is still the marked one it was cut; else what
	 * ended before the mark was read.
	 */
	for (*n = 1; found[0].inode != mark->inode && *n < nfound &&
		     log_file_last_time(&found[*n]) > mark->last_ns;)
		(*n)++;
	return CHAIN_LOST;
}

enum chain_fit
chain_open(struct chain *c, const struct log_mark *mark)
{
	struct log_file found[ARCHIVES_MAX];
	enum chain_fit fit = CHAIN_ABSENT;
	size_t nfound, n;

	chain_close(c);
	for (int retry = 0; retry < RETRIES; retry++) {
		/* Nearly always the live file is the one, and no other need be looked at. */
		nfound = open_all(c, found, 1);
		if (nfound == 0)
			return CHAIN_ABSENT;
		if (mark == NULL || !log_file_fits(&found[0], mark)) {
			log_file_close(&found[0]);
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

/* ---- news ------------------------------------------------------------------------ */

/*
 * Whether the live file was made right after the one we hold was unlinked: none was in between.
 */
static bool
follows_at_once(const struct log_file *old, const struct log_file *live)
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
	const struct log_file *held = &c->files[c->n - 1];
	struct log_mark end = {
	    .inode = held->inode, .offset = log_file_size(held), .last_ns = INT64_MIN};
	struct log_file found[ARCHIVES_MAX];
	enum chain_news news = CHAIN_ROTATED;
	size_t nfound = open_all(c, found, ARCHIVES_MAX), n = 0;

	while (n < nfound && found[n].inode != held->inode)
		n++;
	/*
	 * Not there any more by its number: compressed meanwhile, unlinked, or gone with others.
	 */
	if (n == nfound && nfound > 0 && end.offset > 0 &&
	    log_file_hash(held, end.offset, &end.tail)) {
		end.last_ns = log_file_last_time(held);
		if (compare(found, nfound, &end, &n) != CHAIN_LOST) {
			/* The live file itself: replaced by a copy of what it was. */
			if (--n == 0) {
				take(c, found, nfound, 0);
				return CHAIN_CUT;
			}
		} else if (!(nfound == 1 && follows_at_once(held, &found[0])))
			news = CHAIN_BROKEN;
	}
	if (nfound == 0 || !is_live(c, &found[0])) {
		take(c, found, nfound, 0);
		return CHAIN_GONE;
	}
	if (news == CHAIN_BROKEN)
		c->loss = c->n;
	take(c, found, nfound, n);
	return news;
}

enum chain_news
chain_look(struct chain *c, int64_t read_to, const struct log_mark *mark)
{
	struct log_file *held = &c->files[c->n - 1];
	struct stat st;

	if (stat(c->path, &st) == -1)
		return CHAIN_GONE;
	if (st.st_ino != held->inode || held->fd == -1)
		return add_newer(c);
	/* Cut and grown beyond what was read shows in the bytes alone. */
	if (st.st_size < read_to - held->base ||
	    (mark != NULL && mark->inode == held->inode && !log_file_fits(held, mark)))
		return CHAIN_CUT;
	return CHAIN_SAME;
}

/* ---- reading --------------------------------------------------------------------- */

/* The file that holds the offset, with its base known; one before the last has its final size. */
static struct log_file *
file_at(struct chain *c, int64_t offset)
{
	for (size_t i = c->first;; i++) {
		struct log_file *f = &c->files[i];

		if (f->fd == -1 && log_file_unpack(f, c->path, c->scratch) == -1) {
			log_file_close(f);
			return NULL;
		}
		if (i + 1 == c->n)
			return f;
		f->size = log_file_size(f);
		c->files[i + 1].base = f->base + f->size;
		if (offset < f->base + f->size)
			return f;
	}
}

int64_t
chain_read(struct chain *c, int64_t offset, char *out, size_t len)
{
	struct log_file *f = file_at(c, offset);
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
		log_file_close(&c->files[c->first++]);
	return log_file_size(&c->files[c->first]);
}

/*
 * At the very beginning of a file there are no bytes to know it by, so the end of the
 * file before stands for it.
 */
int
chain_mark(struct chain *c, int64_t offset, struct log_mark *mark, int64_t *base)
{
	struct log_file *f = file_at(c, offset > 0 ? offset - 1 : 0);

	if (f == NULL)
		return -1;
	*base = f->base;
	mark->inode = f->inode;
	mark->offset = offset - f->base;
	if (log_file_hash(f, mark->offset, &mark->tail))
		return 0;
	log_warnx("%s: changed while it was read", c->path);
	return -1;
}

bool
chain_is_nameless(struct chain *c, int64_t offset)
{
	const struct log_file *f = file_at(c, offset);
	struct stat st;

	return f != NULL && f != &c->files[c->n - 1] && !f->unpacked && fstat(f->fd, &st) == 0 &&
	       st.st_nlink == 0;
}

void
chain_drop_before(struct chain *c, int64_t offset)
{
	while (c->first + 1 < c->n && c->files[c->first].size >= 0 &&
	       c->files[c->first].base + c->files[c->first].size < offset)
		log_file_close(&c->files[c->first++]);
}
