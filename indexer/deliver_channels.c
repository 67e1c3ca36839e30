/* SPDX-License-Identifier: MIT */
/* Where alerts go, read from the lists of addresses and URLs. */
#include "deliver.h"

#include <string.h>

#include "arena.h"
#include "text.h"

static void
add_channel(struct deliver_cfg *cfg, struct channel channel, FILE *errors, int *bad)
{
	if (cfg->nchannels == DELIVER_MAX_CHANNELS) {
		(void)fprintf(errors, "more than %d alert channels\n", DELIVER_MAX_CHANNELS);
		(*bad)++;
		return;
	}
	cfg->channels[cfg->nchannels++] = channel;
}

/* "webhook 1 slack hooks.slack.com": the path is a secret and stays out of what is shown. */
static const char *
webhook_name(const struct webhook *w, int number)
{
	const char *host = strstr(w->url, "://") + 3;
	char name[256];

	(void)snprintf(name, sizeof name, "webhook %d %s %.*s", number,
	    webhook_format_name(w->format), (int)strcspn(host, "/?#"), host);
	return heap_strdup(name);
}

static void
add_item(struct deliver_cfg *cfg, char *item, bool mail, int number, FILE *errors, int *bad)
{
	struct channel channel = {0};

	if (!mail && webhook_parse(item, &channel.webhook) == -1) {
		(void)fprintf(errors,
		    "ALERT_WEBHOOKS item %d is not valid; accepted: [json|slack|discord] URL\n",
		    number);
		(*bad)++;
		return;
	}
	if (mail && (strchr(item, '@') == NULL || strpbrk(item, " \t<>\r\n") != NULL)) {
		(void)fprintf(
		    errors, "ALERT_EMAILS item %d is not a mail address: %s\n", number, item);
		(*bad)++;
		return;
	}
	if (mail) {
		char name[256];

		(void)snprintf(name, sizeof name, "mail %s", item);
		channel.name = heap_strdup(name);
		channel.address = item;
	} else
		channel.name = webhook_name(&channel.webhook, number);
	add_channel(cfg, channel, errors, bad);
}

static int
add_list(struct deliver_cfg *cfg, const char *list, bool mail, FILE *errors)
{
	char *rest = heap_strdup(list != NULL ? list : ""), *item;
	int number = 0, bad = 0;

	cfg->texts[mail] = rest;

	while ((item = strsep(&rest, ",")) != NULL) {
		const char *start = item;
		size_t len = strlen(item);

		text_trim(&start, &len);
		if (len == 0)
			continue;
		item += start - item;
		item[len] = '\0';
		add_item(cfg, item, mail, ++number, errors, &bad);
	}
	return bad;
}

int
deliver_channels(struct deliver_cfg *cfg, FILE *errors)
{
	int bad = 0;

	cfg->smtp = (struct smtp){
	    .host = cfg->smtp_host,
	    .port = cfg->smtp_port,
	    .username = cfg->smtp_username,
	    .password = cfg->smtp_password,
	    .ca_file = cfg->smtp_ca_file,
	    .tls_required = cfg->smtp_tls_required == 1 ||
			    (cfg->smtp_tls_required == 0 && cfg->smtp_username != NULL),
	};
	if ((cfg->smtp_username == NULL) != (cfg->smtp_password == NULL)) {
		(void)fprintf(errors, "SMTP_USERNAME and SMTP_PASSWORD go together\n");
		bad++;
	}
	if (cfg->smtp_username != NULL && !cfg->smtp.tls_required && cfg->smtp_port != 465) {
		(void)fprintf(errors, "SMTP_TLS_REQUIRED=off would send SMTP_PASSWORD in clear\n");
		bad++;
	}
	if (cfg->smtp_host != NULL)
		bad += add_list(cfg, cfg->alert_emails, true, errors);
	bad += add_list(cfg, cfg->alert_webhooks, false, errors);
	return bad;
}

const struct channel *
deliver_channel(const struct deliver_cfg *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->nchannels; i++)
		if (strcmp(cfg->channels[i].name, name) == 0)
			return &cfg->channels[i];
	return NULL;
}
