/* SPDX-License-Identifier: MIT */
#include "destination.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

const char *const destination_names[DESTINATIONS] = {"errors", "metrics"};

static const char *const paths[DESTINATIONS] = {"/api/errors", "/api/metrics"};

void
destination_url(char out[DESTINATION_URL_SIZE], enum destination to, const char *configured,
    const char *bind_address, int64_t port)
{
	const char *host = bind_address;
	int len;

	if (configured != NULL) {
		for (len = (int)strlen(configured); len > 0 && configured[len - 1] == '/';)
			len--;
		(void)snprintf(out, DESTINATION_URL_SIZE, "%.*s%s", len, configured, paths[to]);
		return;
	}
	if (strcmp(host, "0.0.0.0") == 0)
		host = "127.0.0.1";
	else if (strcmp(host, "::") == 0 || strcmp(host, "[::]") == 0)
		host = "::1";
	(void)snprintf(out, DESTINATION_URL_SIZE,
	    text_wants_brackets(host) ? "http://[%s]:%lld%s" : "http://%s:%lld%s", host,
	    (long long)port, paths[to]);
}
