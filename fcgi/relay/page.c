/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "buf.h"

#define UUID_LENGTH 36

static bool
is_number(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return len > 0;
}

/* 8-4-4-4-12 hex digits (RFC 9562). */
static bool
is_uuid(const char *s, size_t len)
{
	for (size_t i = 0; i < len && i < UUID_LENGTH; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	}
	return len == UUID_LENGTH;
}

const char *
page_of(struct arena *mem, const char *url)
{
	const char *host = strstr(url, "://"), *path = url, *end, *text;
	struct buf out = {0};

	/* A scheme stands before the first slash; "/go?to=http://x" has none. */
	if (host != NULL && host < url + strcspn(url, "/?#"))
		path = host + 3 + strcspn(host + 3, "/?#");
	end = path + strcspn(path, "?#");
	if (path == end)
		return "/";
	while (path < end) {
		size_t len = strcspn(path, "/");

		if (len > (size_t)(end - path))
			len = (size_t)(end - path);
		if (is_number(path, len) || is_uuid(path, len))
			buf_str(&out, "{id}");
		else
			buf_add(&out, path, len);
		path += len;
		if (path < end)
			buf_char(&out, *path++);
	}
	text = arena_strndup(mem, out.data, out.len);
	buf_free(&out);
	return text;
}
