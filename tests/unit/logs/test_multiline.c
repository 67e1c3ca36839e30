/* SPDX-License-Identifier: MIT */
/*
 * Which lines are one entry.  tests/data/logs holds what real programs printed; the
 * tables say how many lines each entry of it has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "multiline.h"
#include "text.h"

#define MS (NS_PER_SECOND / 1000)

/* What was handed out: "33Ec 1-": lines and the first letter of the level of each entry, c: cut. */
static struct buf got;
static struct buf texts; /* entries, each with a form feed behind it */

static void
note(void *arg, const struct multiline_entry *e)
{
	enum level level = level_of_text(e->text, e->len);
	int lines = 1;

	(void)arg;
	if (level == LEVEL_UNKNOWN)
		level = e->level;
	for (size_t i = 0; i < e->len; i++)
		lines += e->text[i] == '\n';
	buf_printf(&got, "%s%d%c%s", got.len > 0 ? " " : "", lines,
	    level == LEVEL_UNKNOWN ? '-' : *level_name(level), e->cut ? "c" : "");
	buf_add(&texts, e->text, e->len);
	buf_char(&texts, '\f');
}

static const struct multiline_to to = {note, NULL};

static int
set_up(void **state)
{
	buf_clear(&got, 0);
	buf_clear(&texts, 0);
	*state = multiline_new(MULTILINE_AUTO, NULL, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	multiline_free(*state);
	buf_free(&got);
	buf_free(&texts);
	return 0;
}

static void
feed(struct multiline *m, const char *line, int64_t ns)
{
	struct multiline_line l = {line, strcspn(line, "\n"), ns, ns, false};

	multiline_feed(m, &l, &to);
}

/* Feeds lines that lie step apart; newlines in text divide them. */
static void
feed_all(struct multiline *m, const char *text, int64_t step)
{
	int64_t ns = NS_PER_SECOND;

	for (const char *s = text; *s != '\0'; ns += step) {
		feed(m, s, ns);
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
	multiline_settle(m, INT64_MAX, &to);
}

/* ---- real programs ------------------------------------------------------------------- */

static const struct {
	const char *file, *entries;
} program_rows[] = {
    {"python_chain", "33E"},         /* carets, "direct cause", "during handling", a bare class */
    {"python_group", "19E"},         /* an ExceptionGroup */
    {"python_note", "6E 1W"},        /* logging.exception(), then another line */
    {"python_recurse", "14E"},       /* [Previous line repeated] */
    {"python_sqlalchemy", "39E 1W"}, /* a statement of many lines behind the message */
    {"python_syntax", "4E"},         /* no header */
    {"node_crash", "22E"},           /* source line, cause, Node.js v20 */
    {"node_reject", "14E"},          /* a rejected promise with properties */
    {"node_log", "8E 8- 2W"},        /* console.error, a printed object, a warning */
    {"go_panic", "13C"},             /* recovered and panicked again */
    {"go_nilp", "11C"},              /* a signal in a goroutine */
    {"go_dead", "16C 1-"},           /* net/http survives a handler's panic */
    {"java_boom", "11E 1- 2I 21E"},  /* java.util.logging, Caused by, Suppressed */
    {"rust_panic", "1- 15C"},        /* with RUST_BACKTRACE=1; it begins with a blank line */
};

static void
what_real_programs_print_is_one_entry_each(void **state)
{
	for (size_t i = 0; i < NELEM(program_rows); i++) {
		char path[256], line[4096];
		int64_t ns = NS_PER_SECOND;
		FILE *file;

		(void)snprintf(path, sizeof path, "tests/data/logs/%s.txt", program_rows[i].file);
		if ((file = fopen(path, "r")) == NULL)
			fail_msg("%s is not there: run from the top of the tree", path);
		buf_clear(&got, 0);
		for (; fgets(line, sizeof line, file) != NULL; ns += MS)
			feed(*state, line, ns);
		(void)fclose(file);
		multiline_settle(*state, INT64_MAX, &to);
		if (strcmp(buf_text(&got), program_rows[i].entries) != 0)
			fail_msg("%s: %s instead of %s", program_rows[i].file, got.data,
			    program_rows[i].entries);
	}
}

/* ---- cases ------------------------------------------------------------------------------ */

static const struct {
	const char *why, *lines, *entries;
} case_rows[] = {
    {"plain lines stand alone", "one\ntwo\nthree", "1- 1- 1-"},
    {"indented lines lean on the one before", "SELECT 1\n  FROM x\n\tWHERE y\nnext", "3- 1-"},
    {"a closing bracket does, too", "{\n  a: 1\n}\nnext", "3- 1-"},
    {"JSON is always alone", "{\"level\":\"error\"}\n  indented\n{\"a\":1}", "1E 1- 1-"},
    {"a time begins an entry even behind a traceback",
	"Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    x\n2026-11-22 "
	"10:00:00 next",
	"3E 1-"},
    {"a traceback joins the error line that it explains",
	"ERROR:root:no\nTraceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'",
	"4E"},
    {"but not a line that is none",
	"all is well\nTraceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'",
	"1- 3E"},
    {"a message of many lines and a chain",
	"Traceback (most recent call last):\n  File \"a.py\", line 1\nA: one\ntwo\nthree\n\n"
	"During handling of the above exception, another exception occurred:\n\n"
	"Traceback (most recent call last):\n  File \"a.py\", line 2\nB",
	"11E"},
    {"lines looked ahead over are given back when no chain comes",
	"Traceback (most recent call last):\n  File \"a.py\", line 1\nA: one\nplain two\nplain "
	"three",
	"3E 1- 1-"},
    {"a header without frames is a line like any other", "Error: one\ntwo\nthree", "1E 1- 1-"},
    {"two Java traces in a row are two",
	"a.b.CException: x\n\tat a.b.C.d(C.java:1)\na.b.DError: y\n\tat a.b.C.d(C.java:1)",
	"2E 2E"},
    {"log4j's line, its trace and the causes",
	"2026-11-22 10:00:00 ERROR a.b.C - no\njava.io.IOException: disk\n\tat a.b.C.d(C.java:1)\n"
	"Caused by: a.b.DException: two\nlines\n\tat a.b.C.d(C.java:1)\n\t... 3 more\n"
	"2026-11-22 10:00:00 INFO next",
	"7E 1I"},
    {".NET",
	"Unhandled exception. System.InvalidOperationException: x\n ---> System.Exception: y\n"
	"   at A.B() in /a.cs:line 1\n   --- End of inner exception stack trace ---\n"
	"   at A.C()\nnext",
	"5E 1-"},
    {".NET's console logger",
	"fail: App.Worker[0]\n      it broke\n      twice\ninfo: App[0]\n      ok", "3E 2I"},
    {"Ruby", "app.rb:3:in `run': boom (RuntimeError)\n\tfrom app.rb:7:in `<main>'\nnext", "2E 1-"},
    {"Ruby 3.4", "app.rb:3:in 'run': boom (RuntimeError)\n\tfrom app.rb:7:in '<main>'\nnext",
	"2E 1-"},
    {"Rails", "NoMethodError (undefined method `x'):\n\napp/models/a.rb:3:in `b'\nnext", "3E 1-"},
    {"PHP",
	"PHP Fatal error:  Uncaught Exception: x in /a.php:3\nStack trace:\n#0 /a.php(7): f()\n"
	"#1 {main}\n  thrown in /a.php on line 3\nnext",
	"5E 1-"},
    {"Laravel",
	"[2026-11-22 10:00:00] production.ERROR: x {\"exception\":\"[object] (Error(code: 0): x at "
	"/a.php:3)\n[stacktrace]\n#0 /a.php(7): f()\n#1 {main}\n\n[previous exception] [object] "
	"(Error(code: 0): y at /a.php:1)\n[stacktrace]\n#0 {main}\n\"} \nnext",
	"9E 1-"},
    {"Elixir",
	"10:00:00.000 [error] GenServer X terminating\n** (RuntimeError) oops\n"
	"    (app 0.1.0) lib/a.ex:3: A.b/1\nLast message: :go\nnext",
	"4E 1-"},
    {"Postgres: what follows of the same process",
	"2026-11-22 10:00:00.000 UTC [7] ERROR:  no relation\n"
	"2026-11-22 10:00:00.000 UTC [7] STATEMENT:  SELECT 1\n\tFROM x\n"
	"2026-11-22 10:00:00.000 UTC [8] STATEMENT:  SELECT 2",
	"3E 1-"},
    {"InnoDB between rulers",
	"=====================================\n2026-11-22 10:00:00 0x7f INNODB MONITOR "
	"OUTPUT\n2026-11-22 x\n"
	"=====================================\nnext",
	"4- 1-"},
    {"Go's race detector",
	"==================\nWARNING: DATA RACE\nRead at 0x0\n==================\nnext", "4W 1-"},
    {"a JVM crash",
	"#\n# A fatal error has been detected by the Java Runtime Environment:\n#\n#  "
	"SIGSEGV\nnext",
	"2C 1- 1- 1-"},
    {"colours are looked through",
	"\x1b[31mTraceback (most recent call last):\x1b[0m\n"
	"\x1b[31m  File \"a.py\", line 1\x1b[0m\nKeyError: 'x'",
	"3E"},
    {"apt, npm: every line alone",
	"Reading package lists...\nBuilding dependency tree...\nnpm warn old", "1- 1- 1-"},
    {"blank lines are lines", "one\n\ntwo", "1- 1- 1-"},
};

static void
lines_are_divided_as_a_reader_would(void **state)
{
	for (size_t i = 0; i < NELEM(case_rows); i++) {
		buf_clear(&got, 0);
		feed_all(*state, case_rows[i].lines, MS / 10);
		if (strcmp(buf_text(&got), case_rows[i].entries) != 0)
			fail_msg("%s: %s instead of %s", case_rows[i].why, got.data,
			    case_rows[i].entries);
	}
}

static void
no_line_is_lost_or_changed_by_looking_ahead(void **state)
{
	for (size_t i = 0; i < NELEM(case_rows); i++) {
		const char *want = case_rows[i].lines;

		buf_clear(&texts, 0);
		feed_all(*state, want, MS / 10);
		assert_int_equal(texts.len, strlen(want) + 1);
		for (size_t j = 0; j < strlen(want); j++)
			assert_true(
			    texts.data[j] == want[j] || (texts.data[j] == '\f' && want[j] == '\n'));
	}
}

static void
silence_ends_an_entry(void **state)
{
	feed_all(*state, "one\n  two", 51 * MS);
	assert_string_equal(buf_text(&got), "1- 1-");
	buf_clear(&got, 0);
	feed_all(*state, "one\n  two", 49 * MS);
	assert_string_equal(buf_text(&got), "2-");
	buf_clear(&got, 0);
	/* A trace may be slow. */
	feed_all(
	    *state, "Traceback (most recent call last):\n  File \"a.py\", line 1\nE: x", 900 * MS);
	assert_string_equal(buf_text(&got), "3E");
}

static void
an_entry_is_due_after_the_silence_of_its_kind(void **state)
{
	assert_true(multiline_due(*state) == INT64_MAX);
	assert_true(multiline_oldest(*state) == -1);
	feed(*state, "one", 5 * NS_PER_SECOND);
	assert_true(multiline_due(*state) == 5 * NS_PER_SECOND + 50 * MS);
	assert_true(multiline_oldest(*state) == 5 * NS_PER_SECOND);
	multiline_settle(*state, 5 * NS_PER_SECOND + 49 * MS, &to);
	assert_int_equal(got.len, 0);
	multiline_settle(*state, 5 * NS_PER_SECOND + 50 * MS, &to);
	assert_string_equal(buf_text(&got), "1-");
	feed(*state, "panic: x", 6 * NS_PER_SECOND);
	assert_true(multiline_due(*state) == 7 * NS_PER_SECOND);
	multiline_reset(*state);
	assert_true(multiline_due(*state) == INT64_MAX);
}

static void
an_entry_grows_to_512_lines_and_is_then_cut(void **state)
{
	feed(*state, "SELECT", 1);
	for (int i = 0; i < 600; i++)
		feed(*state, "  x", 1);
	multiline_settle(*state, INT64_MAX, &to);
	assert_string_equal(buf_text(&got), "512-c 89-");
}

/* What is whole is not said to be cut, however long it is. */
static void
only_what_had_no_room_is_cut(void **state)
{
	char *text = heap_alloc(MULTILINE_BYTES + 2);

	memset(text, ' ', MULTILINE_BYTES + 1);
	*text = 'x';
	feed(*state, text, 1);
	multiline_settle(*state, INT64_MAX, &to);
	feed(*state, text, 1);
	feed(*state, "next", 1);
	multiline_settle(*state, INT64_MAX, &to);
	feed(*state, "SELECT", 1);
	for (int i = 1; i < MULTILINE_LINES; i++)
		feed(*state, "  x", 1);
	multiline_settle(*state, INT64_MAX, &to);
	assert_string_equal(buf_text(&got), "1- 1- 1- 512-");
	buf_clear(&got, 0);
	text[MULTILINE_BYTES / 3 * 2] = '\0';
	feed(*state, text, 1);
	*text = ' ';
	feed(*state, text, 1);
	multiline_settle(*state, INT64_MAX, &to);
	assert_string_equal(buf_text(&got), "1-c 1-");
	free(text);
}

static bool
starts_with_dash(void *arg, const char *line, size_t len)
{
	(void)arg;
	return len > 0 && line[0] == '-';
}

static void
a_container_may_say_how_its_entries_begin(void **state)
{
	struct multiline *m = multiline_new(MULTILINE_START, starts_with_dash, NULL);

	(void)state;
	feed_all(m, "- one\n2026-11-22 10:00:00 two\nthree\n- four", NS_PER_SECOND);
	assert_string_equal(buf_text(&got), "3- 1-");
	multiline_free(m);
	buf_clear(&got, 0);
	m = multiline_new(MULTILINE_OFF, NULL, NULL);
	feed_all(m, "one\n  two", 1);
	assert_string_equal(buf_text(&got), "1- 1-");
	multiline_free(m);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_real_programs_print_is_one_entry_each),
	    TEST(lines_are_divided_as_a_reader_would),
	    TEST(no_line_is_lost_or_changed_by_looking_ahead),
	    TEST(silence_ends_an_entry),
	    TEST(an_entry_is_due_after_the_silence_of_its_kind),
	    TEST(an_entry_grows_to_512_lines_and_is_then_cut),
	    TEST(only_what_had_no_room_is_cut),
	    TEST(a_container_may_say_how_its_entries_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
