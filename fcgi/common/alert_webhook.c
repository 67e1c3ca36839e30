/* SPDX-License-Identifier: MIT */
/* A dialect is a row: its name, the host that implies it, and who writes it. */
#include "alert_webhook.h"

#include <string.h>

#include "arena.h"
#include "json.h"
#include "text.h"

#define EXCERPT_MAX 1200 /* of the preformatted text: a chat is no place for a whole stack */
#define CODE_EXTRA 64    /* what stands around it, the mark of a cut included */

/* ---- for a program: every member ------------------------------------------------------ */

static void
write_json(struct buf *body, const struct alert_letter *letter, const struct alert *a)
{
	struct json_out out = {.buf = body};
	struct buf url = {0};

	json_object(&out, NULL);
	json_text(&out, "service", letter->service);
	json_text(&out, "kind", a->kind);
	json_time(&out, "created_at", letter->date);
	json_int(&out, "subject_id", a->subject_id);
	json_text(&out, "title", a->title);
	json_text(&out, "heading", a->heading);
	json_object(&out, "facts");
	for (size_t i = 0; i < a->nfacts; i++)
		json_text(&out, a->facts[i].name, a->facts[i].value);
	json_object_end(&out);
	json_text(&out, "text", a->text);
	if (a->path != NULL) {
		buf_printf(&url, "%s%s", letter->base_url, a->path);
		json_text_len(&out, "url", url.data, url.len);
		buf_free(&url);
	}
	json_object_end(&out);
}

/* ---- for a chat: one text ------------------------------------------------------------- */

struct chat {
	const char *bold; /* what stands around bold text */
	size_t max;       /* characters of a message; we count bytes, which is never more */
	void (*add)(struct buf *, const char *text, size_t len);
	void (*add_code)(struct buf *, char c); /* inside a code block only its end has a meaning */
};

/* Slack gives a meaning to three characters alone, and to three backticks. */
static void
add_slack(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		buf_markup(out, text[i]);
		/* A zero-width space takes the mark its power to begin or end anything. */
		if (text[i] != '\0' && strchr("`*_~", text[i]) != NULL)
			buf_str(out, "\xe2\x80\x8b");
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

static void
add_slack_code(struct buf *out, char c)
{
	add_slack(out, &c, 1);
}

/* The beginning of a text, as a code block of at most EXCERPT_MAX bytes. */
static void
add_excerpt(struct buf *out, const struct chat *chat, const char *text)
{
	size_t len = text_utf8_cut(text, strlen(text), EXCERPT_MAX);

	buf_str(out, "```\n");
	for (size_t i = 0; i < len; i++)
		chat->add_code(out, text[i] == '`' ? '\'' : text[i]);
	if (text[len] != '\0')
		buf_str(out, "\n[cut here: the rest is on the page]");
	buf_str(out, "\n```\n");
}

/* At most max bytes of a text. */
static void
add_cut(struct buf *out, const struct chat *chat, const char *text, size_t max)
{
	chat->add(out, text, text_utf8_cut(text, strlen(text), max));
}

/* Writes the member of an open object that holds the message. */
static void
add_message(struct json_out *out, const char *member, const struct chat *chat,
    const struct alert_letter *letter, const struct alert *a)
{
	struct buf text = {0};

	buf_str(&text, chat->bold);
	add_cut(&text, chat, a->title, 200);
	buf_printf(&text, "%s\n", chat->bold);
	if (a->path != NULL)
		buf_printf(&text, "%s%s\n", letter->base_url, a->path);
	for (size_t i = 0; i < a->nfacts; i++) {
		chat->add(&text, a->facts[i].name, strlen(a->facts[i].name));
		buf_str(&text, ": ");
		add_cut(&text, chat, a->facts[i].value, 300);
		buf_char(&text, '\n');
	}
	if (a->text != NULL && text.len + EXCERPT_MAX + CODE_EXTRA < chat->max)
		add_excerpt(&text, chat, a->text);
	json_text_len(out, member, text.data, text_utf8_cut(text.data, text.len, chat->max));
	buf_free(&text);
}

/* {"text": ...} in Slack's mrkdwn. */
static void
write_slack(struct buf *body, const struct alert_letter *letter, const struct alert *a)
{
	static const struct chat slack = {"*", 12000, add_slack, add_slack_code};
	struct json_out out = {.buf = body};

	json_object(&out, NULL);
	add_message(&out, "text", &slack, letter, a);
	json_object_end(&out);
}

/* {"content": ..., "allowed_mentions": {"parse": []}} */
static void
write_discord(struct buf *body, const struct alert_letter *letter, const struct alert *a)
{
	static const struct chat discord = {"**", 2000, add_discord, buf_char};
	struct json_out out = {.buf = body};

	json_object(&out, NULL);
	add_message(&out, "content", &discord, letter, a);
	json_object(&out, "allowed_mentions");
	json_array(&out, "parse");
	json_array_end(&out);
	json_object_end(&out);
	json_object_end(&out);
}

/* ---- which of them -------------------------------------------------------------------- */

static const struct dialect {
	const char *name;
	const char *host; /* what URLs begin with that speak it; NULL: none does */
	void (*write)(struct buf *, const struct alert_letter *, const struct alert *);
} dialects[] = {
    {"json", NULL, write_json}, /* the first is that of every other host */
    {"slack", "https://hooks.slack.com/", write_slack},
    {"discord", "https://discord.com/api/webhooks/", write_discord},
};

/* The dialect of an item; *url is the item behind a name. */
static const struct dialect *
find_dialect(const char *item, const char **url)
{
	*url = item;
	for (size_t i = 0; i < NELEM(dialects); i++) {
		const struct dialect *d = &dialects[i];
		size_t len = strlen(d->name);

		if (text_starts_with(item, d->name) && item[len] == ' ') {
			*url = item + len + strspn(item + len, " ");
			return d;
		}
		if (d->host != NULL && text_starts_with(item, d->host))
			return d;
	}
	return &dialects[0];
}

int
alert_webhook_read(const char *item, int number, struct arena *mem, struct alert_channel *channel)
{
	const char *url, *host;
	const struct dialect *d = find_dialect(item, &url);

	if (!text_starts_with(url, "https://") && !text_starts_with(url, "http://"))
		return -1;
	host = strstr(url, "://") + 3;
	*channel = (struct alert_channel){
	    .name = arena_printf(
		mem, "webhook %d %s %.*s", number, d->name, (int)strcspn(host, "/?#"), host),
	    .way = ALERT_BY_POST,
	    .to = arena_strdup(mem, url),
	    .write = d->write,
	};
	return 0;
}
