/* SPDX-License-Identifier: MIT */
/* The fingerprint: the wire contract's vectors, its rules, and that time stays linear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "fingerprint.h"
#include "secret.h"
#include "text.h"

/* ---- the vectors of the wire contract --------------------------------------- */

static const struct {
	const char *project, *type, *traceback, *fingerprint;
} vectors[] = {
    {"myapp", "ValueError",
	"Traceback (most recent call last):\n  File \"/app/app/main.py\", line 3, in run\n    f()\n"
	"  File \"/app/app/utils/validation.py\", line 56, in check\n    raise ValueError\n",
	"a2aa039023e9e993384f51f3268f2861"},
    {"myapp", "TypeError", "TypeError: x\n    at f (http://example.com/app.js:42:7)",
	"ae8279c0dba924bfc9461e549ed5a256"},
    {"myapp", "TypeError", "render@http://example.com/static/app.js:42:10",
	"3a94d024ac9a9e741e08de3a0c770e41"},
    {"myapp", "TypeError", "    at render (src/components/UserProfile.tsx:28:5)",
	"f52b5c461848c9be5883d167a3ee1654"},
    {"myapp", "ValueError", "  File \"/app/main.py\", line 42, in f\n",
	"3dd7993bd2385176a59dc835da905de5"},
    {"myproject", "SomeError", "no traceback here", "bfdd4a708506968d977fc5c42f910f5c"},
    {"myapp", "ValueError", "some traceback", "98d0f187e0551e6f06e4d88db487d6f5"},
    {"test", "Err", "tb", "da4247c93784d022fd363fb2b0b1b034"},
    {"e2e-test", "TestError", "  File \"/app/test.py\", line 42, in handler",
	"bfe948320647333075d782d84349909c"},
    {"e2e-test", "TypeError", "    at n (app.min.js:1:2345)", "16bcb3d1183949072efd4f148bdbe540"},
    {"e2e-test", "RateTest", "test", "637b8c86aa395a070f2809d82bcb1862"},
};

static void
the_contracts_vectors_hold_byte_for_byte(void **state)
{
	struct arena *mem = arena_new(4096);
	char hex[33];

	(void)state;
	for (size_t i = 0; i < NELEM(vectors); i++) {
		char *text = fingerprint_text(
		    mem, vectors[i].project, vectors[i].type, vectors[i].traceback);

		secret_md5_hex(hex, text, strlen(text));
		assert_string_equal(hex, vectors[i].fingerprint);
	}
	arena_free(mem);
}

/* ---- the rules --------------------------------------------------------------- */

