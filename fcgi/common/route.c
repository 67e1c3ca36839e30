/* SPDX-License-Identifier: MIT */
/* A linear search: the largest table has some thirty rows. */
#include "route.h"

#include <string.h>

static const char *const names[] = {
    [GET] = "GET",
    [POST] = "POST",
    [PUT] = "PUT",
    [PATCH] = "PATCH",
    [DELETE] = "DELETE",
    [OPTIONS] = "OPTIONS",
    [METHOD_OTHER] = "OTHER",
};

const char *
method_name(enum method m)
{
	return names[m];
}

enum method
method_parse(const char *name)
{
	int m = GET;

	while (m < METHOD_OTHER && strcmp(name, names[m]) != 0)
		m++;
	return (enum method)m;
}

/* Compares segment by segment; the segments that {} stands for go to params. */
static bool
path_matches(const char *pattern, const char *path, struct arena *mem, const char **params)
{
	int n = 0;

	while (*pattern != '\0') {
		if (strncmp(pattern, "{}", 2) != 0) {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		size_t len = strcspn(path, "/");

		if (len == 0 || n == REQ_MAX_PARAMS)
			return false;
		params[n++] = arena_strndup(mem, path, len);
		path += len;
		pattern += 2;
	}
	return *path == '\0';
}

/* Whether a row names the path as it is: then {} does not stand for its last segment. */
static bool
is_named(const char *path, const struct route *routes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(routes[i].path, path) == 0)
			return true;
	return false;
}

const struct route *
route_find(struct req *rq, const struct route *routes, size_t n, const char **allowed)
{
	bool named = is_named(rq->path, routes, n);

	for (size_t i = 0; i < n; i++) {
		const char *params[REQ_MAX_PARAMS] = {0};

		if (named && strcmp(routes[i].path, rq->path) != 0)
			continue;
		if (!path_matches(routes[i].path, rq->path, rq->mem, params))
			continue;
		if (routes[i].method == rq->method) {
			memcpy(rq->params, params, sizeof params);
			return &routes[i];
		}
		*allowed = arena_printf(rq->mem, "%s%s%s%s", *allowed != NULL ? *allowed : "",
		    *allowed != NULL ? ", " : "", method_name(routes[i].method),
		    routes[i].method == GET ? ", HEAD" : "");
	}
	return NULL;
}
