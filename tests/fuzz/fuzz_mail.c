/* SPDX-License-Identifier: MIT */
/*
 * Any alert as a mail: lines of ASCII that end with CRLF and are no longer than RFC 5322
 * allows, the headers that alert_mail.c writes and no other, three boundaries and no more.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "alert_input.h"
#include "alert_mail.h"
#include "span.h"

#define LONGEST 998 /* RFC 5322, 2.1.1 */
#define LINE_FOR_PEOPLE 78

static const char *const headers[] = {"From: tracker@shop.example", "To: ops@shop.example",
    "Subject: ", "Date: ", "Message-ID: <1@shop.example>", "MIME-Version: 1.0",
    "Auto-Submitted: auto-generated",
    "Content-Type: multipart/alternative; boundary=\"=_monlight_7d1e9c_=\""};

/* Takes a line off, which ends with CRLF and has neither of the two inside. */
static struct span
take_line(struct span *rest)
{
	size_t end = span_find(*rest, "\r\n");
	struct span line;

	if (end == SIZE_MAX || end > LONGEST)
		abort();
	line = span_to(*rest, end);
	*rest = span_from(*rest, end + 2);
	for (size_t i = 0; i < line.len; i++)
		if ((line.s[i] < ' ' && line.s[i] != '\t') || line.s[i] > '~')
			abort();
	return line;
}

static void
check_headers(struct span *rest)
{
	for (size_t i = 0; i < NELEM(headers); i++) {
		struct span line = take_line(rest);

		if (!span_starts(line, headers[i]) || line.len > LINE_FOR_PEOPLE)
			abort();
		/* Only the subject is folded. */
		while (span_starts(*rest, " "))
			if (!span_is(span_of(headers[i]), "Subject: ") ||
			    take_line(rest).len > LINE_FOR_PEOPLE)
				abort();
	}
	if (take_line(rest).len != 0)
		abort();
}

static void
check_message(struct span rest)
{
	size_t boundaries = 0;

	check_headers(&rest);
	while (rest.len > 0) {
		struct span line = take_line(&rest);

		if (line.len > LINE_FOR_PEOPLE || span_starts(line, "."))
			abort();
		boundaries += span_starts(line, "--=_monlight_7d1e9c_=");
	}
	if (boundaries != 3)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(0);
	struct alert_letter letter = {.service = "errors",
	    .base_url = "https://monlight.example",
	    .from = "tracker@shop.example",
	    .to = "ops@shop.example",
	    .id = "1@shop.example"};
	struct alert alert = alert_of_input(mem, data, size);
	struct buf out = {0};

	alert_mail_write(&out, &letter, &alert);
	check_message((struct span){out.data, out.len});
	buf_free(&out);
	arena_free(mem);
	return 0;
}
