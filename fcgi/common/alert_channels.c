/* SPDX-License-Identifier: MIT */
/* A kind of channel is a row: its list, what else it wants, and who reads an item. */
#include "alert_channels.h"

#include <string.h>

#include "alert_mail.h"
#include "alert_webhook.h"
#include "arena.h"
#include "text.h"

#define LIST(member) offsetof(struct alert_lists, member)

/* A variable and its place in struct alert_lists. */
struct variable {
	const char *name;
	size_t place;
};

static const struct kind {
	struct variable list;
	struct variable server; /* without which the list is of no use; no name: none */
	const char *accepted;
	/* Fills the channel: 0, or -1 if the item is none. */
	int (*read)(const char *item, int number, struct arena *, struct alert_channel *);
} kinds[] = {
    {{"ALERT_EMAILS", LIST(emails)}, {"SMTP_HOST", LIST(smtp_host)}, "a mail address",
	alert_mail_read},
    {{"ALERT_WEBHOOKS", LIST(webhooks)}, {0}, "[json|slack|discord] URL", alert_webhook_read},
};

static const char *
value(const struct alert_lists *lists, const struct variable *v)
{
	return *(const char *const *)(const void *)((const char *)lists + v->place);
}

/* The variable that keeps this kind from having channels, or NULL. */
static const char *
missing(const struct alert_lists *lists, const struct kind *k)
{
	if (k->server.name != NULL && value(lists, &k->server) == NULL)
		return k->server.name;
	return value(lists, &k->list) == NULL ? k->list.name : NULL;
}

const char *
alert_channels_missing(const struct alert_lists *lists)
{
	for (size_t i = 0; i < NELEM(kinds); i++)
		if (missing(lists, &kinds[i]) == NULL)
			return NULL;
	return missing(lists, &kinds[0]);
}

static int
add_item(struct alert_channels *channels, struct arena *mem, const struct kind *k, const char *item,
    int number, FILE *errors)
{
	if (channels->n == ALERT_CHANNELS_MAX) {
		(void)fprintf(errors, "more than %d alert channels\n", ALERT_CHANNELS_MAX);
		return 1;
	}
	if (k->read(item, number, mem, &channels->items[channels->n]) == 0) {
		channels->n++;
		return 0;
	}
	/* The item itself may be a secret. */
	(void)fprintf(
	    errors, "%s item %d is not valid; accepted: %s\n", k->list.name, number, k->accepted);
	return 1;
}

static int
add_list(struct alert_channels *channels, struct arena *mem, const struct kind *k, const char *list,
    FILE *errors)
{
	char *rest = arena_strdup(mem, list), *item;
	int number = 0, bad = 0;

	while ((item = strsep(&rest, ",")) != NULL) {
		const char *start = item;
		size_t len = strlen(item);

		text_trim(&start, &len);
		if (len == 0)
			continue;
		item += start - item;
		item[len] = '\0';
		bad += add_item(channels, mem, k, item, ++number, errors);
	}
	return bad;
}

int
alert_channels_read(const struct alert_lists *lists, struct arena *mem,
    struct alert_channels *channels, FILE *errors)
{
	int bad = 0;

	for (size_t i = 0; i < NELEM(kinds); i++)
		if (missing(lists, &kinds[i]) == NULL)
			bad += add_list(
			    channels, mem, &kinds[i], value(lists, &kinds[i].list), errors);
	return bad;
}

const struct alert_channel *
alert_channels_find(const struct alert_channels *channels, const char *name)
{
	for (size_t i = 0; i < channels->n; i++)
		if (strcmp(channels->items[i].name, name) == 0)
			return &channels->items[i];
	return NULL;
}

const char *
alert_channels_sender(struct arena *mem, const char *sender)
{
	const char *open = strrchr(sender, '<'), *address = open != NULL ? open + 1 : sender;
	size_t len = strcspn(address, open != NULL ? ">" : "");

	address = arena_strndup(mem, address, len);
	if (strchr(address, '@') == NULL || strpbrk(address, " \t<>\r\n") != NULL)
		return NULL;
	return address;
}
