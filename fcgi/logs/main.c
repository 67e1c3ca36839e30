/* SPDX-License-Identifier: MIT */
/* monlight-logs: searches what monlight-indexer has stored.  It only reads. */
#include "fcgi.h"
#include "logs.h"
#include "text.h"

/* GET /api/logs/tail is answered by monlight-tail, to which lighttpd gives it. */
static int
tail_is_elsewhere(struct req *rq)
{
	return req_fail_later(rq, 503, 5, "The live tail is not running");
}

static const struct route routes[] = {
    {GET, "/api/logs/tail", ACCESS_TAIL, BODY_NONE, tail_is_elsewhere},
    {GET, "/api/logs", ACCESS_READ, BODY_NONE, logs_list},
    {GET, "/api/logs/histogram", ACCESS_READ, BODY_NONE, logs_histogram},
    {GET, "/api/logs/fields", ACCESS_READ, BODY_NONE, logs_top_fields},
    {GET, "/api/logs/export", ACCESS_READ, BODY_NONE, logs_export},
    {GET, "/api/logs/containers", ACCESS_READ, BODY_NONE, logs_containers},
    {GET, "/api/logs/stats", ACCESS_READ, BODY_NONE, logs_stats},
    {GET, "/api/logs/{}", ACCESS_READ, BODY_NONE, logs_entry},
    {GET, "/api/logs/{}/context", ACCESS_READ, BODY_NONE, logs_context},
    /* as the original's code had them, against its documents */
    {GET, "/api/containers", ACCESS_READ, BODY_NONE, logs_containers},
    {GET, "/api/stats", ACCESS_READ, BODY_NONE, logs_stats},
};

int
main(int argc, char *argv[])
{
	struct app app = logs_app("monlight-logs", routes, NELEM(routes));

	return fcgi_main(&app, argc, argv);
}
