/* SPDX-License-Identifier: MIT */
/* Where the relay reaches the others: as configured, or where lighttpd listens on this host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "destination.h"
#include "text.h"

static const struct {
	enum destination to;
	const char *configured, *bind_address, *url;
} cases[] = {
    {TO_ERRORS, NULL, "127.0.0.1", "http://127.0.0.1:5010/api/errors"},
    {TO_METRICS, NULL, "127.0.0.1", "http://127.0.0.1:5010/api/metrics"},
    {TO_ERRORS, NULL, "0.0.0.0", "http://127.0.0.1:5010/api/errors"},
    {TO_ERRORS, NULL, "192.0.2.7", "http://192.0.2.7:5010/api/errors"},
    {TO_ERRORS, NULL, "::", "http://[::1]:5010/api/errors"},
    {TO_ERRORS, NULL, "[::]", "http://[::1]:5010/api/errors"},
    {TO_ERRORS, NULL, "2001:db8::1", "http://[2001:db8::1]:5010/api/errors"},
    {TO_ERRORS, NULL, "[2001:db8::1]", "http://[2001:db8::1]:5010/api/errors"},
    {TO_ERRORS, "https://t.example/errors", "::", "https://t.example/errors/api/errors"},
    {TO_METRICS, "http://t.example///", "::", "http://t.example/api/metrics"},
};

static void
reports_are_posted_to_an_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		char url[DESTINATION_URL_SIZE];

		destination_url(url, cases[i].to, cases[i].configured, cases[i].bind_address, 5010);
		assert_string_equal(url, cases[i].url);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reports_are_posted_to_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
