/* SPDX-License-Identifier: MIT */
/* Stacks of three engines: each form of a frame, text put back together, names of files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "stack.h"
#include "text.h"

/* ---- one frame ------------------------------------------------------------------ */

enum { ASYNC = 1, NATIVE = 2, NOT = 4 };

static const struct {
	const char *line;
	const char *name, *file;
	uint32_t number, column;
	int flags;
} frames[] = {
    /* V8 */
    {"    at myFunction (http://example.com/app.js:10:5)", "myFunction",
	"http://example.com/app.js", 10, 5, 0},
    {"    at http://example.com/app.js:10:5", "", "http://example.com/app.js", 10, 5, 0},
    {"at new MyClass (app.js:20:3)", "new MyClass", "app.js", 20, 3, 0},
    {"    at async load (https://x/a.js:1:2)", "load", "https://x/a.js", 1, 2, ASYNC},
    {"    at async https://x/a.js:1:2", "", "https://x/a.js", 1, 2, ASYNC},
    {"    at async Promise.all (index 0)", "Promise.all", "index 0", 0, 0, ASYNC | NATIVE},
    {"    at Array.map (<anonymous>)", "Array.map", "<anonymous>", 0, 0, NATIVE},
    {"    at JSON.parse (native)", "JSON.parse", "native", 0, 0, NATIVE},
    {"    at Object.foo [as bar] (a.js:1:2)", "Object.foo [as bar]", "a.js", 1, 2, 0},
    {"    at Object.<anonymous> (C:\\x\\a.js:1:2)", "Object.<anonymous>", "C:\\x\\a.js", 1, 2, 0},
    {"    at f (http://x/a(1).js:3:4)", "f", "http://x/a(1).js", 3, 4, 0},
    {"    at e (blob:http://x/1234-5:1:2)\r", "e", "blob:http://x/1234-5", 1, 2, 0},
    {"    at eval (eval at run (http://x/a.js:7:8), <anonymous>:1:1)", "eval", "http://x/a.js", 7,
	8, 0},
    {"    at f (eval at g (eval at h (http://x/a.js:9:9), <anonymous>:1:2), <anonymous>:3:4)", "f",
	"http://x/a.js", 9, 9, 0},
    {"    at eval (webpack:///./src/a.js?:3:7)", "eval", "webpack:///./src/a.js?", 3, 7, 0},
    {"    at foo (http://x/a.js:4294967295:1)", "foo", "http://x/a.js", UINT32_MAX, 1, 0},
    {"    at foo (http://x/a.js:4294967296:1)", NULL, NULL, 0, 0, NOT},
    {"    at foo (http://x/a.js:1)", NULL, NULL, 0, 0, NOT},
    {"    at (:1:2)", NULL, NULL, 0, 0, NOT},
    {"    at foo", NULL, NULL, 0, 0, NOT},
    {"    at ", NULL, NULL, 0, 0, NOT},
    {"    at foo ()", NULL, NULL, 0, 0, NOT},
    {"    at )((", NULL, NULL, 0, 0, NOT},
    {"    at f (eval at )", NULL, NULL, 0, 0, NOT},
    {"    at f (eval at g (), <anonymous>:1:1)", NULL, NULL, 0, 0, NOT},
    /* Firefox */
    {"myFunction@http://example.com/app.js:10:5", "myFunction", "http://example.com/app.js", 10, 5,
	0},
    {"@http://example.com/app.js:10:5", "", "http://example.com/app.js", 10, 5, 0},
    {"foo/<@http://x/a.js:1:2", "foo/<", "http://x/a.js", 1, 2, 0},
    {"async*load@http://x/a.js:1:2", "load", "http://x/a.js", 1, 2, ASYNC},
    {"promise callback*init@http://x/a.js:1:2", "init", "http://x/a.js", 1, 2, ASYNC},
    {"setTimeout handler*@http://x/a.js:1:2", "", "http://x/a.js", 1, 2, ASYNC},
    {"f@http://x/a.js line 3 > eval:1:1", "f", "http://x/a.js", 3, 0, 0},
    {"anonymous@http://x/a.js line 3 > Function line 2 > eval:1:1", "anonymous", "http://x/a.js", 3,
	0, 0},
    {"f@https://x/@scope/a.js:1:2", "f", "https://x/@scope/a.js", 1, 2, 0},
    {"f@", NULL, NULL, 0, 0, NOT},
    {"@", NULL, NULL, 0, 0, NOT},
    {"write to me@example.com", NULL, NULL, 0, 0, NOT},
    /* Safari */
    {"https://x/@scope/a.js:1:2", "", "https://x/@scope/a.js", 1, 2, 0},
    {"global code@https://x/a.js:1:2", "global code", "https://x/a.js", 1, 2, 0},
    {"map@[native code]", "map", "[native code]", 0, 0, NATIVE},
    {"[native code]", NULL, NULL, 0, 0, NOT},
    {"eval code@", NULL, NULL, 0, 0, NOT},
    {"see https://x/a.js:1:2", NULL, NULL, 0, 0, NOT},
    {"TypeError: x is undefined", NULL, NULL, 0, 0, NOT},
    {"", NULL, NULL, 0, 0, NOT},
};

