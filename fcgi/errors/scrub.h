/* SPDX-License-Identifier: MIT */
/*
 * scrub: takes secrets out of what a report carries, before it is stored.
 *
 * A value goes if its name says that it is one (authorization, cookie, password,
 * api_key, access_token, in any spelling), or if it looks like one (a bearer token,
 * a JSON Web Token, a private key, the keys of well-known services); of an address
 * the password before the host goes, and the values of such parameters.  It cannot
 * know every secret: what must not be seen should not be sent.
 */
#ifndef SCRUB_H
#define SCRUB_H

#include <stdbool.h>

#include "arena.h"
#include "json.h"

/* What stands in place of a secret. */
#define SCRUB_MARK "[redacted]"

/* Whether a member or header of that name holds a secret. */
bool scrub_name(const char *name);
/* Whether the text itself is a secret. */
bool scrub_value(const char *text);

/* Writes the tree as json_tree() does, secrets replaced; returns how many there were. */
int scrub_tree(struct arena *, struct json_out *, const char *key, const cJSON *);

/*
 * The text, as it is or in the arena, without the passwords of addresses and the values of
 * secret name=value pairs in it: queries, fragments, forms.  Adds their number to *n.
 */
const char *scrub_text(struct arena *, const char *text, int *n);
/* The value of that name, of which only SCRUB_MARK is left if it is a secret. */
const char *scrub_named(struct arena *, const char *name, const char *value);

#endif
