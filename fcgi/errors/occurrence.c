/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a report as it came: the members of a JSON object without its
 * braces, so that an answer puts the occurrence's id and time before them and
 * copies the rest.  The wire contract's members are always there, ours if given.
 */
#include <string.h>

#include "log.h"
#include "pack.h"
#include "report.h"
#include "scrub.h"
#include "text.h"

struct packing {
	struct arena *mem;
	struct json_out out;
	const cJSON *doc;
	bool scrub;
	int scrubbed;
};

static void
put_text(struct packing *p, const char *name)
{
	json_text(&p->out, name, json_get_text(p->doc, name));
}

static void
put_tree(struct packing *p, const char *name)
{
	const cJSON *item = json_get(p->doc, name);

	if (item == NULL || !p->scrub)
		json_tree(&p->out, name, item);
	else
		p->scrubbed += scrub_tree(p->mem, &p->out, name, item);
}

/* An empty text is none, as where reports are read. */
static void
put_if_given(struct packing *p, const char *name)
{
	const cJSON *item = json_get(p->doc, name);

	if (item != NULL && !cJSON_IsNull(item) &&
	    !(cJSON_IsString(item) && *item->valuestring == '\0'))
		put_tree(p, name);
}

static void
put_url(struct packing *p)
{
	const char *url = json_get_text(p->doc, "request_url");

	if (url != NULL && p->scrub)
		url = scrub_text(p->mem, url, &p->scrubbed);
	json_text(&p->out, "request_url", url);
}

char *
occurrence_pack(struct arena *mem, const cJSON *doc, bool scrub, size_t *packed, int *scrubbed)
{
	static const char *const others[] = {"event_id", "environment", "release", "level",
	    "server_name", "session_id", "user", "tags", "breadcrumbs", "contexts", "frames",
	    "causes", "debug_ids"};
	struct buf text = {0};
	struct packing p = {mem, {&text, false}, doc, scrub, 0};
	char *payload;

	put_url(&p);
	put_text(&p, "request_method");
	put_tree(&p, "request_headers");
	put_text(&p, "user_id");
	put_tree(&p, "extra");
	put_text(&p, "traceback");
	put_text(&p, "message");
	for (size_t i = 0; i < NELEM(others); i++)
		put_if_given(&p, others[i]);
	payload = pack_zstd(mem, text.data, text.len, 1, packed);
	buf_free(&text);
	*scrubbed = p.scrubbed;
	return payload;
}

const char *
occurrence_unpack(struct arena *mem, const void *blob, size_t len, size_t *text_len)
{
	char *text;

	if (unpack_zstd(mem, blob, len, PAYLOAD_MAX, &text, text_len) == PACK_OK)
		return text;
	log_errorx("an occurrence is damaged: its payload of %zu bytes does not unpack", len);
	return NULL;
}
