/* SPDX-License-Identifier: MIT */
/*
 * fcgi_inside: what the files that know FastCGI share, and nobody else includes.
 *
 *	fcgi.c          the process, which answers one request at a time
 *	fcgi_mux.c      the process of many streams at a time
 *	fcgi_request.c  the transport under struct req
 */
#ifndef FCGI_INSIDE_H
#define FCGI_INSIDE_H

#include <signal.h>
#include <stdbool.h>

#include "app.h"

struct FCGX_Request;

/*
 * Options, configuration, database, signals, sandbox: all up to the first request.  Does
 * not return if there is nothing to serve.  *waiting is the mask under which ppoll()
 * lets in the signals that end us.
 */
struct db *fcgi_start(struct app *, int argc, char *argv[], sigset_t *waiting);
/* The other end of that: lets the service finish, and closes the database. */
void fcgi_end(const struct app *, struct db *);
/* Makes descriptor 0 the socket to accept from, without waiting. */
void fcgi_listen(struct FCGX_Request *);
/* Accepts a request that is there; false if it has gone. */
bool fcgi_accept(struct FCGX_Request *);
/* A request to be filled again and again, with an arena of its own that keeps so many bytes. */
struct req fcgi_request(const struct app *, struct db *, size_t keep);
/* Reads the accepted request, lets the service answer it, writes the reply unless it streams. */
void fcgi_serve(struct req *, struct FCGX_Request *);
/*
 * Calls the service's tend if it is time.  Returns for how long to wait until it is again, in
 * *wait, or NULL for ever.
 */
const struct timespec *fcgi_tend(const struct app *, struct timespec *wait);

#endif
