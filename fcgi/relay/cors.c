/* SPDX-License-Identifier: MIT */
#include "cors.h"

#include <string.h>

#include "text.h"

/* Whether the pattern, whose * stands at star, matches. */
static bool
matches_pattern(const char *item, size_t len, size_t star, const char *origin)
{
	size_t origin_len = strlen(origin), after = len - star - 1, middle;

	if (origin_len < len)
		return false;
	middle = origin_len - star - after;
	return memcmp(origin, item, star) == 0 &&
	       memcmp(origin + star + middle, item + star + 1, after) == 0 &&
	       strcspn(origin + star, "/:@") >= middle;
}

static enum cors_verdict
judge_item(const char *item, size_t len, const char *origin)
{
	const char *star = memchr(item, '*', len);

	if (len == 1 && star != NULL)
		return CORS_ANYONE;
	if (star == NULL)
		return strlen(origin) == len && memcmp(origin, item, len) == 0 ? CORS_NAMED
									       : CORS_REFUSED;
	return matches_pattern(item, len, (size_t)(star - item), origin) ? CORS_NAMED
									 : CORS_REFUSED;
}

enum cors_verdict
cors_judge(const char *list, const char *origin)
{
	enum cors_verdict best = CORS_REFUSED;

	if (origin == NULL || *origin == '\0')
		return CORS_REFUSED;
	while (list != NULL && *list != '\0') {
		const char *item = list;
		size_t len = strcspn(list, ",");

		list += len;
		if (*list == ',')
			list++;
		text_trim(&item, &len);
		/* An origin has no path, yet people copy addresses. */
		if (len > 1 && item[len - 1] == '/')
			len--;
		if (len > 0) {
			enum cors_verdict verdict = judge_item(item, len, origin);

			best = verdict > best ? verdict : best;
		}
	}
	return best;
}

/* A browser names no port that its scheme implies. */
static bool
has_default_port(const char *item, size_t len)
{
	static const struct {
		const char *scheme, *port;
	} defaults[] = {{"https://", ":443"}, {"http://", ":80"}};

	for (size_t i = 0; i < NELEM(defaults); i++) {
		size_t head = strlen(defaults[i].scheme), tail = strlen(defaults[i].port);

		if (len > head + tail && memcmp(item, defaults[i].scheme, head) == 0 &&
		    memcmp(item + len - tail, defaults[i].port, tail) == 0)
			return true;
	}
	return false;
}

bool
cors_valid_item(const char *item, size_t len)
{
	const char *host = memmem(item, len, "://", 3);
	size_t at, stars = 0;

	if (len == 1 && *item == '*')
		return true;
	if (host == NULL || host == item || len > 256 || has_default_port(item, len))
		return false;
	at = (size_t)(host - item) + 3;
	if (at == len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)item[i];

		stars += c == '*';
		if (c <= ' ' || c >= 0x7f || (c >= 'A' && c <= 'Z') ||
		    strchr(",\"'<>\\?#@", c) != NULL || (i >= at && c == '/'))
			return false;
	}
	return stars <= 1;
}
