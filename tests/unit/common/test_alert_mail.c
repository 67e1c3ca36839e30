/* SPDX-License-Identifier: MIT */
/* Senders as people configure them: what stands in the mail, and what the server is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "alert_mail.h"
#include "text.h"

static const struct {
	const char *sender, *header, *address; /* address NULL: it is none */
} senders[] = {
    {"a@b.example", "a@b.example", "a@b.example"},
    {"<a@b.example>", "<a@b.example>", "a@b.example"},
    {"Monlight <a@b.example>", "\"Monlight\" <a@b.example>", "a@b.example"},
    {"Errors, all <a@b.example>", "\"Errors, all\" <a@b.example>", "a@b.example"},
    {"\"Errors, all\" <a@b.example>", "\"Errors, all\" <a@b.example>", "a@b.example"},
    {"\xc3\x9c <a@b.example>", "=?utf-8?Q?=C3=9C?= <a@b.example>", "a@b.example"},
    {"a \"b\" <a@b.example>", "\"a \\\"b\\\"\" <a@b.example>", "a@b.example"},
    {"", NULL, NULL},
    {"Monlight", NULL, NULL},
    {"Monlight a@b.example", NULL, NULL},
    {"Monlight <>", NULL, NULL},
    {"a@b.example\r\nBcc: c@d.example", NULL, NULL},
};

static void
a_sender_is_an_address_or_has_a_name_in_front(void **state)
{
	const struct alert alert = {.kind = "test", .title = "t"};
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(senders); i++) {
		const char *address = alert_channels_sender(mem, senders[i].sender);
		struct alert_letter letter = {
		    .base_url = "", .from = senders[i].sender, .to = "c@d.example", .id = "1@b"};
		struct buf mail = {0};

		if ((address == NULL) != (senders[i].address == NULL) ||
		    (address != NULL && strcmp(address, senders[i].address) != 0))
			fail_msg("%s: %s", senders[i].sender, address != NULL ? address : "none");
		if (address != NULL) {
			alert_mail_write(&mail, &letter, &alert);
			if (!text_starts_with(buf_text(&mail),
				arena_printf(mem, "From: %s\r\nTo: ", senders[i].header)))
				fail_msg("%s: %.80s", senders[i].sender, buf_text(&mail));
			buf_free(&mail);
		}
	}
	arena_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sender_is_an_address_or_has_a_name_in_front),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
