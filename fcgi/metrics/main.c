/* SPDX-License-Identifier: MIT */
/* The metrics collector: so far what all services share. */
#include "fcgi.h"
#include "metrics_sql.h"

static struct base_cfg cfg;

int
main(int argc, char *argv[])
{
	static struct app app = {
	    .name = "metrics",
	    .program = "monlight-metrics",
	    .title = "metrics collector",
	    .prefix = "METRICS_COLLECTOR",
	    .key_name = "API_KEY",
	    .database = "data/metrics.db",
	    .rate_limit = 200,
	    .max_body_size = 524288,
	    .sync = DB_SYNC_NORMAL,
	    .cfg = &cfg,
	    .schema = &metrics_schema,
	};

	return fcgi_main(&app, argc, argv);
}