static void
assert_span(struct span s, const char *text)
{
	if (s.len != strlen(text) || memcmp(s.s, text, s.len) != 0)
		fail_msg("\"%.*s\" is not \"%s\"", (int)s.len, s.s, text);
}

static void
each_form_of_a_frame_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(frames); i++) {
		struct stack_frame f;
		size_t n = stack_parse(frames[i].line, &f, 1);

		if (n != ((frames[i].flags & NOT) ? 0 : 1))
			fail_msg("%s", frames[i].line);
		if (n == 0)
			continue;
		assert_span(f.name, frames[i].name);
		assert_span(f.file, frames[i].file);
		assert_int_equal(f.number, frames[i].number);
		assert_int_equal(f.column, frames[i].column);
		assert_int_equal(f.async, (frames[i].flags & ASYNC) != 0);
		assert_int_equal(f.native, (frames[i].flags & NATIVE) != 0);
	}
}

static void
a_message_of_v8_that_looks_like_a_frame_of_firefox_is_none(void **state)
{
	struct stack_frame f[4];

	(void)state;
	assert_int_equal(
	    stack_parse("Error: see f@http://x/a.js:1:2\n    at g (b.js:1:2)", f, 4), 1);
	assert_span(f[0].file, "b.js");
}

/* Each costs a look at the whole line, and a line may be a megabyte. */
static void
evals_in_one_another_have_an_end(void **state)
{
	struct arena *mem = arena_new(4096);
	const char *place = "http://x/a.js:1:2";
	struct stack_frame f;

	(void)state;
	for (int n = 1; n <= 17; n++) {
		place = arena_printf(mem, "eval at g (%s)", place);
		assert_int_equal(
		    stack_is_v8(span_of(arena_printf(mem, "at f (%s)", place)), &f), n <= 16);
	}
	arena_free(mem);
}

static void
no_more_frames_than_asked_for(void **state)
{
	struct stack_frame f[2];

	(void)state;
	assert_int_equal(stack_parse("a@x:1:1\nb@x:1:1\nc@x:1:1", f, 2), 2);
	assert_int_equal(stack_parse("at x:1:1\nat x:1:1\nat x:1:1", f, 2), 2);
	assert_int_equal(stack_parse("at x:1:1", f, 0), 0);
}

/* ---- the text -------------------------------------------------------------------- */

static const struct {
	const char *before, *name, *after; /* every frame maps to src/a.ts:5:6 */
} texts[] = {
    {"Error: x\n    at f (a.js:1:2)\n    at g (a.js:1:3)", "run",
	"Error: x\n    at run (src/a.ts:5:6)\n    at run (src/a.ts:5:6)"},
    {"    at f (a.js:1:2)\n", "", "    at src/a.ts:5:6\n"},
    {"\n\n    at a.js:1:2\n", "run", "\n\n    at run (src/a.ts:5:6)\n"},
    {"    at async f (a.js:1:2)\r\n  x", "run", "    at async run (src/a.ts:5:6)\r\n  x"},
    {"f@a.js:1:2\n@a.js:1:2", "run", "run@src/a.ts:5:6\nrun@src/a.ts:5:6"},
    {"async*f@a.js:1:2", "run", "async*run@src/a.ts:5:6"},
    {"f@a.js:1:2", "", "@src/a.ts:5:6"},
    {"no frame at all", "run", "no frame at all"},
    {"", "run", ""},
};

