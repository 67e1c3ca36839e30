/* SPDX-License-Identifier: MIT */
/*
 * From the relay to tracker and collector, and to the outbox when they cannot take
 * it.  A browser asks once and is gone, so what it was told is stored somewhere.
 */
#include <string.h>

#include "clock.h"
#include "forward.h"
#include "log.h"
#include "relay.h"
#include "secret.h"
#include "text.h"

/*
 * Below lighttpd's graceful timeout of 3 s: the others are reached through the
 * lighttpd that waits for us when it reloads.
 */
#define CONNECT_MS 300L
#define TOTAL_MS 1500L

#define COUNT_WAIT_US 100000
#define FINISH_WAIT_US 500000 /* who ends us waits little longer */

static struct forward *connections[DESTINATIONS];

void
relay_connect(const struct app *app)
{
	static const int services[DESTINATIONS] = {[TO_ERRORS] = 0, [TO_METRICS] = 2};
	const struct relay_cfg *cfg = (const struct relay_cfg *)app->cfg;

	for (int to = 0; to < DESTINATIONS; to++) {
		const char *key = cfg->base.relay_internal_key;
		char url[DESTINATION_URL_SIZE];

		if (key == NULL && (key = cfg->keys[to]) == NULL)
			log_warnx("neither RELAY_INTERNAL_KEY nor a key of the service for %s is "
				  "set: what browsers report waits in the outbox",
			    destination_names[to]);
		destination_url(
		    url, to, cfg->urls[to], cfg->base.bind_address, cfg->base.ports[services[to]]);
		connections[to] = forward_new(url, key, CONNECT_MS, TOTAL_MS);
	}
}

/*
 * A stranger's id goes to the services behind as a header: an end of line in it would be one
 * of the request, and what stands behind it headers or a request of its own.
 */
static bool
fits_header(const char *text, size_t max)
{
	size_t len = 0;

	while (text[len] > ' ' && text[len] <= '~')
		len++;
	return text[len] == '\0' && len <= max;
}

const char *
relay_event(struct req *rq, const char *given, size_t max)
{
	unsigned char random[16];
	char hex[33];

	if (given == NULL || *given == '\0') {
		secret_random(random, sizeof random);
		text_hex(hex, random, sizeof random);
	} else if (fits_header(given, max))
		return given;
	else
		secret_md5_hex(hex, given, strlen(given));
	return arena_strdup(rq->mem, hex);
}

/* What keys have taken and is not written down yet; of each key once, so there are few. */
static struct use {
	int64_t key, at, errors, points;
} * uses;
static size_t nuses;

static void
note_use(int64_t key, int64_t errors, int64_t points)
{
	size_t i = 0;

	while (i < nuses && uses[i].key != key)
		i++;
	if (i == nuses) {
		uses = heap_resize(uses, ++nuses * sizeof *uses);
		uses[i] = (struct use){.key = key};
	}
	uses[i].at = clock_now();
	uses[i].errors += errors;
	uses[i].points += points;
}

static int
write_uses(struct db *db)
{
	for (size_t i = 0; i < nuses; i++)
		if (db_run(db, SQL_KEY_COUNT,
			DB_ARGS(DB_INT(uses[i].key), DB_INT(uses[i].at), DB_INT(uses[i].errors),
			    DB_INT(uses[i].points))) == DB_FAILED)
			return DB_FAILED;
	return 0;
}

/* Waits that long for the lock, and without it leaves them for another time. */
static void
settle_uses(struct db *db, int64_t wait_us)
{
	if (db_begin_soon(db, wait_us) == 0 && db_finish(db, write_uses(db)) == 0)
		nuses = 0;
}

void
relay_finish(struct db *db)
{
	if (nuses > 0)
		settle_uses(db, FINISH_WAIT_US);
}

/*
 * Counting what a key has taken is worth no wait for the disk and hardly one for the lock,
 * and its failure no refusal: the report itself is stored, and it is counted with the next,
 * or when the process ends.
 */
static void
count_use(struct req *rq, int64_t errors, int64_t points)
{
	bool power = relay_cfg(rq)->base.durability != DURABILITY_PROCESS;

	note_use(rq->service_id, errors, points);
	if (power && db_exec(rq->db, "PRAGMA synchronous=NORMAL") == DB_FAILED)
		return;
	settle_uses(rq->db, COUNT_WAIT_US);
	if (power)
		(void)db_exec(rq->db, "PRAGMA synchronous=FULL");
}

static int
enqueue(struct req *rq, enum destination to, const char *event, const struct buf *body)
{
	struct json_out *out;

	switch (outbox_add(
	    rq->db, rq->mem, to, event, body->data, body->len, relay_cfg(rq)->outbox_max_bytes)) {
	case OUTBOX_ADDED:
		break;
	case OUTBOX_FULL:
		app_count(rq, COUNTER_TURNED_AWAY, 1);
		return req_fail_later(rq, 503, 60,
		    "The service behind the relay does not answer, and the relay can keep no more");
	case OUTBOX_FAILED:
		return req_fail_db(rq);
	}
	app_count(rq, COUNTER_QUEUED, 1);
	out = req_json(rq);
	json_object(out, NULL);
	json_text(out, "status", "queued");
	json_object_end(out);
	return 202;
}

/* Whether the answer is about the report; any other is about the service or about us. */
static bool
is_verdict(int status)
{
	return status == 200 || status == 201 || status == 202 || status == 400 || status == 413;
}

int
relay_send(struct req *rq, enum destination to, const char *event, const struct buf *body,
    int64_t errors, int64_t points)
{
	bool paused = forward_pause_us(connections[to]) > 0;
	struct forward_answer answer = forward_post(connections[to], event, body->data, body->len);
	int status = answer.status;

	if (!is_verdict(status)) {
		if (status == 0 && !paused)
			log_warnx("%s: %s", destination_names[to], answer.why);
		else if (status != 0)
			log_warnx("%s: answered %d to the relay", destination_names[to], status);
		status = enqueue(rq, to, event, body);
	} else {
		app_count(rq, COUNTER_FORWARDED, 1);
		(void)req_json(rq);
		buf_add(&rq->out, answer.body, answer.len);
		if (answer.len == 0)
			buf_str(&rq->out, "{\"status\":\"accepted\"}");
	}
	if (status < 300)
		count_use(rq, errors, points);
	return status;
}

/* GET /api/outbox: what waits for each destination, and what became of the rest. */
int
relay_outbox(struct req *rq)
{
	struct outbox_totals totals[DESTINATIONS] = {{0}};
	struct json_out *out = req_json(rq);

	if (outbox_totals(rq->db, totals) == DB_FAILED)
		return req_fail_db(rq);
	json_object(out, NULL);
	json_array(out, "destinations");
	for (int to = 0; to < DESTINATIONS; to++) {
		const struct outbox_totals *t = &totals[to];

		json_object(out, NULL);
		json_text(out, "name", destination_names[to]);
		json_int(out, "waiting", t->waiting);
		json_int(out, "bytes", t->bytes);
		if (t->oldest_at != 0)
			json_time(out, "oldest_at", t->oldest_at);
		else
			json_null(out, "oldest_at");
		json_int(out, "queued", t->queued);
		json_int(out, "delivered", t->delivered);
		json_int(out, "refused", t->refused);
		json_int(out, "expired", t->expired);
		json_int(out, "turned_away", t->turned_away);
		json_object_end(out);
	}
	json_array_end(out);
	json_object_end(out);
	return 200;
}
