/* SPDX-License-Identifier: MIT */
/*
 * The transport under struct req: a request as libfcgi has it, and the reply on its way
 * back.  Two faults of libfcgi 2.4.2 and lighttpd 1.4.69, as measured, decide its ways:
 *
 *  - A request whose client has gone is still handed over; a question is dropped.
 *  - Content-Length is always sent: without it a reply cut short by our death
 *    would look complete.
 */
#include <fcgiapp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fcgi_inside.h"
#include "text.h"

#define REQUEST_DEADLINE_US INT64_C(10000000)

/* Reads the announced body; lighttpd has all of it before it calls us. */
static int
fetch_body(struct req *rq)
{
	FCGX_Request *fcgx = rq->transport;
	char *body = arena_alloc(rq->mem, rq->length + 1);
	int got = FCGX_GetStr(body, (int)rq->length, fcgx->in);

	if (got < 0 || (size_t)got != rq->length)
		return req_fail(rq, 400, "Failed to read request body");
	rq->body = body;
	return 0;
}

/*
 * A body that no gate asked for is read all the same, and of one that was asked for
 * the record that ends it: leaving either would look like a lost peer.
 */
static void
drain_body(FCGX_Request *fcgx)
{
	char rest[4096];

	while (FCGX_GetStr(rest, sizeof rest, fcgx->in) > 0)
		continue;
}

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {{200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"},
	    {304, "Not Modified"}, {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
	    {404, "Not Found"}, {405, "Method Not Allowed"}, {409, "Conflict"},
	    {413, "Content Too Large"}, {415, "Unsupported Media Type"}, {429, "Too Many Requests"},
	    {500, "Internal Server Error"}, {502, "Bad Gateway"}, {503, "Service Unavailable"}};

	for (size_t i = 0; i < NELEM(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Status";
}

/* Status and headers up to the empty line; length -1: a stream of unknown length. */
static void
write_head(const struct req *rq, FCGX_Stream *out, int status, long long length)
{
	FCGX_FPrintF(out, "Status: %d %s\r\n", status, reason(status));
	if (status != 204)
		FCGX_FPrintF(out, "Content-Type: %s\r\n", rq->type);
	if (length >= 0)
		FCGX_FPrintF(out, "Content-Length: %lld\r\n", length);
	for (int i = 0; i < rq->nheaders; i++) {
		FCGX_PutS(rq->headers[i], out);
		FCGX_PutS("\r\n", out);
	}
	FCGX_PutS("\r\n", out);
}

static int
stream_bytes(struct req *rq, int status, const void *bytes, size_t len)
{
	FCGX_Request *fcgx = rq->transport;

	if (status != 0)
		write_head(rq, fcgx->out, status, -1);
	return FCGX_PutStr(bytes, (int)len, fcgx->out) == -1 || FCGX_FFlush(fcgx->out) == -1 ? -1
											     : 0;
}

static void
write_reply(const struct req *rq, int status)
{
	FCGX_Request *fcgx = rq->transport;

	write_head(rq, fcgx->out, status, status == 204 ? 0 : (long long)rq->out.len);
	if (status != 204 && !rq->head && rq->out.len > 0)
		FCGX_PutStr(rq->out.data, (int)rq->out.len, fcgx->out);
}

static void
read_head(struct req *rq, FCGX_Request *fcgx)
{
	const char *script, *rest, *method, *length, *query;

	rq->transport = fcgx;
	rq->env = fcgx->envp;
	rq->started_us = clock_mono_us();
	script = req_var(rq, "SCRIPT_NAME");
	rest = req_var(rq, "PATH_INFO");
	method = req_var(rq, "REQUEST_METHOD");
	length = req_var(rq, "CONTENT_LENGTH");
	query = req_var(rq, "QUERY_STRING");
	/* lighttpd splits the path at the first slash after the pool's prefix. */
	rq->path =
	    arena_printf(rq->mem, "%s%s", script != NULL ? script : "", rest != NULL ? rest : "");
	rq->query = query != NULL ? query : "";
	rq->head = method != NULL && strcmp(method, "HEAD") == 0;
	rq->method = rq->head ? GET : method_parse(method != NULL ? method : "");
	rq->length = length != NULL ? strtoul(length, NULL, 10) : 0;
}

/*
 * Whether nobody waits for the answer any more.  Half a close is no such sign: a
 * client may say that it has sent all it had.
 */
static bool
client_gone(const FCGX_Request *fcgx)
{
	struct pollfd p = {.fd = fcgx->ipcFd, .events = 0};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR));
}

void
fcgi_serve(struct req *rq, FCGX_Request *fcgx)
{
	int status;

	req_clear(rq);
	read_head(rq, fcgx);
	/* A report that has arrived whole is stored, whoever waits; a question is not answered. */
	if (rq->method == GET && client_gone(fcgx))
		return;
	db_set_deadline(rq->db, rq->started_us + REQUEST_DEADLINE_US);
	status = app_serve(rq);
	app_count_request(rq, status);
	drain_body(fcgx);
	if (!rq->streaming)
		write_reply(rq, status);
}

struct req
fcgi_request(const struct app *app, struct db *db, size_t keep)
{
	return (struct req){
	    .app = app,
	    .db = db,
	    .mem = arena_new(keep),
	    .fetch = fetch_body,
	    .stream = stream_bytes,
	};
}
