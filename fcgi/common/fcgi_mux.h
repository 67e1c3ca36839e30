/* SPDX-License-Identifier: MIT */
/*
 * fcgi_mux: a responder whose replies stay open, many at a time in one process.
 *
 * A handler that writes its reply by req_stream() opens a stream.  From then on the
 * request with its arena belongs to the stream, until closed() was called for it.  All
 * is done in one poll loop: nothing here may wait.
 */
#ifndef FCGI_MUX_H
#define FCGI_MUX_H

#include <stdbool.h>
#include <stdint.h>

#include "app.h"

/* What the service does with its streams. */
struct fcgi_streams {
	const int64_t *max; /* how many; read once the configuration is loaded */
	int64_t tick_us;    /* how often tick() is called while there are any */
	void (*tick)(struct db *);
	/* Whether the stream has something to send, or is to be ended. */
	bool (*waiting)(const struct req *);
	/* It can send room bytes by req_stream() without waiting.  -1 ends the stream. */
	int (*send)(struct req *, size_t room);
	/* The process ends: the same for a last word. */
	void (*stopping)(struct req *, size_t room);
	/* The stream is closed; the request is about to be used for another. */
	void (*closed)(struct req *);
};

/* The whole main() of such a responder; options as in fcgi.h. */
int fcgi_mux_main(struct app *, const struct fcgi_streams *, int argc, char *argv[]);

#endif