static const struct {
	const char *name, *traceback, *place; /* NULL: none */
} cases[] = {
    {"the last frame of Python counts", "File \"a.py\", line 1\nFile \"b.py\", line 2, in g",
	"b.py:2"},
    {"a frame of Python needs no name", "File \"/app/main.py\", line 5", "/app/main.py:5"},
    {"a frame of Python may stand anywhere in a line", "x File \"a.py\", line 7 y", "a.py:7"},
    {"two frames of Python in one line", "File \"a\", line 1 File \"b\", line 2", "b:2"},
    {"a path of Python may span lines", "File \"a\nb\", line 3", "a\nb:3"},
    {"a marker that leads nowhere hides the rest of its line", "File \"a\" File \"b\", line 2",
	NULL},
    {"but not the next line", "File \"a\"\nFile \"b\", line 2", "b:2"},
    {"a marker that leads nowhere does not undo an earlier one",
	"File \"a\", line 1\nFile \"b\", line x", "a:1"},
    {"a path that swallows the next marker fails as a whole, and the next line is read",
	"File \"a\nFile \"b\", line 2", "b:2"},
    {"a number must follow", "File \"a\", line ", NULL},
    {"one blank too many", "File \"a\",  line 3", NULL},
    {"no closing quote", "File \"a, line 3", NULL},
    {"Python wins over JavaScript", "at f (x.js:1:2)\nFile \"a.py\", line 3", "a.py:3"},

    {"V8 with a name", "Error: x\n    at fn (http://a/b.js:10:20)\n at g (c.js:1:1)",
	"http://a/b.js:10"},
    {"V8 without a name", "    at http://a/b.js:10:20", "http://a/b.js:10"},
    {"V8 with an object and new", "at new Foo.bar (b.js:3:4)", "b.js:3"},
    {"Firefox with a name", "fn@http://a/b.js:10:20\ng@c.js:1:1", "http://a/b.js:10"},
    {"Firefox without a name", "@http://a/b.js:10:20", "http://a/b.js:10"},
    {"a frame without a column", "at f (b.js:10)", "b.js:10"},
    {"two numbers without a file: the first is the file", "at f (:10:20)", ":10:20"},
    {"a file whose name is a colon's left side", "at f (a:10:20)", "a:10"},
    {"a colon at the very beginning is no place", "at :10", NULL},
    {"the header counts if it looks like a frame", "Connection lost at db:5432\nat f (x.js:1:2)",
	"db:5432"},
    {"a line with at that does not parse hides its @", "at x@y.js:1:2 z\n", NULL},
    {"a line that does not parse is passed over", "at nothing\nat f (x.js:1:2)", "x.js:1"},
    {"brackets the wrong way round do not count", "at f) (x.js:1:2", "f) (x.js:1"},
    {"the first pair of brackets counts", "at f (x.js:1:2) (y.js:3:4)", "x.js:1"},
    {"blanks around the place", "at f ( x.js:1:2 )", "x.js:1"},
    {"a carriage return before the end of the line", "at f (x.js:1:2)\r\nmore", "x.js:1"},
    {"a tab before the frame", "\tat x.js:1:2\r", "x.js:1"},
    {"@ in an address is the first one", "mail a@b.c@x:1:2", "b.c@x:1"},
    {"digits must end the place", "at x.js:1:2:", NULL},
    {"nothing between the colons", "at x.js::2", "x.js::2"},
    {"a port is a line like any other", "@http://a:80", "http://a:80"},

    {"plain text has no place", "something broke", NULL},
    {"nor has none", "", NULL},
    {"nor blank lines", "\n \n\t\n\r\n", NULL},
};

static void
each_rule_finds_its_place(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct location l =
		    fingerprint_location(cases[i].traceback, strlen(cases[i].traceback));
		const char *place = l.file == NULL ? NULL
						   : arena_printf(mem, "%.*s:%.*s", (int)l.file_len,
							 l.file, (int)l.line_len, l.line);

		if ((place == NULL) != (cases[i].place == NULL) ||
		    (place != NULL && strcmp(place, cases[i].place) != 0))
			fail_msg("%s: %s, expected %s", cases[i].name,
			    place != NULL ? place : "none",
			    cases[i].place != NULL ? cases[i].place : "none");
	}
	arena_free(mem);
}

/* ---- time -------------------------------------------------------------------- */

/* Repeats the piece until the text has that length. */
static size_t
fill(char *text, size_t size, const char *piece)
{
	size_t len = strlen(piece), n = 0;

	for (; n + len <= size; n += len)
		memcpy(text + n, piece, len);
	return n;
}

/* What would take minutes if any byte were looked at once for every line. */
static void
a_megabyte_of_the_worst_is_read_at_once(void **state)
{
	static const char *const pieces[] = {"\n", "a\n", "File \"\n", "File \"", "\"\n",
	    "File \"a\", line \n", "at \n", "at (\n", "@\n", "at x:1:\n", ":",
	    "1:", "File \"a\n\n\n\n"};
	enum { SIZE = 1 << 20 };
	char *text = malloc(SIZE);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < NELEM(pieces); i++) {
		size_t len = fill(text, SIZE, pieces[i]);
		int64_t start = clock_mono_us();

		(void)fingerprint_location(text, len);
		/* It takes milliseconds; the bound is for a sanitizer on a busy machine. */
		if (clock_mono_us() - start > 5000000)
			fail_msg("piece %zu took %lld us", i, (long long)(clock_mono_us() - start));
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_contracts_vectors_hold_byte_for_byte),
	    cmocka_unit_test(each_rule_finds_its_place),
	    cmocka_unit_test(a_megabyte_of_the_worst_is_read_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
