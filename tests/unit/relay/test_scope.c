/* SPDX-License-Identifier: MIT */
/* In which function a place lies.  The place is where @ stands in the text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "scope.h"
#include "text.h"

#define TOP ((const char *)1)

/* name: of the function; NULL: one without a name; TOP: none. */
static const struct {
	const char *text, *name;
} cases[] = {
    {"@", TOP},
    {"let x = 1;\n@", TOP},
    {"if (a) { @ }", TOP},
    {"for (;;) { while (x) { @ } }", TOP},
    {"function f() { @ }", "f"},
    {"function f() { } @", TOP},
    {"function f() { if (x) { @ } }", "f"},
    {"function f() { return { a: 1, b: [@] } }", "f"},
    {"async function f(a, {b = {}}, ...c) { @ }", "f"},
    {"function* g() { @ }", "g"},
    {"export default function f() { @ }", "f"},
    {"export default function () { @ }", NULL},
    {"function outer() { function inner() { } @ }", "outer"},
    {"const f = function () { @ }", "f"},
    {"const f = function named() { @ }", "named"},
    {"const f = () => { @ }", "f"},
    {"const f = x => { @ }", "f"},
    {"const f = async (a, b) => { @ }", "f"},
    {"const f = async x => { @ }", "f"},
    {"const f = (a) => a.b(@)", "f"},
    {"const f = (a) => a.b();\n@", TOP},
    {"const f = (a) => a.b()\nconst g = @", TOP},
    {"const f = (a) => ({ b: @ })", "f"},
    {"let g; g = (a) => { @ }", "g"},
    {"exports.f = function () { @ }", "f"},
    {"A.prototype.f = function () { @ }", "f"},
    {"list.map(x => @)", NULL},
    {"list.map((x) => { @ })", NULL},
    {"list.map(function (x) { @ })", NULL},
    {"function f() { list.map((x) => x); @ }", "f"},
    {"new Promise((resolve, reject) => { @ })", NULL},
    {"(function () { @ })()", NULL},
    {"(() => { @ })()", NULL},
    {"a ? f(b) : c; @", TOP},
    /* objects and classes */
    {"const o = { f() { @ } }", "f"},
    {"const o = { f: function () { @ } }", "f"},
    {"const o = { f: () => { @ } }", "f"},
    {"const o = { f: async (x) => @ }", "f"},
    {"const o = { a: 1, async f() { @ } }", "f"},
    {"const o = { get f() { @ } }", "f"},
    {"const o = { ['f']() { @ } }", NULL},
    {"class A { f() { @ } }", "f"},
    {"class A { static async *f(a) { @ } }", "f"},
    {"class A { #f() { @ } }", "#f"},
    {"class A extends B { constructor(x) { super(x); @ } }", "new A"},
    {"const A = class { constructor() { @ } }", "new A"},
    {"class A { f = () => { @ } }", "f"},
    {"class A { f = () => this.g(@); }", "f"},
    {"class A { a = 1; f() { if (this.a) { @ } } }", "f"},
    /* TypeScript */
    {"function f(a: string, b?: number): void { @ }", "f"},
    {"function f<T extends B>(a: T): Promise<Array<T>> { @ }", "f"},
    {"const f = <T,>(a: T): T => { @ }", "f"},
    {"class A { f<T>(a: T) { @ } }", "f"},
    {"class A { f(a: string): Map<string, number[]> { @ } }", "f"},
    {"class A { private async f(a: A): Promise<void> { @ } }", "f"},
    {"class A<T> extends B<T> implements C, D { f(): T | null { @ } }", "f"},
    {"const f = (a: string): number => { @ }", "f"},
    {"const f: Handler = (a) => { @ }", "f"},
    {"interface A { a: string }\nfunction f() { @ }", "f"},
    {"enum A { B }\n@", TOP},
    /* what only looks like code */
    {"function f() { 'function g() {'; @ }", "f"},
    {"function f() { \"}\"; @ }", "f"},
    {"function f() { /* } */ @ }", "f"},
    {"function f() { // }\n @ }", "f"},
    {"function f() { `}`; @ }", "f"},
    {"function f() { `${g({a: 1})} }`; @ }", "f"},
    {"function f() { `${h(() => { @ })}` }", NULL},
    {"function f() { return /[}\\/]}/.test(x); @ }", "f"},
    {"function f() { a = b / c; d = e / 2; @ }", "f"},
    {"function f() { return <p title='}'>Don't {x} stop</p>; @ }", "f"},
    {"function f() { return (<div>{a.map((x) => <b key={x}>{@x}</b>)}</div>) }", NULL},
    {"try { @ } catch (e) { }", TOP},
    {"function f() { try { } catch { @ } finally { } }", "f"},
    {"function f() { switch (x) { case 1: { @ } } }", "f"},
    {"#!/usr/bin/env node\nfunction f() { @ }", "f"},
    /* brackets that are missing or too many */
    {"} } ) ] function f() { @ }", "f"},
    {"function f( { @", TOP},
};

