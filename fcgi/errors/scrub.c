/* SPDX-License-Identifier: MIT */
#include "scrub.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "text.h"

/* Long enough for every word below; of a longer name its end decides. */
#define NAME_SEEN 64

/* Found anywhere in a name, of which letters and digits are looked at. */
static const char *const words[] = {"authorization", "cookie", "password", "passwd", "passphrase",
    "secret", "credential", "apikey", "accesskey", "privatekey", "sessionkey", "signingkey",
    "encryptionkey", "csrf", "xsrf", "connectionstring"};

/* Found at its end: "token" but not "tokens", which are counted, not kept. */
static const char *const endings[] = {"token", "pwd", "sessionid", "jwt", "bearer"};

/* Names that end like a secret and are none: the session of a report is its own. */
static const char *const harmless[] = {"sessionid"};

/* Values that begin so, and how long they are at least. */
static const struct {
	const char *prefix;
	size_t min;
} shapes[] = {
    {"Bearer ", 16},     /* RFC 6750 */
    {"Basic ", 10},      /* RFC 7617 */
    {"-----BEGIN ", 40}, /* RFC 7468; certificates fall to it as well */
    {"AKIA", 20},        /* Amazon */
    {"ghp_", 20},        /* GitHub, as are the next two */
    {"gho_", 20}, {"github_pat_", 30}, {"glpat-", 20}, /* GitLab */
    {"sk_live_", 20},                                  /* Stripe */
    {"xoxb-", 20},                                     /* Slack, as is the next one */
    {"xoxp-", 20}, {"AIza", 35},                       /* Google */
};

bool
scrub_name(const char *name)
{
	char seen[NAME_SEEN + 1];
	size_t len = strlen(name), n = 0;

	if (len > NAME_SEEN)
		name += len - NAME_SEEN;
	for (; *name != '\0'; name++)
		if (isalnum((unsigned char)*name))
			seen[n++] = (char)tolower((unsigned char)*name);
	seen[n] = '\0';
	for (size_t i = 0; i < NELEM(harmless); i++)
		if (strcmp(seen, harmless[i]) == 0)
			return false;
	for (size_t i = 0; i < NELEM(words); i++)
		if (strstr(seen, words[i]) != NULL)
			return true;
	for (size_t i = 0; i < NELEM(endings); i++) {
		size_t end = strlen(endings[i]);

		if (n >= end && strcmp(seen + n - end, endings[i]) == 0)
			return true;
	}
	return false;
}

/* Three runs of base64url with dots between, the first of which opens a JSON object (RFC 7519). */
static bool
is_web_token(const char *text)
{
	static const char base64url[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	int runs = 0;

	if (!text_starts_with(text, "eyJ"))
		return false;
	for (;;) {
		size_t run = strspn(text, base64url);

		if (run == 0)
			return false;
		text += run;
		runs++;
		if (*text == '\0')
			return runs == 3;
		if (*text++ != '.')
			return false;
	}
}

bool
scrub_value(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < NELEM(shapes); i++)
		if (len >= shapes[i].min &&
		    strncasecmp(text, shapes[i].prefix, strlen(shapes[i].prefix)) == 0)
			return true;
	return is_web_token(text);
}

/* Whether the member is a secret; absent and true or false values give nothing away. */
static bool
is_secret(const char *key, const cJSON *item)
{
	if (cJSON_IsNull(item) || cJSON_IsBool(item))
		return false;
	if (key != NULL && scrub_name(key))
		return true;
	return cJSON_IsString(item) && scrub_value(item->valuestring);
}

/* ---- in a text ------------------------------------------------------------------- */

/* What is left of a text: from is where the part begins that was not judged yet. */
struct cleaning {
	struct buf clean;
	const char *from;
	int n;
};

static void
leave_out(struct cleaning *c, const char *secret, size_t len)
{
	if (len == 0)
		return;
	buf_add(&c->clean, c->from, (size_t)(secret - c->from));
	buf_str(&c->clean, SCRUB_MARK);
	c->from = secret + len;
	c->n++;
}

/* Where the user part of an address ends, which begins there; NULL if it has none. */
static const char *
user_end(const char *user)
{
	return memrchr(user, '@', strcspn(user, "/?# \t\r\n\"'`<>"));
}

