/* SPDX-License-Identifier: MIT */
/* The browser relay: so far what all services share. */
#include "fcgi.h"
#include "relay_sql.h"

static struct base_cfg cfg;

int
main(int argc, char *argv[])
{
	static struct app app = {
	    .name = "relay",
	    .program = "monlight-relay",
	    .title = "browser relay",
	    .prefix = "BROWSER_RELAY",
	    .key_name = "ADMIN_API_KEY",
	    .database = "data/relay.db",
	    .rate_limit = 300,
	    .max_body_size = 65536,
	    .sync = DB_SYNC_FULL,
	    .open_404 = true,
	    .needs_network = true,
	    .cfg = &cfg,
	    .schema = &relay_schema,
	};

	return fcgi_main(&app, argc, argv);
}
