/* SPDX-License-Identifier: MIT */
/*
 * alert_input: an alert out of a fuzzer's bytes, for the targets of what writes them.  Pieces
 * end with a NUL: title, heading, text and path, then names and values of facts.
 */
#ifndef ALERT_INPUT_H
#define ALERT_INPUT_H

#include <stdint.h>
#include <string.h>

#include "alert.h"
#include "text.h"

/* The next piece of the input, up to a NUL, as text; NULL behind the last one. */
static inline const char *
next_text(struct arena *mem, const uint8_t **data, size_t *size)
{
	const uint8_t *end;
	size_t len, whole;
	char *text;

	if (*size == 0)
		return NULL;
	end = memchr(*data, 0, *size);
	len = end != NULL ? (size_t)(end - *data) : *size;
	whole = end != NULL ? len + 1 : len;
	text = arena_alloc(mem, 3 * len + 1);
	(void)text_utf8_repair(text, (const char *)*data, len);
	*data += whole;
	*size -= whole;
	return text;
}

/* The whole input as an alert; its texts are in the arena. */
static inline struct alert
alert_of_input(struct arena *mem, const uint8_t *data, size_t size)
{
	struct alert alert = {.kind = "new", .title = next_text(mem, &data, &size)};

	if (alert.title == NULL)
		alert.title = "";
	alert.heading = next_text(mem, &data, &size);
	alert.text = next_text(mem, &data, &size);
	alert.path = next_text(mem, &data, &size);
	while (alert.nfacts < ALERT_MAX_FACTS && size > 0) {
		const char *name = next_text(mem, &data, &size);
		const char *value = next_text(mem, &data, &size);

		alert_fact(&alert, name, value);
	}
	return alert;
}

#endif
