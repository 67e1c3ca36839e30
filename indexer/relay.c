/* SPDX-License-Identifier: MIT */
/* Jobs and commands on the browser relay's database. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cors.h"
#include "indexer.h"
#include "json.h"
#include "key_store.h"
#include "log.h"
#include "map_store.h"
#include "text.h"

#define SECONDS_PER_DAY 86400
#define PROJECT_MAX 100
#define SDK_SCRIPT "monlight-" MONLIGHT_VERSION ".min.js"
#define SDK_INTEGRITY "monlight-" MONLIGHT_VERSION ".integrity.json"
#define SDK_INTEGRITY_MAX 65536
#define SHRINK_PAGES 256                /* of a transaction */
#define SHRINK_BYTES ((int64_t)4 << 20) /* fewer free ones wait for new maps */

int
relay_retention(struct pass *p)
{
	int64_t before = clock_now() - p->cfg->relay.retention_days * SECONDS_PER_DAY;
	int64_t dropped = 0;
	int st = DB_NONE;

	while (!indexer_stopping() && (st = map_drop_older(p->db, before)) == DB_ROW)
		dropped++;
	if (st == DB_FAILED)
		return -1;
	if (dropped > 0)
		log_info("relay: forgot %lld source maps", (long long)dropped);
	while (!indexer_stopping() && db_free_bytes(p->db) > SHRINK_BYTES)
		if (db_shrink(p->db, SHRINK_PAGES) == DB_FAILED)
			return -1;
	return 0;
}

/* The origins behind the project as one list; NULL if one is none. */
static const char *
join_origins(struct arena *mem, char *const origins[])
{
	const char *list = "";

	for (; *origins != NULL; origins++) {
		if (!cors_valid_item(*origins, strlen(*origins))) {
			(void)fprintf(stderr,
			    "monlight: %s is no origin as browsers write it, in lower case, "
			    "without a path and a default port; accepted: "
			    "https://shop.example, https://*.shop.example, *\n",
			    *origins);
			return NULL;
		}
		list = arena_printf(mem, "%s%s%s", list, *list != '\0' ? "," : "", *origins);
	}
	return list;
}

/* The script's hash; NULL if the SDK was not built here. */
static const char *
script_hash(struct arena *mem, const struct relay_settings *cfg)
{
	if (cfg->sdk == NULL)
		return NULL;
	return json_get_text(json_parse_file(mem, arena_printf(mem, "%s/" SDK_INTEGRITY, cfg->sdk),
				 SDK_INTEGRITY_MAX),
	    SDK_SCRIPT);
}

/* Where a page finds the relay: as configured, or at its port. */
static const char *
relay_url(struct arena *mem, const struct relay_settings *cfg)
{
	const char *host = cfg->bind_address, *url = cfg->public_url;
	int len;

	if (url != NULL) {
		for (len = (int)strlen(url); len > 0 && url[len - 1] == '/';)
			len--;
		return arena_printf(mem, "%.*s", len, url);
	}
	/* An address that means all of this host's leads nowhere. */
	if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 || strcmp(host, "[::]") == 0)
		host = "localhost";
	return arena_printf(mem, text_wants_brackets(host) ? "http://[%s]:%lld" : "http://%s:%lld",
	    host, (long long)cfg->port);
}

static void
print_snippet(struct arena *mem, const struct relay_settings *cfg, const char *key, bool origins)
{
	const char *url = relay_url(mem, cfg), *hash = script_hash(mem, cfg);

	(void)printf("%s\n\nIn a page:\n\n"
		     "<script>window.MonlightConfig = { dsn: \"%s\", endpoint: \"%s\" };</script>\n"
		     "<script src=\"%s/sdk/" SDK_SCRIPT
		     "\"%s crossorigin=\"anonymous\"></script>\n\n"
		     "In a bundle, with @monlight/browser:\n\n"
		     "import { init } from \"@monlight/browser\";\n"
		     "init({ dsn: \"%s\", endpoint: \"%s\" });\n",
	    key, key, url, url, hash != NULL ? arena_printf(mem, " integrity=\"%s\"", hash) : "",
	    key, url);
	if (!origins && cfg->cors_origins == NULL)
		(void)printf(
		    "\nPages of another origin than %s may not use it yet: name theirs in\n"
		    "CORS_ORIGINS, or behind the project: monlight keys add PROJECT "
		    "https://shop.example\n",
		    url);
	if (hash == NULL)
		(void)fprintf(stderr,
		    "monlight: warning: the browser SDK is not built, so the relay has no "
		    "/sdk/" SDK_SCRIPT ": make builds it where there is npm\n");
}

int
relay_keys(struct pass *p, char *const arguments[])
{
	const char *project, *origins;
	char key[DSN_KEY_SIZE];

	if (arguments[0] == NULL || strcmp(arguments[0], "add") != 0 || arguments[1] == NULL) {
		(void)fprintf(stderr, "usage: monlight keys add PROJECT [ORIGIN ...]\n");
		return 2;
	}
	project = arguments[1];
	if (*project == '\0' || strlen(project) > PROJECT_MAX) {
		(void)fprintf(stderr, "monlight: a project has 1 to %d characters\n", PROJECT_MAX);
		return 2;
	}
	if ((origins = join_origins(p->mem, arguments + 2)) == NULL)
		return 2;
	if (dsn_key_add(p->db, project, *origins != '\0' ? origins : NULL, key, NULL) == DB_FAILED)
		return 1;
	print_snippet(p->mem, &p->cfg->relay, key, *origins != '\0');
	return 0;
}
