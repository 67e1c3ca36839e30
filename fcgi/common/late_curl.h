/* SPDX-License-Identifier: MIT */
/*
 * late_curl: libcurl's easy interface, loaded by who makes the first transfer.
 *
 * The library brings some thirty others with it, whose relocations alone are 1.4 MB of
 * each process, and most processes that may send something never do.
 */
#ifndef LATE_CURL_H
#define LATE_CURL_H

#define CURL_DISABLE_TYPECHECK /* its macros call the functions by their own names */
#include <curl/curl.h>

struct late_curl {
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_easy_init) *init;
	__typeof__(curl_easy_reset) *reset;
	__typeof__(curl_easy_cleanup) *cleanup;
	__typeof__(curl_easy_setopt) *setopt;
	__typeof__(curl_easy_perform) *perform;
	__typeof__(curl_easy_getinfo) *getinfo;
	__typeof__(curl_easy_strerror) *strerror;
	__typeof__(curl_slist_append) *append;
	__typeof__(curl_slist_free_all) *free_all;
};

/*
 * The functions.  The first call begins the library with those parts, CURL_GLOBAL_...; it
 * has no others later.  Ends the process if there is no libcurl.
 */
const struct late_curl *late_curl(long parts);

#endif