/* The same text with a blank for the @, and where it stood. */
static char *
take_place(const char *text, uint32_t *line, uint32_t *column)
{
	char *copy = strdup(text), *at = strchr(copy, '@');

	assert_non_null(at);
	*line = 0;
	*column = 0;
	for (const char *p = copy; p < at; p++) {
		(*column)++;
		if (*p == '\n') {
			(*line)++;
			*column = 0;
		}
	}
	*at = ' ';
	return copy;
}

static void
a_place_lies_in_a_function(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		uint32_t line, column;
		char *text = take_place(cases[i].text, &line, &column);
		const char *name, *expected = cases[i].name;
		enum scope_kind kind = scope_find(mem, text, strlen(text), line, column, &name);

		if (kind != (expected == TOP       ? SCOPE_TOP
				: expected == NULL ? SCOPE_ANONYMOUS
						   : SCOPE_NAMED) ||
		    (kind == SCOPE_NAMED && strcmp(name, expected) != 0))
			fail_msg(
			    "%s: %d %s", cases[i].text, (int)kind, kind == SCOPE_NAMED ? name : "");
		free(text);
	}
	arena_free(mem);
}

static void
columns_count_utf16_units(void **state)
{
	/* The smile is two units and four bytes. */
	const char *text = "function f() { '\xf0\x9f\x98\x80'; } g()", *name;
	struct arena *mem = arena_new(4096);

	(void)state;
	assert_int_equal(scope_find(mem, text, strlen(text), 0, 20, &name), SCOPE_NAMED);
	assert_int_equal(scope_find(mem, text, strlen(text), 0, 23, &name), SCOPE_TOP);
	arena_free(mem);
}

static void
what_is_too_deep_or_not_there_is_not_known(void **state)
{
	struct arena *mem = arena_new(4096);
	char deep[2000];
	const char *name;

	(void)state;
	memset(deep, '(', sizeof deep);
	assert_int_equal(scope_find(mem, deep, sizeof deep, 0, 1999, &name), SCOPE_UNKNOWN);
	assert_int_equal(scope_find(mem, "a\nb", 3, 2, 0, &name), SCOPE_UNKNOWN);
	assert_int_equal(scope_find(mem, "", 0, 0, 100, &name), SCOPE_TOP);
	assert_int_equal(scope_find(mem, "a", 1, 0, UINT32_MAX, &name), SCOPE_TOP);
	arena_free(mem);
}

static void
lines_are_found_by_number(void **state)
{
	const char *text = "one\r\ntwo\n\nfour";
	size_t len;

	(void)state;
	assert_memory_equal(scope_line(text, strlen(text), 0, &len), "one", 3);
	assert_int_equal(len, 3);
	assert_memory_equal(scope_line(text, strlen(text), 1, &len), "two", 3);
	assert_non_null(scope_line(text, strlen(text), 2, &len));
	assert_int_equal(len, 0);
	assert_memory_equal(scope_line(text, strlen(text), 3, &len), "four", 4);
	assert_null(scope_line(text, strlen(text), 4, &len));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_place_lies_in_a_function),
	    cmocka_unit_test(columns_count_utf16_units),
	    cmocka_unit_test(what_is_too_deep_or_not_there_is_not_known),
	    cmocka_unit_test(lines_are_found_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
