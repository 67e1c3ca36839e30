/* SPDX-License-Identifier: MIT */
/* Which origins a list allows: the wire contract's cases, and those that must not pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cors.h"
#include "text.h"

static const struct {
	const char *list, *origin;
	enum cors_verdict verdict;
} cases[] = {
    {NULL, "https://a.example", CORS_REFUSED},
    {"", "https://a.example", CORS_REFUSED},
    {"https://a.example", NULL, CORS_REFUSED},
    {"https://a.example", "", CORS_REFUSED},
    {"https://a.example", "https://a.example", CORS_NAMED},
    {"https://a.example/", "https://a.example", CORS_NAMED},
    {" https://b.example ,\thttps://a.example ", "https://a.example", CORS_NAMED},
    {"https://a.example", "https://A.example", CORS_REFUSED},
    {"https://a.example", "http://a.example", CORS_REFUSED},
    {"https://a.example", "https://a.example:8443", CORS_REFUSED},
    {"https://a.example", "https://a.example.evil", CORS_REFUSED},
    {"https://a.example", "https://a.exampl", CORS_REFUSED},
    {"http://localhost:3000", "http://localhost:3000", CORS_NAMED},
    /* patterns */
    {"https://*.example.com", "https://app.example.com", CORS_NAMED},
    {"https://*.example.com", "https://a.b.example.com", CORS_NAMED},
    {"https://*.example.com", "https://.example.com", CORS_REFUSED},
    {"https://*.example.com", "https://example.com", CORS_REFUSED},
    {"https://*.example.com", "https://evil.com/.example.com", CORS_REFUSED},
    {"https://*.example.com", "https://evil.com:1.example.com", CORS_REFUSED},
    {"https://*.example.com", "https://me@x.example.com", CORS_REFUSED},
    {"https://*.example.com", "https://x.example.com.evil", CORS_REFUSED},
    {"http://localhost:*", "http://localhost:5173", CORS_NAMED},
    {"http://localhost:*", "http://localhost", CORS_REFUSED},
    {"*.example.com", "https://x.example.com", CORS_REFUSED},
    /* anyone */
    {"*", "https://a.example", CORS_ANYONE},
    {"*", "null", CORS_ANYONE},
    {"*, https://a.example", "https://a.example", CORS_NAMED},
    {"https://a.example,*", "https://b.example", CORS_ANYONE},
    {",,,", "https://a.example", CORS_REFUSED},
    {",,https://a.example,", "https://a.example", CORS_NAMED},
};

static void
a_list_grants_what_it_says_and_no_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		if (cors_judge(cases[i].list, cases[i].origin) != cases[i].verdict)
			fail_msg("%s for %s", cases[i].list, cases[i].origin);
}

static const struct {
	const char *item;
	bool valid;
} items[] = {
    {"*", true},
    {"https://shop.example", true},
    {"https://*.shop.example", true},
    {"http://localhost:3000", true},
    {"capacitor://localhost", true},
    {"", false},
    {"shop.example", false},
    {"https://", false},
    {"://x", false},
    {"https://shop.example/path", false},
    {"https://shop.example/", false},
    {"https://a,https://b", false},
    {"https://a b", false},
    {"https://me@shop.example", false},
    {"https://shop.example?x", false},
    {"https://sh\xc3\xb6p.example", false},
    /* no browser writes these, so they would match none */
    {"https://Shop.example", false},
    {"https://shop.example:443", false},
    {"https://*.*.example", false},
    {"http://shop.example:80", false},
    {"http://shop.example:443", true},
    {"https://shop.example:8443", true},
};

static void
an_origin_of_a_key_is_an_origin(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(items); i++)
		if (cors_valid_item(items[i].item, strlen(items[i].item)) != items[i].valid)
			fail_msg("%s", items[i].item);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_list_grants_what_it_says_and_no_more),
	    cmocka_unit_test(an_origin_of_a_key_is_an_origin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
