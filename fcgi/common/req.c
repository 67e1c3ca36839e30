/* SPDX-License-Identifier: MIT */
/* Reading a request and staging its reply; the transport is behind two pointers. */
#include "req.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "text.h"

/* A reply larger than this gives its memory back after it was sent. */
#define REPLY_KEEP ((size_t)65536)

void
req_clear(struct req *rq)
{
	struct arena *mem = rq->mem;
	struct buf out = rq->out;

	arena_reset(mem);
	buf_clear(&out, REPLY_KEEP);
	*rq = (struct req){
	    .app = rq->app,
	    .mem = mem,
	    .db = rq->db,
	    .path = "",
	    .query = "",
	    .fetch = rq->fetch,
	    .stream = rq->stream,
	    .transport = rq->transport,
	    .type = "application/json",
	    .route_index = -1,
	    .out = out,
	};
}

const char *
req_var(const struct req *rq, const char *name)
{
	size_t len = strlen(name);

	if (rq->env == NULL)
		return NULL;
	for (char *const *e = rq->env; *e != NULL; e++)
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
			return *e + len + 1;
	return NULL;
}

const char *
req_header(const struct req *rq, const char *name)
{
	char var[64] = "HTTP_";
	size_t n = strlen(var);

	if (strcasecmp(name, "Content-Type") == 0)
		return req_var(rq, "CONTENT_TYPE");
	for (; *name != '\0' && n + 1 < sizeof var; name++)
		var[n++] = *name == '-' ? '_' : (char)toupper((unsigned char)*name);
	var[n] = '\0';
	return req_var(rq, var);
}

const char *
req_cookie(struct req *rq, const char *name)
{
	const char *p = req_header(rq, "Cookie");
	size_t name_len = strlen(name);

	while (p != NULL && *p != '\0') {
		size_t len;

		p += strspn(p, " ;");
		len = strcspn(p, ";");
		if (len > name_len && p[name_len] == '=' && strncmp(p, name, name_len) == 0)
			return arena_strndup(rq->mem, p + name_len + 1, len - name_len - 1);
		p += len;
	}
	return NULL;
}

const char *
req_remote(const struct req *rq)
{
	const char *address = req_var(rq, "REMOTE_ADDR");

	return address != NULL ? address : "";
}

bool
req_is_tls(const struct req *rq)
{
	const char *scheme = req_var(rq, "REQUEST_SCHEME");

	return scheme != NULL && strcmp(scheme, "https") == 0;
}

struct json_out *
req_json(struct req *rq)
{
	struct json_out *out = arena_alloc(rq->mem, sizeof *out);

	rq->out.len = 0;
	rq->type = "application/json";
	out->buf = &rq->out;
	return out;
}

void
req_add_header(struct req *rq, const char *fmt, ...)
{
	va_list ap;

	if (rq->nheaders == REQ_MAX_HEADERS)
		return;
	va_start(ap, fmt);
	rq->headers[rq->nheaders++] = arena_vprintf(rq->mem, fmt, ap);
	va_end(ap);
}

int
req_fail(struct req *rq, int status, const char *fmt, ...)
{
	struct json_out *out = req_json(rq);
	va_list ap;

	va_start(ap, fmt);
	json_object(out, NULL);
	json_text(out, "detail", arena_vprintf(rq->mem, fmt, ap));
	json_object_end(out);
	va_end(ap);
	return status;
}

int
req_fail_later(struct req *rq, int status, int seconds, const char *fmt, ...)
{
	struct json_out *out = req_json(rq);
	va_list ap;

	va_start(ap, fmt);
	req_add_header(rq, "Retry-After: %d", seconds);
	json_object(out, NULL);
	json_text(out, "detail", arena_vprintf(rq->mem, fmt, ap));
	json_int(out, "retry_after", seconds);
	json_object_end(out);
	va_end(ap);
	return status;
}

int
req_fail_db(struct req *rq)
{
	switch (db_fault(rq->db)) {
	case DB_LOCKED:
		return req_fail_later(rq, 503, 2, "The database is busy; try again");
	case DB_FULL:
		return req_fail_later(rq, 503, 30,
		    "The disk is full: nothing was stored; try again when there is space");
	case DB_TIMEOUT:
		return req_fail_later(rq, 503, 5, "The request took too long and was given up");
	case DB_OK:
	case DB_BROKEN:
		break;
	}
	return req_fail(rq, 500, "Internal server error");
}

int
req_stream(struct req *rq, int status, const void *bytes, size_t len)
{
	rq->streaming = true;
	return rq->stream(rq, status, bytes, len);
}

int
want_id(struct req *rq, int i, int64_t *id)
{
	const char *text = rq->params[i];

	if (text == NULL || text_int64(text, strlen(text), 1, INT64_C(1) << 53, id) == -1)
		return req_fail(rq, 404, "Not found");
	return 0;
}

int
want_json(struct req *rq, const cJSON **doc)
{
	struct json_out *out;
	const char *why = NULL;
	size_t at = 0;

	*doc = json_parse(rq->mem, rq->body != NULL ? rq->body : "", rq->length, &why, &at);
	if (*doc != NULL)
		return 0;
	/* The wire contract fixes the detail; the reason stands beside it. */
	out = req_json(rq);
	json_object(out, NULL);
	json_text(out, "detail", "Invalid JSON");
	json_text(out, "reason", arena_printf(rq->mem, "%s, at byte %zu", why, at));
	json_object_end(out);
	return 400;
}

int
want_object(struct req *rq, const cJSON **doc)
{
	int st = want_json(rq, doc);

	if (st == 0 && !cJSON_IsObject(*doc))
		return req_fail(rq, 400, "Request body must be a JSON object");
	return st;
}

int
want_text(struct req *rq, const cJSON *doc, const char *name, size_t max, const char **out)
{
	*out = json_get_text(doc, name);
	if (*out == NULL)
		return req_fail(rq, 400, "Missing required field: %s", name);
	if (max > 0 && strlen(*out) > max)
		return req_fail(
		    rq, 400, "Field '%s' exceeds maximum length of %zu characters", name, max);
	return 0;
}

int
want_optional_text(struct req *rq, const cJSON *doc, const char *name, size_t max, const char **out)
{
	const cJSON *member = json_get(doc, name);

	*out = NULL;
	if (member == NULL || cJSON_IsNull(member))
		return 0;
	if (!cJSON_IsString(member))
		return req_fail(rq, 400, "Field '%s' must be a string", name);
	return want_text(rq, doc, name, max, out);
}
