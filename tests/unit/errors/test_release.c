/* SPDX-License-Identifier: MIT */
/* Which release is known not to be later than another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "release.h"
#include "text.h"

static void
versions_in_their_order(void **state)
{
	/* Semantic Versioning 2.0.0, 11, and what people write besides. */
	static const char *const ascending[] = {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
	    "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "v1.0.1", "1.2",
	    "1.10.0", "2", "2.0.0.1", "10.0.0", "20260101", "99999999999999999999999.1"};

	(void)state;
	for (size_t i = 0; i < NELEM(ascending); i++)
		for (size_t j = 0; j < NELEM(ascending); j++)
			assert_int_equal(release_not_later(ascending[i], ascending[j]), i <= j);
}

static void
other_names_have_no_order(void **state)
{
	static const struct {
		const char *a, *b;
		bool not_later;
	} cases[] = {
	    {"deadbeef", "deadbeef", true},
	    {"deadbeef", "cafebabe", false},
	    {"1.0.0", "deadbeef", false},
	    {"1..0", "1.0.1", false},
	    {"1.", "1.0.1", false},
	    {"", "1.0.1", false},
	    {NULL, "1.0.0", false},
	    {"1.0.0", NULL, false},
	    {"shop@1.0.0", "shop@1.0.1", true},
	    {"shop@1.0.2", "shop@1.0.1", false},
	    {"shop@1.0.0", "cart@1.0.1", false},
	    {"shop@1.0.0", "1.0.1", false},
	    {"1.0.0+5", "1.0.0+4", true},
	    {"1.0.0x", "1.0.1", false},
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		assert_int_equal(release_not_later(cases[i].a, cases[i].b), cases[i].not_later);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(versions_in_their_order),
	    cmocka_unit_test(other_names_have_no_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
