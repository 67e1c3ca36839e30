/* SPDX-License-Identifier: MIT */
/* Questions to a request in the words that the wire contract has for the relay. */
#include <string.h>

#include "relay.h"
#include "text.h"

int
want_body(struct req *rq)
{
	return rq->length > 0 ? 0 : req_fail(rq, 400, "Empty request body");
}

int
want_number(struct req *rq, int64_t *id)
{
	const char *text = rq->params[0];

	if (text_int64(text, strlen(text), INT64_MIN, INT64_MAX, id) == -1)
		return req_fail(rq, 400, "Invalid ID");
	return 0;
}

int
check_name(struct req *rq, const char *name, const char *text, size_t max)
{
	if (text == NULL)
		return req_fail(rq, 400, "Missing required field: %s", name);
	if (*text == '\0' || strlen(text) > max)
		return req_fail(rq, 400, "Field '%s' must be 1-%zu characters", name, max);
	return 0;
}

int
want_name(struct req *rq, const cJSON *doc, const char *name, size_t max, const char **out)
{
	*out = json_get_text(doc, name);
	return check_name(rq, name, *out, max);
}
