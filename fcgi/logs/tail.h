/* SPDX-License-Identifier: MIT */
/*
 * tail: the live tail, many streams of server-sent events fed from one place.
 *
 * Every stream has its own position, the id up to which it has been shown all that
 * passes its filter.  Streams that keep up share one reading of what is new.  One that
 * does not, because its client reads slowly or comes back after a while, goes on
 * from its position and is fed from the store until it has caught up; only when too
 * much lies before it are lines passed over, and it is told by an event gap.
 *
 * The functions beside the handler are the hooks of fcgi_mux.h; the request stands for
 * its stream.
 */
#ifndef LOGS_TAIL_H
#define LOGS_TAIL_H

#include <stdbool.h>

#include "db.h"
#include "req.h"

#define TAIL_TICK_US 50000

/*
 * GET /api/logs/tail: lines as they arrive, those that pass the filter (filter.h, but for
 * since and until).
 *
 *	?last=, Last-Event-ID   the id after which to go on; now, if neither is given
 *
 *	event: log         data: a line as in /api/logs; id: its id
 *	event: heartbeat   data: {}, every 15 s; id: all up to it was looked at
 *	event: gap         data: {"dropped":N,"from":ID,"to":ID}: so many lines, of whatever
 *	                   container, were passed over; /api/logs still has them
 *	event: close       data: {"reason":"max_duration"}, after half an hour, or
 *	                   "shutdown" or "regex": the stream ends
 *
 * 503 with Retry-After if there are TAIL_CLIENTS already.
 */
int tail_open(struct req *);

void tail_tick(struct db *);
bool tail_waiting(const struct req *);
int tail_send(struct req *, size_t room);
void tail_stopping(struct req *, size_t room);
void tail_closed(struct req *);

#endif