static void
frames_change_and_all_else_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(texts); i++) {
		struct stack_frame f[4];
		struct stack_origin o[4];
		struct buf out = {0};
		size_t n = stack_parse(texts[i].before, f, 4);

		for (size_t k = 0; k < n; k++)
			o[k] = (struct stack_origin){texts[i].name, "src/a.ts", 5, 6};
		stack_rewrite(&out, texts[i].before, f, o, n);
		assert_string_equal(buf_text(&out), texts[i].after);
		buf_free(&out);
	}
}

static void
a_frame_without_origin_stays_as_it_is(void **state)
{
	const char *text = "E\n    at f (a.js:1:2)\n    at g (b.js:3:4)\n    at h (c.js:5:6)";
	struct stack_origin o[3] = {{0}, {"go", "b.ts", 1, 1}, {0}};
	struct stack_frame f[3];
	struct buf out = {0};

	(void)state;
	stack_rewrite(&out, text, f, o, stack_parse(text, f, 3));
	assert_string_equal(
	    buf_text(&out), "E\n    at f (a.js:1:2)\n    at go (b.ts:1:1)\n    at h (c.js:5:6)");
	buf_free(&out);
}

/* ---- names of files ---------------------------------------------------------------- */

static const struct {
	const char *file, *path;
} paths[] = {
    {"http://example.com/static/app.js", "/static/app.js"},
    {"https://example.com/static/app.js?v=1", "/static/app.js"},
    {"https://example.com/static/app.js#x", "/static/app.js"},
    {"https://example.com?x", "/"},
    {"http://example.com", "/"},
    {"/app.js", "/app.js"},
    {"app.js", "/app.js"},
    {"./app.js", "/app.js"},
    {"~/app.js", "/app.js"},
    {"webpack:///x", "/x"},
    {"", "/"},
};

static const struct {
	const char *source, *name;
	bool own;
} sources[] = {
    {"src/a.ts", "src/a.ts", true},
    {"./src/a.ts", "src/a.ts", true},
    {"../../src/a.ts", "src/a.ts", true},
    {"webpack:///./src/a.js", "src/a.js", true},
    {"webpack://shop/./src/a.js?1a2b", "src/a.js", true},
    {"webpack://@acme/shop/./src/a.js", "src/a.js", true},
    {"webpack://shop/../lib/a.js", "lib/a.js", true},
    {"webpack://shop/webpack/bootstrap", "webpack/bootstrap", false},
    {"webpack:///(webpack)/buildin/module.js", "(webpack)/buildin/module.js", false},
    {"webpack-internal:///./src/a.js", "src/a.js", true},
    {"../node_modules/react/index.js", "node_modules/react/index.js", false},
    {"https://cdn.example/a.js", "https://cdn.example/a.js", true},
    {"chrome-extension://abc/a.js", "chrome-extension://abc/a.js", false},
    {"vite/modulepreload-polyfill", "vite/modulepreload-polyfill", false},
    {"webpack://", "webpack://", true},
    {"", "", false},
};

static void
a_map_is_found_by_the_path_alone_and_a_source_has_a_plain_name(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(paths); i++)
		assert_string_equal(
		    stack_path(mem, paths[i].file, strlen(paths[i].file)), paths[i].path);
	for (size_t i = 0; i < NELEM(sources); i++) {
		const char *name = stack_source_name(mem, sources[i].source);

		assert_string_equal(name, sources[i].name);
		if (stack_is_own(name) != sources[i].own)
			fail_msg("%s", name);
	}
	arena_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_form_of_a_frame_is_read),
	    cmocka_unit_test(a_message_of_v8_that_looks_like_a_frame_of_firefox_is_none),
	    cmocka_unit_test(evals_in_one_another_have_an_end),
	    cmocka_unit_test(no_more_frames_than_asked_for),
	    cmocka_unit_test(frames_change_and_all_else_stays),
	    cmocka_unit_test(a_frame_without_origin_stays_as_it_is),
	    cmocka_unit_test(a_map_is_found_by_the_path_alone_and_a_source_has_a_plain_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
