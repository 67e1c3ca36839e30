/* SPDX-License-Identifier: MIT */
/*
 * Waiting under -f: inotify says that a file has grown, a timer that an entry has been
 * silent for long enough.  Where inotify has no watches left, POLL_INTERVAL finds the news.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "ingest.h"
#include "log.h"

#define EVENTS                                                                                     \
	(IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |        \
	    IN_ONLYDIR | IN_MASK_ADD)

int
ingest_start_watching(struct ingest *in, const struct pass *pass)
{
	struct epoll_event readable = {.events = EPOLLIN};

	(void)pass;
	in->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	in->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	in->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (in->inotify == -1 || in->timer == -1 || in->epoll == -1 ||
	    epoll_ctl(in->epoll, EPOLL_CTL_ADD, in->inotify, &readable) == -1 ||
	    epoll_ctl(in->epoll, EPOLL_CTL_ADD, in->timer, &readable) == -1) {
		log_warn("no inotify: log files are looked at every POLL_INTERVAL seconds");
		return -1;
	}
	return in->epoll;
}

static char **
directory_of(struct ingest *in, int wd)
{
	size_t need = ((size_t)wd + 1) * sizeof(char *);

	if (in->watched.len < need) {
		memset(buf_room(&in->watched, need - in->watched.len), 0, need - in->watched.len);
		in->watched.len = need;
	}
	return &((char **)(void *)in->watched.data)[wd];
}

void
ingest_watch_directory(struct ingest *in, const char *dir)
{
	char **slot;
	int wd;

	if (in->inotify == -1)
		return;
	if ((wd = inotify_add_watch(in->inotify, dir, EVENTS)) == -1) {
		/* Gone again, or out of watches: polling is left. */
		if (errno != ENOENT && errno != ENOTDIR)
			log_debug("%s: no watch", dir);
		return;
	}
	slot = directory_of(in, wd);
	if (*slot == NULL || strcmp(*slot, dir) != 0) {
		free(*slot);
		*slot = heap_strdup(dir);
	}
}

static void
take_event(struct ingest *in, const struct inotify_event *e)
{
	char path[PATH_MAX];
	struct tail *t;
	char **slot;

	if (e->mask & IN_Q_OVERFLOW) {
		for (size_t i = 0; i < in->n; i++)
			in->tails[i]->dirty = true;
		in->scan_due = 0;
		return;
	}
	slot = directory_of(in, e->wd);
	if (e->mask & IN_IGNORED) {
		free(*slot);
		*slot = NULL;
		return;
	}
	if (*slot == NULL || e->len == 0)
		return;
	if (snprintf(path, sizeof path, "%s/%s", *slot, e->name) >= (int)sizeof path)
		return;
	if ((t = ingest_find_tail(in, path)) != NULL)
		t->dirty = true;
	else if (!(e->mask & IN_MODIFY) && e->name[0] != '.')
		in->scan_due = 0;
	if (t != NULL && (e->mask & IN_DELETE))
		in->scan_due = 0;
}

void
ingest_take_events(struct ingest *in)
{
	_Alignas(struct inotify_event) char bytes[8192];
	uint64_t ticks;
	ssize_t n;

	if (in->inotify == -1)
		return;
	(void)!read(in->timer, &ticks, sizeof ticks);
	while ((n = read(in->inotify, bytes, sizeof bytes)) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e = (const void *)(bytes + at);

			take_event(in, e);
			at += (ssize_t)(sizeof *e + e->len);
		}
}

void
ingest_wake_at(struct ingest *in, int64_t ns)
{
	struct itimerspec when = {0};
	int64_t left = ns == INT64_MAX ? 0 : ns - clock_now_ns();

	if (in->timer == -1)
		return;
	if (ns != INT64_MAX && left < NS_PER_SECOND / 1000)
		left = NS_PER_SECOND / 1000;
	when.it_value.tv_sec = left / NS_PER_SECOND;
	when.it_value.tv_nsec = left % NS_PER_SECOND;
	(void)timerfd_settime(in->timer, 0, &when, NULL);
}
