/* SPDX-License-Identifier: MIT */
/*
 * The lock files beside a database.  flock() queues its waiters in order, which
 * SQLite's own wait does not, and the kernel lets go of it when a process dies.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "db_inside.h"
#include "log.h"

/* Opens path with a suffix, for locking; made if need be. */
int
db_open_beside(const char *path, const char *suffix)
{
	char name[4096];
	int fd;

	if (snprintf(name, sizeof name, "%s%s", path, suffix) >= (int)sizeof name) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		log_warn("%s", name);
	return fd;
}

static void
on_alarm(int sig)
{
	(void)sig;
}

/*
 * Waits for the lock file at most so long.  A timer whose handler does nothing
 * breaks the wait when that is over, and not before: who asks again is the last in the
 * queue.  It repeats, so that a tick just before the call is not the only one.
 */
static int
wait_for_lock(int fd, int64_t wait_us)
{
	struct sigaction alarm_action = {.sa_handler = on_alarm}, old;
	struct itimerval tick = {{0, 100000}, {wait_us / 1000000, wait_us % 1000000}};
	struct itimerval off = {{0, 0}, {0, 0}};
	int64_t until;
	int st;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	until = clock_mono_us() + wait_us;
	(void)sigaction(SIGALRM, &alarm_action, &old);
	(void)setitimer(ITIMER_REAL, &tick, NULL);
	do {
		st = flock(fd, LOCK_EX);
	} while (st == -1 && errno == EINTR && clock_mono_us() < until);
	(void)setitimer(ITIMER_REAL, &off, NULL);
	(void)sigaction(SIGALRM, &old, NULL);
	return st;
}

/* A database in memory has no lock file and needs none. */
int
db_lock_file(struct db *db, int64_t wait_us)
{
	if (db->lock_fd == -1)
		return 0;
	if (wait_for_lock(db->lock_fd, wait_us) == -1) {
		db->fault = DB_LOCKED;
		return DB_FAILED;
	}
	db->locked = true;
	return 0;
}

void
db_unlock_file(struct db *db)
{
	if (db->locked)
		(void)flock(db->lock_fd, LOCK_UN);
	db->locked = false;
}

/*
 * In WAL mode a connection holds SQLite's shared lock on the file for as long as it lives:
 * 510 bytes, two behind 2^30 (the file format's, sqlite.org/fileformat2.html#the_lock_byte_page).
 */
bool
db_is_open(const char *path)
{
	struct flock shared = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (1 << 30) + 2, .l_len = 510};
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	bool held = fd != -1 && fcntl(fd, F_GETLK, &shared) == 0 && shared.l_type != F_UNLCK;

	if (fd != -1)
		(void)close(fd);
	return held;
}

int
db_job_lock(const char *path, const char *job)
{
	char suffix[64];
	int fd;

	(void)snprintf(suffix, sizeof suffix, "-%s", job);
	fd = db_open_beside(path, suffix);
	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == -1) {
		(void)close(fd);
		errno = EWOULDBLOCK;
		return -1;
	}
	return fd;
}

void
db_job_unlock(int fd)
{
	if (fd != -1)
		(void)close(fd);
}
