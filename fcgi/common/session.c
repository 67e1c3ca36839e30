/* SPDX-License-Identifier: MIT */
/* Signing in without state: the cookie carries all there is, and its signature. */
#include "session.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "app.h"
#include "clock.h"
#include "secret.h"
#include "text.h"

#define SCOPE_ALL "all"
#define MAC_HEX_SIZE (2 * SECRET_MAC_SIZE + 1)

static const char *const service_names[APP_SERVICES] = {"errors", "logs", "metrics", "relay"};

/* "monlight" for all services, "monlight_errors" for one. */
static const char *
cookie_name(struct req *rq, bool all)
{
	return all ? "monlight" : arena_printf(rq->mem, "monlight_%s", rq->app->name);
}

/* The signature of "expiry.scope" under SESSION_SECRET and the secret that was given. */
static void
sign(struct req *rq, const char *text, const char *given, char hex[MAC_HEX_SIZE])
{
	const struct base_cfg *cfg = rq->app->cfg;
	const char *secret = cfg->session_secret != NULL ? cfg->session_secret : cfg->api_key;
	unsigned char key[SECRET_MAC_SIZE], mac[SECRET_MAC_SIZE];

	secret_mac(key, secret, strlen(secret), given, strlen(given));
	secret_mac(mac, key, sizeof key, text, strlen(text));
	text_hex(hex, mac, sizeof mac);
}

/* Whether the cookie of that scope is there, unexpired and signed by us. */
static bool
cookie_valid(struct req *rq, bool all, int64_t now, int64_t *expires)
{
	const char *given = all ? rq->app->cfg->ui_password : rq->app->cfg->api_key;
	const char *cookie = req_cookie(rq, cookie_name(rq, all));
	const char *scope = all ? SCOPE_ALL : rq->app->name;
	const char *dot = cookie != NULL ? strchr(cookie, '.') : NULL;
	const char *text;
	char hex[MAC_HEX_SIZE];

	if (given == NULL || dot == NULL ||
	    text_int64(cookie, (size_t)(dot - cookie), 0, INT64_C(1) << 40, expires) == -1 ||
	    *expires <= now)
		return false;
	/* Compared whole: the cookie is exactly the one that was given out, or none. */
	text = arena_printf(rq->mem, "%lld.%s", (long long)*expires, scope);
	sign(rq, text, given, hex);
	return secret_equal(cookie, arena_printf(rq->mem, "%s.%s", text, hex));
}

/* The scope of the valid cookie, or NULL. */
static const char *
session_scope(struct req *rq, int64_t now, int64_t *expires)
{
	if (cookie_valid(rq, true, now, expires))
		return SCOPE_ALL;
	return cookie_valid(rq, false, now, expires) ? rq->app->name : NULL;
}

bool
session_valid(struct req *rq, int64_t now, int64_t *expires)
{
	return session_scope(rq, now, expires) != NULL;
}

/* Another site can make a browser send our cookie, but not our Origin. */
bool
session_may_write(const struct req *rq)
{
	const char *origin = req_header(rq, "Origin"), *host = req_header(rq, "Host");
	const char *type = req_header(rq, "Content-Type"), *authority;

	if (origin == NULL || host == NULL || (authority = strstr(origin, "://")) == NULL ||
	    text_compare_nocase(authority + 3, host) != 0)
		return false;
	return rq->length == 0 || (type != NULL && strncasecmp(type, "application/json",
						       strlen("application/json")) == 0);
}

static void
set_cookie(struct req *rq, bool all, const char *value, int64_t seconds)
{
	const char *domain = rq->app->cfg->cookie_domain;

	req_add_header(rq,
	    "Set-Cookie: %s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s%s%s",
	    cookie_name(rq, all), value, (long long)seconds, req_is_tls(rq) ? "; Secure" : "",
	    domain != NULL ? "; Domain=" : "", domain != NULL ? domain : "");
}

int
session_login(struct req *rq)
{
	const struct base_cfg *cfg = rq->app->cfg;
	int64_t expires = clock_now() + SESSION_SECONDS;
	const char *given, *text;
	const cJSON *doc;
	struct json_out *out;
	char hex[MAC_HEX_SIZE];
	bool all;
	int st;

	if ((st = app_refuse_guess(rq)) != 0 || (st = want_object(rq, &doc)) != 0)
		return st;
	if ((given = json_get_text(doc, "password")) == NULL &&
	    (given = json_get_text(doc, "key")) == NULL)
		return req_fail(rq, 400, "Send {\"password\": ...} or {\"key\": ...}");
	/* The one field of a sign-in form takes either. */
	all = cfg->ui_password != NULL && secret_equal(given, cfg->ui_password);
	if (!all && !secret_equal(given, cfg->api_key))
		return app_refuse_key(rq, "Wrong password or key");

	text =
	    arena_printf(rq->mem, "%lld.%s", (long long)expires, all ? SCOPE_ALL : rq->app->name);
	sign(rq, text, given, hex);
	set_cookie(rq, all, arena_printf(rq->mem, "%s.%s", text, hex), SESSION_SECONDS);
	out = req_json(rq);
	json_object(out, NULL);
	json_text(out, "scope", all ? SCOPE_ALL : rq->app->name);
	json_time(out, "expires", expires);
	json_object_end(out);
	return 200;
}

int
session_logout(struct req *rq)
{
	struct json_out *out;

	if (req_header(rq, "Cookie") != NULL && !session_may_write(rq))
		return req_fail(rq, 403, "Signing out needs the page's own origin");
	set_cookie(rq, true, "", 0);
	set_cookie(rq, false, "", 0);
	out = req_json(rq);
	json_object(out, NULL);
	json_text(out, "status", "signed out");
	json_object_end(out);
	return 200;
}

/* Where a browser reaches a service: as configured, or the host it asked for with that port. */
static const char *
public_url(struct req *rq, int service)
{
	const struct base_cfg *cfg = rq->app->cfg;
	const char *host = req_header(rq, "Host");
	size_t len;

	if (cfg->public_urls[service] != NULL)
		return cfg->public_urls[service];
	if (host == NULL)
		host = cfg->bind_address;
	/* An IPv6 address keeps its brackets; a port is cut off. */
	len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	return arena_printf(rq->mem, "%s://%.*s:%lld", req_is_tls(rq) ? "https" : "http", (int)len,
	    host, (long long)cfg->ports[service]);
}

int
session_get(struct req *rq)
{
	struct json_out *out = req_json(rq);
	int64_t expires = 0;
	const char *scope = session_scope(rq, clock_now(), &expires);

	json_object(out, NULL);
	json_bool(out, "signed_in", scope != NULL);
	json_text(out, "scope", scope);
	if (scope != NULL)
		json_time(out, "expires", expires);
	else
		json_null(out, "expires");
	json_text(out, "service", rq->app->name);
	json_text(out, "version", MONLIGHT_VERSION);
	json_object(out, "services");
	for (int i = 0; i < APP_SERVICES; i++)
		json_text(out, service_names[i], public_url(rq, i));
	json_object_end(out);
	json_object_end(out);
	return 200;
}
