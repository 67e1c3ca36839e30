/* SPDX-License-Identifier: MIT */
/* The three dialects; limits as the two chats state them. */
#include "webhook.h"

#include <string.h>

#include "json.h"
#include "text.h"

#define DISCORD_MAX 2000 /* characters of a message; we count bytes, which is never more */
#define SLACK_MAX 12000
#define EXCERPT_MAX 1200 /* of the preformatted text: a chat is no place for a whole stack */
#define CODE_EXTRA 64    /* what stands around it, the mark of a cut included */

static const char *const format_names[] = {"json", "slack", "discord"};

const char *
webhook_format_name(enum webhook_format format)
{
	return format_names[format];
}

int
webhook_parse(const char *item, struct webhook *w)
{
	w->format = WEBHOOK_JSON;
	for (size_t i = 0; i < NELEM(format_names); i++) {
		size_t len = strlen(format_names[i]);

		if (text_starts_with(item, format_names[i]) && item[len] == ' ') {
			w->format = (enum webhook_format)i;
			w->url = item + len + strspn(item + len, " ");
			goto check;
		}
	}
	w->url = item;
	if (text_starts_with(item, "https://hooks.slack.com/"))
		w->format = WEBHOOK_SLACK;
	else if (text_starts_with(item, "https://discord.com/api/webhooks/"))
		w->format = WEBHOOK_DISCORD;
check:
	return text_starts_with(w->url, "https://") || text_starts_with(w->url, "http://") ? 0 : -1;
}

/* Slack gives a meaning to three characters alone, and to three backticks. */
static void
add_slack(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		switch (text[i]) {
		case '&':
			buf_str(out, "&amp;");
			break;
		case '<':
			buf_str(out, "&lt;");
			break;
		case '>':
			buf_str(out, "&gt;");
			break;
		case '`':
		case '*':
		case '_':
		case '~':
			/* A zero-width space takes the mark its power to begin or end anything. */
			buf_char(out, text[i]);
			buf_str(out, "\xe2\x80\x8b");
			break;
		default:
			buf_char(out, text[i]);
			break;
		}
}

/* Discord's Markdown is switched off by a backslash; mentions are by allowed_mentions. */
static void
add_discord(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr("\\`*_~|<>@#[]()", text[i]) != NULL && text[i] != '\0')
			buf_char(out, '\\');
		buf_char(out, text[i]);
	}
}

/* The beginning of a text, of at most max bytes.  Inside a code block only its end has a meaning. */
static void
add_code(struct buf *out, const char *text, size_t max, enum webhook_format format)
{
	size_t len = text_utf8_cut(text, strlen(text), max);

	buf_str(out, "```\n");
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '`')
			buf_str(out, "'");
		else if (format == WEBHOOK_SLACK)
			add_slack(out, text + i, 1);
		else
			buf_char(out, text[i]);
	}
	if (text[len] != '\0')
		buf_str(out, "\n[cut here: the rest is on the page]");
	buf_str(out, "\n```\n");
}

static void
add_chat(struct buf *out, enum webhook_format format, const struct alert *a, const char *base_url)
{
	void (*add)(struct buf *, const char *, size_t) =
	    format == WEBHOOK_SLACK ? add_slack : add_discord;
	const char *bold = format == WEBHOOK_SLACK ? "*" : "**";
	size_t max = format == WEBHOOK_SLACK ? SLACK_MAX : DISCORD_MAX, len;

	buf_str(out, bold);
	add(out, a->title, text_utf8_cut(a->title, strlen(a->title), 200));
	buf_printf(out, "%s\n", bold);
	if (a->path != NULL)
		buf_printf(out, "%s%s\n", base_url, a->path);
	for (size_t i = 0; i < a->nfacts; i++) {
		add(out, a->facts[i].name, strlen(a->facts[i].name));
		buf_str(out, ": ");
		len = strlen(a->facts[i].value);
		add(out, a->facts[i].value, text_utf8_cut(a->facts[i].value, len, 300));
		buf_char(out, '\n');
	}
	if (a->text != NULL && out->len + EXCERPT_MAX + CODE_EXTRA < max)
		add_code(out, a->text, EXCERPT_MAX, format);
	out->len = text_utf8_cut(out->data, out->len, max);
}

static void
write_json(struct json_out *out, const struct alert *a, const char *service, const char *base_url,
    int64_t created_at)
{
	struct buf url = {0};

	json_text(out, "service", service);
	json_text(out, "kind", a->kind);
	json_time(out, "created_at", created_at);
	json_int(out, "subject_id", a->subject_id);
	json_text(out, "title", a->title);
	json_text(out, "heading", a->heading);
	json_object(out, "facts");
	for (size_t i = 0; i < a->nfacts; i++)
		json_text(out, a->facts[i].name, a->facts[i].value);
	json_object_end(out);
	json_text(out, "text", a->text);
	if (a->path != NULL) {
		buf_printf(&url, "%s%s", base_url, a->path);
		json_text_len(out, "url", url.data, url.len);
		buf_free(&url);
	}
}

void
webhook_write(struct buf *body, enum webhook_format format, const struct alert *a,
    const char *service, const char *base_url, int64_t created_at)
{
	struct json_out out = {.buf = body};
	struct buf chat = {0};

	json_object(&out, NULL);
	if (format == WEBHOOK_JSON)
		write_json(&out, a, service, base_url, created_at);
	else {
		add_chat(&chat, format, a, base_url);
		json_text_len(
		    &out, format == WEBHOOK_SLACK ? "text" : "content", chat.data, chat.len);
		if (format == WEBHOOK_DISCORD) {
			json_object(&out, "allowed_mentions");
			json_array(&out, "parse");
			json_array_end(&out);
			json_object_end(&out);
		}
		buf_free(&chat);
	}
	json_object_end(&out);
}
