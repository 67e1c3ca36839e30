/* SPDX-License-Identifier: MIT */
/*
 * Measured with lighttpd 1.4.69 and libfcgi 2.4.2:
 *
 *  - lighttpd sends no word when a client goes, but with "tcp-fin-propagate" it closes
 *    its side at once: POLLRDHUP, within 2 ms.
 *  - libfcgi cannot go on with a write that was cut short by a full socket.  So a
 *    stream sends only when poll() says POLLOUT, which on a unix socket means that three
 *    quarters of its buffer (some 160 KiB) are free, and then at most ROOM.
 *  - Even a stream whose client has gone is ended by FCGX_Finish_r(): lighttpd takes
 *    a bare close for the death of this process, and logs it.
 */
#include "fcgi_mux.h"

#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

#include "clock.h"
#include "fcgi_inside.h"
#include "process.h"

#define ROOM ((size_t)32768)
/* Little: there is a request for each stream, and what it keeps lies idle. */
#define ARENA_KEEP ((size_t)2048)

struct slot {
	FCGX_Request fcgx;
	struct req rq;
	bool open;
};

struct mux {
	const struct fcgi_streams *streams;
	struct app *app;
	struct db *db;
	struct slot *slots; /* one more than streams: for who is refused */
	struct pollfd *polled;
	size_t *polled_slots; /* whose descriptor it is; by place in polled */
	size_t n, nopen;
	int64_t next_tick_us;
};

/* ---- the life of a stream ----------------------------------------------------------- */

static void
close_stream(struct mux *m, struct slot *slot)
{
	m->streams->closed(&slot->rq);
	FCGX_Finish_r(&slot->fcgx);
	slot->open = false;
	m->nopen--;
}

static struct slot *
free_slot(struct mux *m)
{
	size_t i = 0;

	while (m->slots[i].open)
		i++;
	return &m->slots[i];
}

static void
accept_one(struct mux *m)
{
	struct slot *slot = free_slot(m);

	(void)FCGX_InitRequest(&slot->fcgx, 0, 0);
	if (!fcgi_accept(&slot->fcgx))
		return;
	if (slot->rq.mem == NULL)
		slot->rq = fcgi_request(m->app, m->db, ARENA_KEEP);
	slot->rq.streaming = false;
	fcgi_serve(&slot->rq, &slot->fcgx);
	if (!slot->rq.streaming) {
		FCGX_Finish_r(&slot->fcgx);
		return;
	}
	(void)fcntl(slot->fcgx.ipcFd, F_SETFL, fcntl(slot->fcgx.ipcFd, F_GETFL) | O_NONBLOCK);
	slot->open = true;
	m->nopen++;
}

/* ---- the loop -------------------------------------------------------------------------- */

/* Lists what is to be waited for; returns how many. */
static size_t
list_polled(struct mux *m)
{
	size_t n = 1;

	m->polled[0] = (struct pollfd){.fd = 0, .events = POLLIN};
	for (size_t i = 0; i < m->n; i++) {
		struct slot *slot = &m->slots[i];

		if (!slot->open)
			continue;
		m->polled[n] = (struct pollfd){.fd = slot->fcgx.ipcFd, .events = POLLRDHUP};
		if (m->streams->waiting(&slot->rq))
			m->polled[n].events |= POLLOUT;
		m->polled_slots[n++] = i;
	}
	return n;
}

static void
wait_for_something(struct mux *m, const sigset_t *waiting)
{
	int64_t us = m->next_tick_us - clock_mono_us();
	struct timespec left, wait;
	size_t n = list_polled(m);

	if (us < 0)
		us = 0;
	left = (struct timespec){us / 1000000, us % 1000000 * 1000};
	if (ppoll(m->polled, n, m->nopen > 0 ? &left : fcgi_tend(m->app, &wait), waiting) <= 0)
		return;
	for (size_t i = 1; i < n; i++) {
		struct slot *slot = &m->slots[m->polled_slots[i]];
		short seen = m->polled[i].revents;

		if (seen & (POLLHUP | POLLRDHUP | POLLERR))
			close_stream(m, slot);
		else if ((seen & POLLOUT) && m->streams->send(&slot->rq, ROOM) == -1)
			close_stream(m, slot);
	}
	if (m->polled[0].revents & POLLIN)
		accept_one(m);
}

static void
serve(struct mux *m, const sigset_t *waiting)
{
	fcgi_listen(&m->slots[0].fcgx);
	while (!process_stopping()) {
		wait_for_something(m, waiting);
		if (m->nopen == 0 || clock_mono_us() < m->next_tick_us)
			continue;
		m->streams->tick(m->db);
		m->next_tick_us = clock_mono_us() + m->streams->tick_us;
	}
	for (size_t i = 0; i < m->n; i++)
		if (m->slots[i].open) {
			m->streams->stopping(&m->slots[i].rq, ROOM);
			close_stream(m, &m->slots[i]);
		}
}

int
fcgi_mux_main(struct app *app, const struct fcgi_streams *streams, int argc, char *argv[])
{
	struct mux m = {.streams = streams, .app = app};
	sigset_t waiting;

	m.db = fcgi_start(app, argc, argv, &waiting);
	m.n = (size_t)*streams->max + 1;
	m.slots = heap_alloc(m.n * sizeof *m.slots);
	m.polled = heap_alloc((m.n + 1) * sizeof *m.polled);
	m.polled_slots = heap_alloc((m.n + 1) * sizeof *m.polled_slots);
	serve(&m, &waiting);
	for (size_t i = 0; i < m.n; i++) {
		arena_free(m.slots[i].rq.mem);
		buf_free(&m.slots[i].rq.out);
	}
	free(m.polled_slots);
	free(m.polled);
	free(m.slots);
	fcgi_end(app, m.db);
	return 0;
}
