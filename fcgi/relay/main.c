/* SPDX-License-Identifier: MIT */
/* The browser relay: the one door for strangers, to tracker and collector behind it. */
#include <malloc.h>

#include "fcgi.h"
#include "key_store.h"
#include "relay.h"
#include "text.h"

static struct relay_cfg cfg;

#define CFG(member) offsetof(struct relay_cfg, member)

static const struct cfg_field fields[] = {
    {"ERROR_TRACKER_URL", CFG_TEXT, 0, CFG(urls[TO_ERRORS]), NULL, 0, 0, NULL,
	"where the relay reaches the error tracker; unset: by its port on this host"},
    {"ERROR_TRACKER_API_KEY", CFG_TEXT, CFG_SECRET, CFG(keys[TO_ERRORS]), NULL, 0, 0, NULL,
	"its key, for a relay without RELAY_INTERNAL_KEY"},
    {"METRICS_COLLECTOR_URL", CFG_TEXT, 0, CFG(urls[TO_METRICS]), NULL, 0, 0, NULL,
	"where the relay reaches the metrics collector; unset: by its port on this host"},
    {"METRICS_COLLECTOR_API_KEY", CFG_TEXT, CFG_SECRET, CFG(keys[TO_METRICS]), NULL, 0, 0, NULL,
	"its key, for a relay without RELAY_INTERNAL_KEY"},
    {"CORS_ORIGINS", CFG_TEXT, 0, CFG(cors_origins), NULL, 0, 0, NULL,
	"origins whose pages may post, comma-separated; * in a name stands for a part of it"},
    {"DSN_KEYS", CFG_TEXT, 0, CFG(dsn_keys), NULL, 0, 0, NULL,
	"keys to begin with: PROJECT:KEY, comma-separated"},
    {"RETENTION_DAYS", CFG_INT, 0, CFG(retention_days), "90", 1, 36500, NULL,
	"days a source map is kept"},
    {"MAX_SOURCE_MAP_SIZE", CFG_BYTES, 0, CFG(max_source_map_size), "32M", 1024, 33554432, NULL,
	"largest source map, also after inflating"},
    {"OUTBOX_MAX_BYTES", CFG_BYTES, 0, CFG(outbox_max_bytes), "64M", 0, INT64_C(1) << 40, NULL,
	"what may wait for tracker and collector; beyond it browsers are asked to come later"},
};

/* Not const: the size of a source map is configured. */
static struct route routes[] = {
    {POST, "/api/source-maps", ACCESS_WRITE, 0, maps_upload}, /* first: see start() */
    {OPTIONS, "/api/browser/errors", ACCESS_SERVICE, BODY_NONE, relay_preflight},
    {POST, "/api/browser/errors", ACCESS_SERVICE, BODY_CONFIGURED, browser_errors},
    {OPTIONS, "/api/browser/metrics", ACCESS_SERVICE, BODY_NONE, relay_preflight},
    {POST, "/api/browser/metrics", ACCESS_SERVICE, BODY_CONFIGURED, browser_metrics},
    {POST, "/api/dsn-keys", ACCESS_WRITE, BODY_SMALL, keys_create},
    {GET, "/api/dsn-keys", ACCESS_READ, BODY_NONE, keys_list},
    {DELETE, "/api/dsn-keys/{}", ACCESS_WRITE, BODY_NONE, keys_deactivate},
    {POST, "/api/dsn-keys/{}/activate", ACCESS_WRITE, BODY_NONE, keys_activate},
    {POST, "/api/dsn-keys/{}/origins", ACCESS_WRITE, BODY_SMALL, keys_set_origins},
    {GET, "/api/source-maps", ACCESS_READ, BODY_NONE, maps_list},
    {DELETE, "/api/source-maps/{}", ACCESS_WRITE, BODY_NONE, maps_delete},
    {GET, "/api/outbox", ACCESS_READ, BODY_NONE, relay_outbox},
};

static const struct app_counter counters[] = {
    [COUNTER_FORWARDED] = {"monlight_relay_forwarded_total",
	"Reports and batches handed on at once."},
    [COUNTER_QUEUED] = {"monlight_relay_queued_total",
	"Reports and batches kept for later: the service behind could not take them."},
    [COUNTER_TURNED_AWAY] = {"monlight_relay_turned_away_total",
	"Reports and batches neither handed on nor kept: the outbox was full."},
    [COUNTER_MAPPED] = {"monlight_relay_frames_mapped_total",
	"Stack frames brought back to their source."},
    [COUNTER_UNMAPPED] = {"monlight_relay_frames_unmapped_total",
	"Stack frames left as they were."},
};

static int
start(const struct app *app, struct db *db)
{
	routes[0].max_body = (size_t)cfg.max_source_map_size;
	/* A large map comes seldom: what it took goes back to the system, at any size. */
	(void)mallopt(M_MMAP_THRESHOLD, 65536);
	relay_connect(app);
	return dsn_keys_seed(db, cfg.dsn_keys);
}

static void
gauges(struct req *rq, struct buf *out)
{
	struct outbox_totals totals[DESTINATIONS] = {{0}};
	int64_t waiting = 0, bytes = 0, dropped = 0;

	if (outbox_totals(rq->db, totals) == DB_FAILED)
		return;
	for (int to = 0; to < DESTINATIONS; to++) {
		waiting += totals[to].waiting;
		bytes += totals[to].bytes;
		dropped += totals[to].expired + totals[to].refused;
	}
	app_gauge(
	    out, "monlight_relay_outbox_items", "Reports and batches that wait.", (double)waiting);
	app_gauge(out, "monlight_relay_outbox_bytes", "Their size on disk.", (double)bytes);
	app_gauge(out, "monlight_relay_outbox_dropped",
	    "Those that were never delivered, being too old or refused.", (double)dropped);
}

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
	    .cfg = &cfg.base,
	    .fields = fields,
	    .nfields = NELEM(fields),
	    .routes = routes,
	    .nroutes = NELEM(routes),
	    .schema = &relay_schema,
	    .counters = counters,
	    .ncounters = NELEM(counters),
	    .start = start,
	    .authorize = relay_authorize,
	    .always = relay_greet,
	    .metrics = gauges,
	    .finish = relay_finish,
	};

	return fcgi_main(&app, argc, argv);
}
