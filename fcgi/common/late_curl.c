/* SPDX-License-Identifier: MIT */
#include "late_curl.h"

#include <dlfcn.h>
#include <string.h>

#include "log.h"
#include "text.h"

static struct late_curl curl;

static void
load(long parts)
{
	static const struct {
		void *to;
		const char *name;
	} functions[] = {
	    {&curl.global_init, "curl_global_init"},
	    {&curl.init, "curl_easy_init"},
	    {&curl.reset, "curl_easy_reset"},
	    {&curl.cleanup, "curl_easy_cleanup"},
	    {&curl.setopt, "curl_easy_setopt"},
	    {&curl.perform, "curl_easy_perform"},
	    {&curl.getinfo, "curl_easy_getinfo"},
	    {&curl.strerror, "curl_easy_strerror"},
	    {&curl.append, "curl_slist_append"},
	    {&curl.free_all, "curl_slist_free_all"},
	};
	void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);

	if (library == NULL)
		log_fatalx("%s", dlerror());
	for (size_t i = 0; i < NELEM(functions); i++) {
		void *function = dlsym(library, functions[i].name);

		if (function == NULL)
			log_fatalx("%s", dlerror());
		memcpy(functions[i].to, &function, sizeof function);
	}
	if (curl.global_init(parts) != CURLE_OK)
		log_fatalx("libcurl cannot start");
}

const struct late_curl *
late_curl(long parts)
{
	if (curl.init == NULL)
		load(parts);
	return &curl;
}
