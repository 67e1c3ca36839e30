/* SPDX-License-Identifier: MIT */
/*
 * req: one request and the reply that is staged for it.
 *
 * A handler asks for what it wants, computes, uses the database, stages one
 * reply and returns its status.  The want_ functions either give the value or
 * stage the refusal: the handler only returns what they returned.
 *
 *	if ((st = want_json(rq, &doc)) != 0 || (st = want_id(rq, 0, &id)) != 0)
 *		return st;
 *
 * All memory is the request's arena.
 */
#ifndef REQ_H
#define REQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "db.h"
#include "json.h"

struct app;
struct route;

enum method { GET, POST, PUT, PATCH, DELETE, OPTIONS, METHOD_OTHER };

/* Who asks, as the gates found out. */
enum identity {
	NOBODY,
	BY_KEY,        /* the service's key */
	BY_INGEST_KEY, /* INGEST_API_KEY: may only post */
	BY_RELAY,      /* RELAY_INTERNAL_KEY: has no rate limit */
	BY_SESSION,    /* a signed-in page */
	BY_SERVICE,    /* what the service's own gate accepted (a DSN key) */
};

#define REQ_MAX_PARAMS 2
#define REQ_MAX_HEADERS 16

struct req {
	/* what was asked; set by the transport */
	const struct app *app;
	struct arena *mem;
	struct db *db;
	enum method method;
	bool head;                  /* the method was HEAD: a GET whose body is not sent */
	const char *path;           /* decoded, without the query */
	const char *query;          /* as it came, never NULL */
	char *const *env;           /* the request's CGI variables */
	const char *body;           /* set once the gates let it in; then with a NUL behind it */
	size_t length;              /* of the body; before that, as announced */
	int (*fetch)(struct req *); /* reads the body; 0 or a staged refusal */
	void *transport;
	int64_t started_us; /* clock_mono_us() at its arrival */

	/* what the gates found */
	const struct route *route;
	int route_index; /* its row among the counted ones */
	enum identity identity;
	uint64_t credential;                /* a hash of the key: the limiter's */
	const char *params[REQ_MAX_PARAMS]; /* what stood for {} in the path, decoded */
	int64_t service_id;                 /* for the service's own gate: the row of the DSN key */
	const char *service_text;           /* and its project */

	/* the reply */
	const char *type; /* content type; "application/json" unless changed */
	struct buf out;
	const char *headers[REQ_MAX_HEADERS]; /* whole lines, "Name: value" */
	int nheaders;
	bool streaming; /* the handler wrote the reply itself by req_stream() */
	int (*stream)(
	    struct req *, int status, const void *, size_t len); /* set by the transport */
};

/* Prepares for the next request: empties the arena and the reply. */
void req_clear(struct req *);

/* A CGI variable, or NULL. */
const char *req_var(const struct req *, const char *name);
/* A request header by its usual name ("X-API-Key"), or NULL. */
const char *req_header(const struct req *, const char *name);
/* The value of a cookie, or NULL. */
const char *req_cookie(struct req *, const char *name);
/* The client's address as lighttpd sees it, never NULL. */
const char *req_remote(const struct req *);
/* Whether the client came over TLS. */
bool req_is_tls(const struct req *);

/* Begins a JSON reply; what is written to the returned writer is the body. */
struct json_out *req_json(struct req *);
/* Adds a header line to the reply. */
void req_add_header(struct req *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Stages {"detail": "..."} in place of anything staged before; returns status. */
int req_fail(struct req *, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same with Retry-After and "retry_after". */
int req_fail_later(struct req *, int status, int seconds, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The refusal that fits db_fault(): 503 for a lock, a full disk or a deadline, else 500. */
int req_fail_db(struct req *);
/*
 * Sends bytes of a reply that is not kept in memory; the first call sends the
 * head with this status.  Returns -1 when the client has gone: stop then.
 */
int req_stream(struct req *, int status, const void *, size_t len);

/* The number that stands for {} number i of the path, 1 to 2^53; else 404. */
int want_id(struct req *, int i, int64_t *);
/* The body as a JSON document of any type; 400 "Invalid JSON" with a reason otherwise. */
int want_json(struct req *, const cJSON **);
/* The body as a JSON object. */
int want_object(struct req *, const cJSON **);
/* A member that must be a string of at most max bytes (0: any). */
int want_text(struct req *, const cJSON *, const char *name, size_t max, const char **);
/* A member that may be absent or null (then NULL); another type or a longer text is 400. */
int want_optional_text(struct req *, const cJSON *, const char *name, size_t max, const char **);

#endif
