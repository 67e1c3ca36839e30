/* SPDX-License-Identifier: MIT */
/* The gates, once for all services, and the endpoints that all of them have. */
#include "app.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "limit.h"
#include "pack.h"
#include "query.h"
#include "secret.h"
#include "session.h"
#include "text.h"

/* A signed-in page refreshes, and a person clicks. */
static const struct limit page_limit = {600, 600};
/* Wrong keys from one address: enough for a mistake, far too few for a search. */
static const struct limit failure_limit = {20, 20};

static int
app_health(struct req *rq)
{
	struct json_out *out = req_json(rq);

	json_object(out, NULL);
	json_text(out, "status", "ok");
	if (rq->app->health != NULL)
		rq->app->health(rq, out);
	json_object_end(out);
	return 200;
}

static const struct route shared_routes[] = {
    {GET, "/health", ACCESS_OPEN, BODY_NONE, app_health},
    {GET, "/metrics", ACCESS_READ, BODY_NONE, app_metrics},
    {GET, "/api/session", ACCESS_OPEN, BODY_NONE, session_get},
    {POST, "/api/login", ACCESS_OPEN, BODY_NONE, session_login},
    {POST, "/api/logout", ACCESS_OPEN, BODY_NONE, session_logout},
};

const struct route *
app_route(const struct app *app, size_t i)
{
	if (i < NELEM(shared_routes))
		return &shared_routes[i];
	i -= NELEM(shared_routes);
	return i < app->nroutes ? &app->routes[i] : NULL;
}

static const struct route *
find_route(struct req *rq, const char **allowed)
{
	const struct app *app = rq->app;
	const struct route *r = route_find(rq, shared_routes, NELEM(shared_routes), allowed);

	if (r != NULL) {
		rq->route_index = (int)(r - shared_routes);
		return r;
	}
	r = route_find(rq, app->routes, app->nroutes, allowed);
	if (r != NULL)
		rq->route_index = (int)(NELEM(shared_routes) + (size_t)(r - app->routes));
	return r;
}

/* ---- who asks ---------------------------------------------------------------- */

/* The key as given, or NULL: header, bearer token, and on the tail the query. */
static const char *
given_key(struct req *rq)
{
	const char *key = req_header(rq, "X-API-Key");
	const char *authorization = req_header(rq, "Authorization");

	if (key != NULL)
		return key;
	if (authorization != NULL && strncasecmp(authorization, "Bearer ", 7) == 0)
		return authorization + 7;
	if (rq->route != NULL && rq->route->access == ACCESS_TAIL)
		return query_text(rq, "api_key");
	return NULL;
}

/* What an address counts as: one host of IPv4, one network of IPv6 (a customer has a /64). */
uint64_t
app_address_key(const struct req *rq)
{
	const char *remote = req_remote(rq);
	struct in6_addr v6;

	if (inet_pton(AF_INET6, remote, &v6) == 1)
		return text_hash(&v6, 8);
	return text_hash(remote, strlen(remote));
}

int
app_refuse_key(struct req *rq, const char *detail)
{
	int64_t wait = limit_take(rq->app->shm->failures, SHM_FAILURES, app_address_key(rq),
	    failure_limit, clock_mono_us(), true);

	if (wait > 0 && rq->app->cfg->rate_limit > 0)
		return req_fail_later(rq, 429, (int)((wait + 999999) / 1000000),
		    "Too many wrong keys from this address");
	return req_fail(rq, 401, "%s", detail);
}

int
app_refuse_guess(struct req *rq)
{
	int64_t wait = limit_peek(rq->app->shm->failures, SHM_FAILURES, app_address_key(rq),
	    failure_limit, clock_mono_us());

	if (wait == 0 || rq->app->cfg->rate_limit == 0)
		return 0;
	return req_fail_later(
	    rq, 429, (int)((wait + 999999) / 1000000), "Too many wrong keys from this address");
}

static enum identity
identify_key(const struct base_cfg *cfg, const char *key)
{
	/* An empty key never reaches these: cfg treats empty as unset. */
	if (secret_equal(key, cfg->api_key))
		return BY_KEY;
	if (cfg->ingest_api_key != NULL && secret_equal(key, cfg->ingest_api_key))
		return BY_INGEST_KEY;
	if (cfg->relay_internal_key != NULL && secret_equal(key, cfg->relay_internal_key))
		return BY_RELAY;
	return NOBODY;
}

static int
check_cookie(struct req *rq)
{
	int64_t expires;

	if (!session_valid(rq, clock_now(), &expires))
		return req_fail(rq, 401, "Invalid API key");
	rq->identity = BY_SESSION;
	rq->credential = text_hash(&expires, sizeof expires);
	if (rq->method != GET && !session_may_write(rq))
		return req_fail(rq, 403,
		    "A signed-in page may write only from its own origin, as application/json");
	return 0;
}

