/* SPDX-License-Identifier: MIT */
#include "resolve.h"

int
trace_read(struct req *rq, const char *release, const cJSON *debug_ids, const char *stack,
    struct trace *out)
{
	(void)rq;
	(void)release;
	(void)debug_ids;
	*out = (struct trace){.text = stack};
	return 0;
}

void
trace_write_frames(struct json_out *out, const struct trace *trace)
{
	(void)out;
	(void)trace;
}
