/* SPDX-License-Identifier: MIT */
/* The page of an address: the wire contract's vectors, and segments that are folded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "text.h"

static const struct {
	const char *url, *page;
} cases[] = {
    {"https://example.com/page?q=1#s", "/page"},
    {"https://example.com", "/"},
    {"https://example.com/", "/"},
    {"/page?q=1", "/page"},
    {"https://example.com?x=/a", "/"},
    {"https://example.com#/a", "/"},
    {"", "/"},
    {"?a", "/"},
    {"page", "page"},
    {"/go?to=https://other.example/x", "/go"},
    {"/go#https://other.example/x", "/go"},
    {"https://example.com/orders/4711/items/7", "/orders/{id}/items/{id}"},
    {"https://example.com/2024-report/v2", "/2024-report/v2"},
    {"/u/123e4567-e89b-12d3-a456-426614174000", "/u/{id}"},
    {"/u/123E4567-E89B-12D3-A456-426614174000/", "/u/{id}/"},
    {"/u/123e4567-e89b-12d3-a456-42661417400g", "/u/123e4567-e89b-12d3-a456-42661417400g"},
    {"/u/123e4567-e89b-12d3-a456-4266141740000", "/u/123e4567-e89b-12d3-a456-4266141740000"},
    {"/12", "/{id}"},
    {"//12//", "//{id}//"},
};

static void
an_address_is_of_a_page(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		assert_string_equal(page_of(mem, cases[i].url), cases[i].page);
	arena_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_is_of_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
