/* SPDX-License-Identifier: MIT */
/*
 * route: the table of what a service answers.  A row says everything about an
 * endpoint: method, path, who may ask, how large a body, who answers.
 */
#ifndef ROUTE_H
#define ROUTE_H

#include <stddef.h>

#include "req.h"

enum access {
	ACCESS_OPEN,    /* no key, no limit: health and sign-in */
	ACCESS_READ,    /* the service's key or a signed-in page */
	ACCESS_TAIL,    /* the same, or ?api_key=: an EventSource cannot send a header */
	ACCESS_WRITE,   /* the same; a page must also show its own Origin */
	ACCESS_INGEST,  /* the service's key, INGEST_API_KEY or the relay; the larger limit */
	ACCESS_SERVICE, /* the service's own gate decides (DSN keys and CORS) */
};

#define BODY_NONE ((size_t)4096)     /* a body is not looked at; this much is borne */
#define BODY_SMALL ((size_t)65536)   /* a form's worth of JSON */
#define BODY_CONFIGURED ((size_t)-1) /* MAX_BODY_SIZE */

struct route {
	enum method method;
	const char *path; /* {} stands for one segment */
	enum access access;
	size_t max_body;
	int (*handler)(struct req *);
};

/*
 * Finds the row for the request's method and path; sets its params.  HEAD finds
 * GET.  Returns NULL if there is none; *allowed then names the methods that the
 * path does have, as an Allow header wants them, or is NULL.
 */
const struct route *route_find(struct req *, const struct route *, size_t n, const char **allowed);
/* "GET", "POST", ... */
const char *method_name(enum method);
enum method method_parse(const char *);

#endif
