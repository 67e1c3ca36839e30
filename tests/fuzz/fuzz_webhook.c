/* SPDX-License-Identifier: MIT */
/*
 * Any alert in each dialect: JSON that names it, and in a chat's message no mark that works but
 * our own: the bold title and at most one block of code.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "alert_input.h"
#include "alert_webhook.h"

#define EXTRA 8 /* bytes of a mark that a cut may end in */

static bool
is_slacks_own(const char *at)
{
	return *at == '&' ? text_starts_with(at, "&amp;") || text_starts_with(at, "&lt;") ||
				text_starts_with(at, "&gt;")
			  : text_starts_with(at + 1, "\xe2\x80\x8b");
}

/* Slack's marks are harmless as an entity or before a zero-width space, also in code. */
static void
check_slack(const char *text, size_t len)
{
	size_t bold = 0, code = 0;

	for (size_t i = 0; i < len; i++)
		if (strchr("<>&`*_~", text[i]) != NULL && !is_slacks_own(text + i)) {
			bold += text[i] == '*';
			code += text[i] == '`';
			if (text[i] != '*' && text[i] != '`')
				abort();
		}
	/* A title may begin with a zero-width space of its own. */
	if (bold > 2 || (code != 0 && code != 6))
		abort();
}

/* Discord's behind a backslash, but for what stands in code, which only ``` ends. */
static void
check_discord(const char *text, size_t len)
{
	size_t bold = 0, code = 0;

	for (size_t i = 0; i < len; i++)
		if (text[i] == '`')
			code++;
		else if (code == 3)
			continue;
		else if (text[i] == '\\')
			i++;
		else if (text[i] == '*')
			bold++;
		else if (strchr("_~|<>@#[]()", text[i]) != NULL)
			abort();
	if (bold != 4 || (code != 0 && code != 6))
		abort();
}

static const struct {
	const char *item, *member;
	size_t max; /* bytes of the text */
	void (*check)(const char *, size_t);
} dialects[] = {
    {"json https://chat.example/", "title", SIZE_MAX, NULL},
    {"slack https://chat.example/", "text", 12000, check_slack},
    {"discord https://chat.example/", "content", 2000, check_discord},
};

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct alert_letter letter = {
	    .service = "errors", .base_url = "https://monlight.example"};
	struct arena *mem = arena_new(0);
	struct alert alert = alert_of_input(mem, data, size);

	alert.path = "/errors/1"; /* of all that is written as it is this alone comes from us */
	for (size_t i = 0; i < NELEM(dialects); i++) {
		struct alert_channel channel;
		struct buf out = {0};
		const char *why, *text;
		size_t at, len;

		if (alert_webhook_read(dialects[i].item, 1, mem, &channel) == -1)
			abort();
		channel.write(&out, &letter, &alert);
		text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
		    json_parse(mem, out.data, out.len, &why, &at), dialects[i].member));
		if (text == NULL || (len = strlen(text)) > dialects[i].max)
			abort();
		if (dialects[i].check == NULL && strcmp(text, alert.title) != 0)
			abort();
		if (dialects[i].check != NULL)
			dialects[i].check(text, len < dialects[i].max - EXTRA ? len : len - EXTRA);
		buf_free(&out);
	}
	arena_free(mem);
	return 0;
}
