/* SPDX-License-Identifier: MIT */
/* The variables every service has, and opening what they name. */
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "arena.h"
#include "log.h"
#include "text.h"

static const char *const durabilities[] = {"default", "process", "power", NULL};

#define BASE(member) offsetof(struct base_cfg, member)

/* Rows whose name or default differs from service to service come first; see app_fields(). */
enum { ROW_KEY, ROW_DATABASE, ROW_RATE_LIMIT, ROW_MAX_BODY_SIZE };

static const struct cfg_field shared[] = {
    [ROW_KEY] = {"API_KEY", CFG_TEXT, CFG_REQUIRED | CFG_SECRET, BASE(api_key), NULL, 0, 0, NULL,
	"the key that opens this service"},
    [ROW_DATABASE] = {"DATABASE_PATH", CFG_PATH, 0, BASE(database_path), NULL, 0, 0, NULL,
	"the service's SQLite file; its directory must exist"},
    [ROW_RATE_LIMIT] = {"RATE_LIMIT", CFG_INT, 0, BASE(rate_limit), NULL, 0, 10000000, NULL,
	"requests a minute for each credential; 0 switches every limit off"},
    [ROW_MAX_BODY_SIZE] = {"MAX_BODY_SIZE", CFG_BYTES, 0, BASE(max_body_size), NULL, 1024, 33554432,
	NULL, "largest request body, also after inflating"},
    {"INGEST_RATE_LIMIT", CFG_INT, 0, BASE(ingest_rate_limit), "6000", 0, 10000000, NULL,
	"reports a minute for each credential; 0: no limit"},
    {"INGEST_API_KEY", CFG_TEXT, CFG_SECRET, BASE(ingest_api_key), NULL, 0, 0, NULL,
	"a second key that may only post reports"},
    {"RELAY_INTERNAL_KEY", CFG_TEXT, CFG_SECRET, BASE(relay_internal_key), NULL, 0, 0, NULL,
	"the relay's own key at tracker and collector; it has no rate limit"},
    {"UI_PASSWORD", CFG_TEXT, CFG_SECRET, BASE(ui_password), NULL, 0, 0, NULL,
	"signs in to the pages of all four services"},
    {"SESSION_SECRET", CFG_TEXT, CFG_SECRET, BASE(session_secret), NULL, 0, 0, NULL,
	"signs the cookies; unset: the service's key does"},
    {"COOKIE_DOMAIN", CFG_TEXT, 0, BASE(cookie_domain), NULL, 0, 0, NULL,
	"domain of the cookie, under virtual hosts"},
    {"BIND_ADDRESS", CFG_TEXT, 0, BASE(bind_address), "127.0.0.1", 0, 0, NULL,
	"address that lighttpd listens on"},
    {"ERROR_TRACKER_PORT", CFG_INT, 0, BASE(ports[0]), "5010", 1, 65535, NULL, "its port"},
    {"LOG_VIEWER_PORT", CFG_INT, 0, BASE(ports[1]), "5011", 1, 65535, NULL, "its port"},
    {"METRICS_COLLECTOR_PORT", CFG_INT, 0, BASE(ports[2]), "5012", 1, 65535, NULL, "its port"},
    {"BROWSER_RELAY_PORT", CFG_INT, 0, BASE(ports[3]), "5013", 1, 65535, NULL, "its port"},
    {"ERROR_TRACKER_PUBLIC_URL", CFG_TEXT, 0, BASE(public_urls[0]), NULL, 0, 0, NULL,
	"where browsers reach it; unset: the host they asked for, and its port"},
    {"LOG_VIEWER_PUBLIC_URL", CFG_TEXT, 0, BASE(public_urls[1]), NULL, 0, 0, NULL, "likewise"},
    {"METRICS_COLLECTOR_PUBLIC_URL", CFG_TEXT, 0, BASE(public_urls[2]), NULL, 0, 0, NULL,
	"likewise"},
    {"BROWSER_RELAY_PUBLIC_URL", CFG_TEXT, 0, BASE(public_urls[3]), NULL, 0, 0, NULL, "likewise"},
    {"MONLIGHT_HOME", CFG_TEXT, 0, BASE(home), NULL, 0, 0, NULL,
	"directory of monlight.env, data/, run/ and log/"},
    {"RUN_DIR", CFG_PATH, 0, BASE(run_dir), "run", 0, 0, NULL,
	"directory of sockets and of the pool's shared page"},
    {"LOG_LEVEL", CFG_CHOICE, 0, BASE(log_level), "info", 0, 0, log_level_words,
	"least important line that is logged"},
    {"DURABILITY", CFG_CHOICE, 0, BASE(durability), "default", 0, 0, durabilities,
	"what an acknowledged report survives: process (its end) or power (a power cut)"},
};

size_t
app_fields(const struct app *app, struct cfg_field *out, size_t max)
{
	static char rate_limit[24], max_body_size[24];
	size_t n = NELEM(shared);

	if (n + app->nfields > max)
		log_fatalx("%s: more than %zu configuration rows", app->name, max);
	memcpy(out, shared, sizeof shared);
	(void)snprintf(rate_limit, sizeof rate_limit, "%lld", (long long)app->rate_limit);
	(void)snprintf(max_body_size, sizeof max_body_size, "%lld", (long long)app->max_body_size);
	out[ROW_KEY].name = app->key_name;
	out[ROW_DATABASE].fallback = app->database;
	out[ROW_RATE_LIMIT].fallback = rate_limit;
	out[ROW_MAX_BODY_SIZE].fallback = max_body_size;
	if (app->nfields > 0)
		memcpy(out + n, app->fields, app->nfields * sizeof *out);
	return n + app->nfields;
}

int
app_configure(const struct app *app, FILE *errors)
{
	struct cfg_field fields[APP_MAX_FIELDS];
	size_t n = app_fields(app, fields, NELEM(fields));
	int bad = cfg_load(app->cfg, fields, n, app->prefix, errors);

	if (app->check != NULL)
		bad += app->check(app, errors);
	if (bad == 0)
		log_init(app->program, log_level_of(app->cfg->log_level));
	return bad;
}

struct db *
app_open(struct app *app)
{
	const struct base_cfg *cfg = app->cfg;
	enum db_sync sync = app->sync;
	size_t size = strlen(cfg->run_dir) + strlen(app->name) + 32;
	char *path = heap_alloc(size);

	/* Named for its size as well: a build with another layout has a page of its own. */
	(void)snprintf(path, size, "%s/%s.%zx.shm", cfg->run_dir, app->name, sizeof(struct shm));
	app->shm = shm_open_pool(path);
	free(path);
	if (cfg->durability != DURABILITY_DEFAULT)
		sync = cfg->durability == DURABILITY_POWER ? DB_SYNC_FULL : DB_SYNC_NORMAL;
	return db_open(cfg->database_path, app->schema, sync);
}
