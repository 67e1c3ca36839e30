/* SPDX-License-Identifier: MIT */
/* monlight-tail: the live tail of the log viewer, all streams in one process. */
#include "fcgi_mux.h"
#include "logs.h"
#include "tail.h"
#include "text.h"

static const struct route routes[] = {
    {GET, "/api/logs/tail", ACCESS_TAIL, BODY_NONE, tail_open},
};

static const struct fcgi_streams streams = {
    .max = &logs_cfg.tail_clients,
    .tick_us = TAIL_TICK_US,
    .tick = tail_tick,
    .waiting = tail_waiting,
    .send = tail_send,
    .stopping = tail_stopping,
    .closed = tail_closed,
};

int
main(int argc, char *argv[])
{
	struct app app = logs_app("monlight-tail", routes, NELEM(routes));

	return fcgi_mux_main(&app, &streams, argc, argv);
}
