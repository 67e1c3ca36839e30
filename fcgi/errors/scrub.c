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

int
scrub_tree(struct json_out *out, const char *key, const cJSON *tree)
{
	bool object = cJSON_IsObject(tree);
	const cJSON *item;
	int n = 0;

	if (is_secret(key, tree)) {
		json_text(out, key, SCRUB_MARK);
		return 1;
	}
	if (!object && !cJSON_IsArray(tree)) {
		json_tree(out, key, tree);
		return 0;
	}
	(object ? json_object : json_array)(out, key);
	for (item = tree->child; item != NULL; item = item->next)
		n += scrub_tree(out, object ? item->string : NULL, item);
	(object ? json_object_end : json_array_end)(out);
	return n;
}

const char *
scrub_url(struct arena *mem, const char *url, int *n)
{
	size_t len = strlen(url);
	struct buf clean = {0};
	const char *from = url, *item, *found;
	char *name;

	if ((item = strchr(url, '?')) == NULL)
		return url;
	/* Each item begins after ? or & and ends before the next & or #. */
	while (*item == '?' || *item == '&') {
		size_t width = strcspn(item + 1, "&#");
		const char *equals = memchr(item + 1, '=', width);

		if (equals != NULL && equals < item + width) {
			name = arena_strndup(mem, item + 1, (size_t)(equals - item - 1));
			if (scrub_name(name)) {
				buf_add(&clean, from, (size_t)(equals + 1 - from));
				buf_str(&clean, SCRUB_MARK);
				from = item + 1 + width;
				(*n)++;
			}
		}
		item += 1 + width;
	}
	if (from == url)
		return url;
	buf_add(&clean, from, len - (size_t)(from - url));
	found = arena_strndup(mem, clean.data, clean.len);
	buf_free(&clean);
	return found;
}