/* The first gate; an unknown path asks for a key as well, so that it tells strangers nothing. */
static int
check_key(struct req *rq)
{
	const struct route *r = rq->route;
	const char *key;

	if (r == NULL ? rq->app->open_404 : r->access == ACCESS_OPEN)
		return 0;
	if (r != NULL && r->access == ACCESS_SERVICE)
		return rq->app->authorize(rq);
	if ((key = given_key(rq)) == NULL)
		return check_cookie(rq);
	rq->identity = identify_key(rq->app->cfg, key);
	rq->credential = text_hash(key, strlen(key));
	if (rq->identity == NOBODY)
		return app_refuse_key(rq, "Invalid API key");
	if (rq->identity != BY_KEY && r != NULL && r->access != ACCESS_INGEST)
		return req_fail(rq, 403, "This key may only post reports");
	return 0;
}

/* ---- how often --------------------------------------------------------------- */

static int
check_limit(struct req *rq)
{
	const struct base_cfg *cfg = rq->app->cfg;
	struct limit limit = {(uint32_t)cfg->rate_limit, (uint32_t)cfg->rate_limit};
	uint64_t bucket = rq->credential;
	int64_t wait;

	if (cfg->rate_limit == 0 || rq->identity == NOBODY || rq->identity == BY_RELAY ||
	    rq->identity == BY_SERVICE)
		return 0;
	if (rq->identity == BY_SESSION)
		limit = page_limit;
	else if (rq->route != NULL && rq->route->access == ACCESS_INGEST) {
		limit = (struct limit){
		    (uint32_t)cfg->ingest_rate_limit, (uint32_t)cfg->ingest_rate_limit};
		/* Reports and questions of one key do not take each other's tokens. */
		bucket = ~bucket;
	}
	wait =
	    limit_take(rq->app->shm->buckets, SHM_BUCKETS, bucket, limit, clock_mono_us(), false);
	if (wait == 0)
		return 0;
	return req_fail_later(rq, 429, (int)((wait + 999999) / 1000000), "Rate limit exceeded");
}

/* ---- how much ---------------------------------------------------------------- */

static int
refuse_size(struct req *rq, size_t max)
{
	struct json_out *out = req_json(rq);

	/* The wire contract fixes the detail; the limit stands beside it. */
	json_object(out, NULL);
	json_text(out, "detail", "Request body exceeds maximum size");
	json_int(out, "max_bytes", (int64_t)max);
	json_object_end(out);
	return 413;
}

static int
inflate_body(struct req *rq, size_t max)
{
	const char *encoding = req_header(rq, "Content-Encoding");
	char *inflated;
	size_t len;

	if (encoding == NULL || *encoding == '\0' || strcasecmp(encoding, "identity") == 0)
		return 0;
	if (strcasecmp(encoding, "gzip") != 0 && strcasecmp(encoding, "x-gzip") != 0)
		return req_fail(rq, 415, "Content-Encoding must be gzip or absent");
	switch (unpack_gzip(rq->mem, rq->body, rq->length, max, &inflated, &len)) {
	case PACK_OK:
		break;
	case PACK_TOO_LARGE:
		return refuse_size(rq, max);
	case PACK_BROKEN:
		return req_fail(rq, 400, "The body is not valid gzip");
	}
	rq->body = inflated;
	rq->length = len;
	return 0;
}

static int
take_body(struct req *rq)
{
	size_t max = rq->route->max_body;
	int st;

	if (max == BODY_CONFIGURED)
		max = (size_t)rq->app->cfg->max_body_size;
	if (rq->length > max)
		return refuse_size(rq, max);
	if (rq->body == NULL && (st = rq->fetch(rq)) != 0)
		return st;
	return inflate_body(rq, max);
}

/* ---- the way through ----------------------------------------------------------- */

static int
pass_gates(struct req *rq)
{
	const char *allowed = NULL;
	int st;

	rq->route = find_route(rq, &allowed);
	if ((st = check_key(rq)) != 0 || (st = check_limit(rq)) != 0)
		return st;
	if (rq->route == NULL && allowed != NULL) {
		req_add_header(rq, "Allow: %s", allowed);
		return req_fail(rq, 405, "Method not allowed");
	}
	if (rq->route == NULL)
		return req_fail(rq, 404, "Not found");
	return take_body(rq);
}

/* A debug build tells what an answer cost the database: tests hold it to a budget. */
static void
tell_work(struct req *rq)
{
#ifdef MONLIGHT_DEBUG
	int64_t rows, steps;

	db_work(rq->db, &rows, &steps);
	req_add_header(
	    rq, "X-Monlight-Work: rows=%lld steps=%lld", (long long)rows, (long long)steps);
#else
	(void)rq;
#endif
}

int
app_serve(struct req *rq)
{
	int st;

	if (rq->app->always != NULL)
		rq->app->always(rq);
	st = pass_gates(rq);
	if (st == 0)
		st = rq->route->handler(rq);
	tell_work(rq);
	db_end_request(rq->db);
	return st;
}
