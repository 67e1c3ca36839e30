/* SPDX-License-Identifier: MIT */
/*
 * session: who is signed in to a page, without a table of sessions.
 *
 * The cookie is "expiry.scope.mac": Unix seconds, "all" or a service's name, and
 * HMAC-SHA256 over the two with a key derived from SESSION_SECRET and the password
 * or key that was given.  So changing either of them ends the sessions it began.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "req.h"

#define SESSION_SECONDS (12 * 3600)

/* Whether the request carries a valid cookie for this service; then its end in *expires. */
bool session_valid(struct req *, int64_t now, int64_t *expires);
/* Whether a request by cookie may write: our own Origin, and JSON or no body. */
bool session_may_write(const struct req *);

/* The handlers every service shares. */
int session_login(struct req *);  /* POST /api/login {"key": "..."} or {"password": "..."} */
int session_logout(struct req *); /* POST /api/logout */
int session_get(struct req *);    /* GET /api/session */

#endif