/* postgres://app:PASSWORD@host/, and the user as well if pairs may stand in its name. */
static void
leave_out_passwords(struct cleaning *c, const char *p, const char *end)
{
	while ((p = memmem(p, (size_t)(end - p), "://", 3)) != NULL) {
		const char *user = p + 3, *at = user_end(user), *colon, *secret;

		if (at != NULL && (colon = memchr(user, ':', (size_t)(at - user))) != NULL) {
			secret = colon < end ? colon + 1 : user;
			leave_out(c, secret, (size_t)(at - secret));
		}
		/* The next may begin in this one: "http://http://app:PASSWORD@host". */
		p = c->from > user ? c->from : user;
		p = p < end ? p : end;
	}
}

/* Of a VALUE: to the next pair, which the user part of an address is not. */
static size_t
value_length(const char *value)
{
	const char *end = value + strcspn(value, " \t\r\n\"'`<>&#;"), *p = value, *at;

	while ((p = memmem(p, (size_t)(end - p), "://", 3)) != NULL) {
		p += 3;
		if ((at = user_end(p)) != NULL && at > end)
			end = at;
	}
	return (size_t)(end - value);
}

/* token=VALUE, if that is what stands there. */
static void
leave_out_pair(struct cleaning *c, struct arena *mem, const char *p)
{
	static const char name_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789_.-%[]";
	size_t len = strspn(p, name_chars);

	if (len > 0 && p[len] == '=' && scrub_name(arena_strndup(mem, p, len)))
		leave_out(c, p + len + 1, value_length(p + len + 1));
}

const char *
scrub_text(struct arena *mem, const char *text, int *n)
{
	struct cleaning c = {.from = text};
	const char *p = text;

	/* Pairs stand at the beginning and behind each of these. */
	for (;;) {
		const char *end = p + strcspn(p, "?&#;");

		leave_out_pair(&c, mem, p);
		p = c.from > p ? c.from : p;
		if (p < end)
			leave_out_passwords(&c, p, end);
		p = c.from > end ? c.from : end;
		if (*p == '\0')
			break;
		p++;
	}
	if (c.n == 0)
		return text;
	buf_str(&c.clean, c.from);
	text = arena_strndup(mem, c.clean.data, c.clean.len);
	buf_free(&c.clean);
	*n += c.n;
	return text;
}

const char *
scrub_named(struct arena *mem, const char *name, const char *value)
{
	int n = 0;

	return scrub_name(name) || scrub_value(value) ? SCRUB_MARK : scrub_text(mem, value, &n);
}

/* ---- in a tree ------------------------------------------------------------------- */

/* In a list: ["Cookie", "a=b"], as headers come whose order counts. */
static bool
is_secret_pair(const cJSON *tree)
{
	const cJSON *name = tree->child, *value = name != NULL ? name->next : NULL;

	return value != NULL && value->next == NULL && cJSON_IsString(name) &&
	       is_secret(name->valuestring, value);
}

static void
write_marked_pair(struct json_out *out, const cJSON *pair)
{
	json_array(out, NULL);
	json_text(out, NULL, pair->child->valuestring);
	json_text(out, NULL, SCRUB_MARK);
	json_array_end(out);
}

int
scrub_tree(struct arena *mem, struct json_out *out, const char *key, const cJSON *tree)
{
	bool object = cJSON_IsObject(tree);
	const cJSON *item;
	int n = 0;

	if (is_secret(key, tree)) {
		json_text(out, key, SCRUB_MARK);
		return 1;
	}
	if (cJSON_IsString(tree)) {
		json_text(out, key, scrub_text(mem, tree->valuestring, &n));
		return n;
	}
	if (!object && !cJSON_IsArray(tree)) {
		json_tree(out, key, tree);
		return 0;
	}
	if (!object && key == NULL && is_secret_pair(tree)) {
		write_marked_pair(out, tree);
		return 1;
	}
	(object ? json_object : json_array)(out, key);
	for (item = tree->child; item != NULL; item = item->next)
		n += scrub_tree(mem, out, object ? item->string : NULL, item);
	(object ? json_object_end : json_array_end)(out);
	return n;
}
