/* SPDX-License-Identifier: MIT */
/*
 * Who may post from a browser, and which pages may read the answer.
 *
 * Every answer under /api/browser/ carries the headers that CORS asks for, also a
 * refusal; without them a page sees no status and no Retry-After.  So the key and
 * the origin are looked at before any gate.  A preflight names no key: it passes
 * if any key would, and the POST behind it is held to its own.
 */
#include <string.h>

#include "clock.h"
#include "cors.h"
#include "limit.h"
#include "query.h"
#include "relay.h"
#include "text.h"

/*
 * One visitor's address may use up this part of what its key may:
 * nobody silences a project alone.
 */
#define ADDRESS_SHARE 2

/* What was found out about the request in hand; there is one at a time. */
static struct {
	int found;       /* of the key: DB_ROW, DB_NONE, DB_FAILED */
	bool readable;   /* the page may read the answer */
	bool restricted; /* the key names origins, and this one is not among them */
} visit;

/* ---- who ------------------------------------------------------------------------ */

/* By header, or in the address: a beacon cannot set a header. */
static const char *
given_dsn_key(struct req *rq)
{
	const char *key = req_header(rq, "X-Monlight-Key");

	return key != NULL ? key : query_text(rq, "key");
}

static int
find_key(struct req *rq, const char **origins)
{
	const char *key = given_dsn_key(rq);
	int st;

	if (key == NULL || *key == '\0')
		return DB_NONE;
	st = db_query(rq->db, SQL_KEY_FIND, DB_ARGS(DB_TEXT(key)));
	if (st != DB_ROW)
		return st;
	rq->service_id = db_int(rq->db, SQL_KEY_FIND, 0);
	rq->service_text = db_text_copy(rq->db, SQL_KEY_FIND, 1, rq->mem);
	*origins = db_text_copy(rq->db, SQL_KEY_FIND, 2, rq->mem);
	db_done(rq->db, SQL_KEY_FIND);
	return DB_ROW;
}

/* ---- from where ------------------------------------------------------------------ */

/* What any active key grants the origin: all that can be known without the key. */
static enum cors_verdict
judge_by_all_keys(struct req *rq, const char *origin)
{
	enum cors_verdict best = CORS_REFUSED;
	int st = db_query(rq->db, SQL_ORIGINS, DB_NO_ARGS);

	for (; st == DB_ROW; st = db_next(rq->db, SQL_ORIGINS)) {
		enum cors_verdict verdict = cors_judge(db_text(rq->db, SQL_ORIGINS, 0), origin);

		best = verdict > best ? verdict : best;
	}
	return best;
}

static void
allow_reading(struct req *rq, const char *origin, enum cors_verdict verdict)
{
	req_add_header(rq, "Access-Control-Allow-Origin: %s", verdict == CORS_NAMED ? origin : "*");
	/* A beacon of JSON is sent with credentials, which none but a named origin may. */
	if (verdict == CORS_NAMED)
		req_add_header(rq, "Access-Control-Allow-Credentials: true");
	req_add_header(rq, "Access-Control-Expose-Headers: Retry-After");
	if (rq->method != OPTIONS)
		return;
	req_add_header(rq, "Access-Control-Allow-Methods: POST, OPTIONS");
	req_add_header(rq, "Access-Control-Allow-Headers: X-Monlight-Key, Content-Type, "
			   "Content-Encoding, Idempotency-Key");
	req_add_header(rq, "Access-Control-Max-Age: 86400");
}

void
relay_greet(struct req *rq)
{
	const char *origin = req_header(rq, "Origin"), *origins = NULL;
	enum cors_verdict verdict, own;

	if (!text_starts_with(rq->path, BROWSER_PATH))
		return;
	req_add_header(rq, "Vary: Origin");
	visit.found = find_key(rq, &origins);
	verdict = cors_judge(relay_cfg(rq)->cors_origins, origin);
	if (visit.found == DB_ROW && rq->method != OPTIONS)
		own = cors_judge(origins, origin);
	else
		own = origin != NULL ? judge_by_all_keys(rq, origin) : CORS_REFUSED;
	verdict = own > verdict ? own : verdict;
	visit.readable = verdict != CORS_REFUSED;
	visit.restricted = origins != NULL && origin != NULL && !visit.readable;
	if (visit.readable)
		allow_reading(rq, origin, verdict);
}

/* ---- how often -------------------------------------------------------------------- */

static int
take_token(struct req *rq, uint64_t bucket, int64_t per_minute)
{
	struct limit limit = {(uint32_t)per_minute, (uint32_t)per_minute};
	int64_t wait =
	    limit_take(rq->app->shm->buckets, SHM_BUCKETS, bucket, limit, clock_mono_us(), false);

	if (wait == 0)
		return 0;
	return req_fail_later(rq, 429, (int)((wait + 999999) / 1000000), "Rate limit exceeded");
}

static int
check_rate(struct req *rq)
{
	int64_t per_minute = relay_cfg(rq)->base.rate_limit;
	const uint64_t both[] = {(uint64_t)rq->service_id, app_address_key(rq)};
	int st;

	if (per_minute == 0)
		return 0;
	st = take_token(
	    rq, text_hash(both, sizeof both), (per_minute + ADDRESS_SHARE - 1) / ADDRESS_SHARE);
	return st != 0 ? st : take_token(rq, text_hash(both, sizeof both[0]), per_minute);
}

int
relay_authorize(struct req *rq)
{
	if (rq->method == OPTIONS && visit.readable)
		return 0;
	if (visit.found == DB_FAILED)
		return req_fail_db(rq);
	if (visit.found == DB_NONE)
		return rq->method == OPTIONS ? req_fail(rq, 401, "Invalid DSN key")
					     : app_refuse_key(rq, "Invalid DSN key");
	if (visit.restricted)
		return req_fail(rq, 403, "This DSN key does not allow the page's origin");
	rq->identity = BY_SERVICE;
	return check_rate(rq);
}

/* OPTIONS of the public routes: 204; what is allowed stands in the headers. */
int
relay_preflight(struct req *rq)
{
	req_add_header(rq, "Allow: POST, OPTIONS");
	return 204;
}
