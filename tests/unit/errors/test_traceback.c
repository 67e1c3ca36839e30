/* SPDX-License-Identifier: MIT */
/*
 * What is read out of stack traces.  tests/data/fuzz/fuzz_traceback holds them: those of
 * Python, Node, Go and Java as programs printed them, the others as their forms are
 * described.  An exception is written "(relation) type: message", a frame of our own
 * with a plus, others with a minus.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "text.h"
#include "traceback.h"

/* How the traces of a Node module and of a Java file that was started as a source end. */
#define NODE_LOADER                                                                                \
	"- Module._compile node:internal/modules/cjs/loader:1521:14\n"                             \
	"- Module._extensions..js node:internal/modules/cjs/loader:1623:10\n"                      \
	"- Module.load node:internal/modules/cjs/loader:1266:32\n"                                 \
	"- Module._load node:internal/modules/cjs/loader:1091:12\n"                                \
	"- Function.executeUserEntryPoint [as runMain] node:internal/modules/run_main:164:12\n"    \
	"-  node:internal/main/run_main_module:28:49\n"
#define JAVA_LAUNCHER                                                                              \
	"+ T.lambda$main$0 T.java:6\n"                                                             \
	"- java.base/java.lang.Iterable.forEach Iterable.java:75\n"                                \
	"+ T.main T.java:6\n"                                                                      \
	"- java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0 :0\n"                   \
	"- java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke "                        \
	"NativeMethodAccessorImpl.java:77\n"                                                       \
	"- java.base/jdk.internal.reflect.DelegatingMethodAccessorImpl.invoke "                    \
	"DelegatingMethodAccessorImpl.java:43\n"                                                   \
	"- java.base/java.lang.reflect.Method.invoke Method.java:569\n"                            \
	"- jdk.compiler/com.sun.tools.javac.launcher.Main.execute Main.java:419\n"                 \
	"- jdk.compiler/com.sun.tools.javac.launcher.Main.run Main.java:192\n"                     \
	"- jdk.compiler/com.sun.tools.javac.launcher.Main.main Main.java:132\n"

static const struct {
	const char *file, *expected;
} rows[] = {
    {"dotnet",
	"() : Unhandled exception. System.InvalidOperationException: The order was not placed\n"
	"+ Shop.Order.<PlaceAsync>d__5.MoveNext /src/Shop/Order.cs:9\n"
	"- System.Runtime.CompilerServices.TaskAwaiter.HandleNonSuccessAndDebuggerNotification :0\n"
	"+ Shop.Program.<Main> :0\n"
	"(cause) Shop.PriceException: no price for A-1\n"
	"+ Shop.Cart.<>c__DisplayClass3_0.<Add>b__0 C:\\src\\Shop Two\\Cart.cs:40\n"
	"(cause) System.FormatException: Input string was not in a correct format.\n"
	"- System.Number.ThrowOverflowOrFormatException :0\n"
	"- System.Int32.Parse :0\n"
	"+ Shop.Line..ctor /src/Shop/Line.cs:12\n"},
    {"dotnet-aggregate",
	"() : System.AggregateException: One or more errors occurred. (first) (second)\n"
	"- System.Threading.Tasks.Task.WaitAll :0\n"
	"+ Shop.Program.Main /src/Program.cs:8\n"
	"(cause) System.Exception: first\n"
	"+ Shop.Jobs.Run /src/Jobs.cs:5\n"
	"(grouped) System.TimeoutException: second\n"
	"+ Shop.Jobs.Run /src/Jobs.cs:6\n"},
    {"firefox", "() : \n"
		"+ sendInvoice https://shop.example/assets/app-88d1.js:7:311\n"
		"+  https://shop.example/assets/app-88d1.js:12:90\n"
		"+ run/< resource://gre/modules/Promise.jsm:3\n"},
    {"go-errors", "() : \n"
		  "+ main.price /srv/edge/price.go:12\n"
		  "- github.com/shop/lines.(*Line).Total "
		  "/root/go/pkg/mod/github.com/shop/lines@v1.4.0/line.go:40\n"
		  "- runtime.main /usr/local/go/src/runtime/proc.go:250\n"
		  "- net/http.(*Server).Serve /usr/local/go/src/net/http/server.go:3086\n"},
    {"go-panic", "() : runtime error: index out of range [5] with length 3 [recovered]\n"
		 "+ main.main.func2.1 /srv/edge/main.go:9\n"
		 "- panic /usr/local/go/src/runtime/panic.go:860\n"
		 "+ main.(*cart).at /srv/edge/main.go:5\n"
		 "+ main.main.func2 /srv/edge/main.go:9\n"
		 "+ main.main /srv/edge/main.go:9\n"},
    {"go-trimmed", "() : runtime error: index out of range [5] with length 3 [recovered]\n"
		   "+ main.main.func2.1 ./main.go:9\n"
		   "- panic runtime/panic.go:860\n"
		   "+ main.(*cart).at ./main.go:5\n"
		   "+ main.main.func2 ./main.go:9\n"
		   "+ main.main ./main.go:9\n"},
    {"java-logback", "() : org.shop.OrderFailed: no\n"
		     "+ org.shop.Cart.add Cart.java:12\n"
		     "+ org.shop.Cart$$Lambda$14/0x0000000800066840.run :0\n"
		     "- app//org.springframework.web.servlet.DispatcherServlet.service "
		     "DispatcherServlet.java:897\n"
		     "+ org.shop.MainKt.main Main.kt:0\n"},
    {"java-suppressed",
	"() : Exception in thread \"main\" java.lang.IllegalStateException: no\n"
	"second line\n"
	"+ T.add T.java:4\n"
	"+ T.lambda$main$0 T.java:6\n"
	"- java.base/java.lang.Iterable.forEach Iterable.java:75\n"
	"+ T.main T.java:6\n"
	"(suppressed) java.lang.IllegalArgumentException: close\n"
	"+ T$R.close T.java:2\n" JAVA_LAUNCHER "(cause) java.lang.RuntimeException: deep\n"
	"+ T$R.close T.java:2\n" JAVA_LAUNCHER
	"(cause) java.lang.NullPointerException: Cannot invoke \"String.length()\" "
	"because \"<local0>\" is null\n"
	"+ T.price T.java:3\n"
	"+ T.add T.java:4\n" JAVA_LAUNCHER},
    {"node-aggregate",
	"() : AggregateError: many\n"
	"+ Object.<anonymous> /srv/app/n.js:6:13\n" NODE_LOADER "(grouped) TypeError: inner bad\n"
	"+ inner /srv/app/n.js:1:25\n"
	"+ Object.<anonymous> /srv/app/n.js:3:56\n" NODE_LOADER "(grouped) Error: outer bad\n"
	"+ outer /srv/app/n.js:2:53\n"
	"+ Object.<anonymous> /srv/app/n.js:3:56\n"
	"-  node:internal/main/run_main_module:28:49\n"
	"(cause) TypeError: inner bad\n"
	"+ inner /srv/app/n.js:1:25\n"
	"+ outer /srv/app/n.js:2:25\n"
	"+ Object.<anonymous> /srv/app/n.js:3:56\n" NODE_LOADER},
    {"node-cause", "() : Error: outer bad\n"
		   "+ outer /srv/app/n.js:2:53\n"
		   "+ Object.<anonymous> /srv/app/n.js:4:7\n"
		   "-  node:internal/main/run_main_module:28:49\n"
		   "(cause) TypeError: inner bad\n"
		   "+ inner /srv/app/n.js:1:25\n"
		   "+ outer /srv/app/n.js:2:25\n"
		   "+ Object.<anonymous> /srv/app/n.js:4:7\n" NODE_LOADER},
    {"node-members", "() : Error: ENOENT: no such file or directory, open '/nope'\n"
		     "- Object.openSync node:fs:573:18\n"
		     "- Object.readFileSync node:fs:452:35\n"
		     "+ Object.<anonymous> /srv/app/n.js:8:34\n" NODE_LOADER},
    {"php", "() Shop\\OrderFailed: the order was not placed\n"
	    "+ Shop\\Order->place /srv/shop/src/Order.php:44\n"
	    "+ {main} /srv/shop/public/index.php:3\n"
	    "(cause) InvalidArgumentException: quantity is not a number: \"two\"\n"
	    "+ Shop\\Cart->add /srv/shop/src/Cart.php:12\n"
	    "+ Shop\\Order->{closure} /srv/shop/src/Order.php:40\n"
	    "- array_map :0\n"
	    "- Shop\\Order->place /srv/shop/vendor/illuminate/support/Collection.php:7\n"
	    "+ {main} /srv/shop/public/index.php:3\n"},
    {"php-trace-alone", "() : \n"
			"+ Shop\\Order->place /srv/shop/src/Order.php:40\n"
			"+ {main} /srv/shop/public/index.php:3\n"},
    {"python-chain", "() KeyError: 'other'\n"
		     "+ outer /srv/app/g.py:13 | {}[\"other\"]\n"
		     "+ <module> /srv/app/g.py:14 | try: outer()\n"
		     "(context) KeyError: 'row'\n"
		     "+ middle /srv/app/g.py:8 | raise KeyError(\"row\") from e\n"
		     "+ outer /srv/app/g.py:11 | middle()\n"
		     "(cause) ValueError: invalid literal for int() with base 10: 'two'\n"
		     "+ inner /srv/app/g.py:3 | return int(x)\n"
		     "+ middle /srv/app/g.py:6 | inner(\"two\")\n"},
    {"python-group",
	"() ExceptionGroup: several things (3 sub-exceptions)\n"
	"+ group /srv/app/g.py:26 | raise ExceptionGroup(\"several things\", errs)\n"
	"+ <module> /srv/app/g.py:27 | try: group()\n"
	"(grouped) ValueError: invalid literal for int() with base 10: 'x'\n"
	"+ inner /srv/app/g.py:3 | return int(x)\n"
	"+ group /srv/app/g.py:19 | try: inner(\"x\")\n"
	"(grouped) FileNotFoundError: [Errno 2] no such\n"
	"+ group /srv/app/g.py:23 | except ValueError as e: raise OSError(2,\"no such\") from e\n"
	"(cause) ValueError: invalid literal for int() with base 10: 'y'\n"
	"+ inner /srv/app/g.py:3 | return int(x)\n"
	"+ group /srv/app/g.py:22 | try: inner(\"y\")\n"
	"(grouped) ExceptionGroup: nested (2 sub-exceptions)\n"
	"(grouped) TypeError: bare\n"
	"(grouped) RuntimeError: two\n"},
    {"python-recursion", "() RecursionError: maximum recursion depth exceeded\n"
			 "+ rec /srv/app/g.py:34 | def rec(): return rec()\n"
			 "+ rec /srv/app/g.py:34 | def rec(): return rec()\n"
			 "+ rec /srv/app/g.py:34 | def rec(): return rec()\n"
			 "+ <module> /srv/app/g.py:35 | try: rec()\n"},
    {"python-syntax", "() SyntaxError: invalid syntax. Perhaps you forgot a comma?\n"
		      "+  <string>:2 | 2 3)\n"
		      "+ <module> /srv/app/g.py:30 | try: exec(\"a = (1,\\n  2 3)\")\n"},
    {"ruby", "() RuntimeError: the cart cannot be added up\n"
	     "+ rescue in total /srv/shop/app/cart.rb:8\n"
	     "+ total /srv/shop/app/cart.rb:5\n"
	     "- block in call /var/lib/gems/3.1.0/gems/rack-2.2.4/lib/rack/handler.rb:77\n"
	     "- loop <internal:kernel>:187\n"
	     "+ <main> /srv/shop/bin/shop:12\n"
	     "(cause) ArgumentError: invalid value for Integer(): \"two\"\n"
	     "+ Integer /srv/shop/app/cart.rb:2\n"
	     "+ quantity /srv/shop/app/cart.rb:2\n"
	     "+ total /srv/shop/app/cart.rb:6\n"
	     "+ <main> /srv/shop/bin/shop:12\n"},
    {"ruby-oldest-first", "() RuntimeError: the cart cannot be added up\n"
			  "+ rescue in total /srv/shop/app/cart.rb:8\n"
			  "+ total /srv/shop/app/cart.rb:5\n"
			  "+ <main> /srv/shop/bin/shop:12\n"
			  "(cause) ArgumentError: invalid value for Integer(): \"two\"\n"
			  "+ Integer /srv/shop/app/cart.rb:2\n"
			  "+ quantity /srv/shop/app/cart.rb:2\n"
			  "+ total /srv/shop/app/cart.rb:6\n"
			  "+ <main> /srv/shop/bin/shop:12\n"},
    {"ruby-quotes", "() ZeroDivisionError: divided by 0\n"
		    "+ Integer#/ /srv/shop/app/cart.rb:2\n"
		    "+ Shop::Cart#share /srv/shop/app/cart.rb:2\n"
		    "+ <main> /srv/shop/bin/shop:12\n"},
    {"safari", "() : \n"
	       "+ sendInvoice https://shop.example/assets/app-88d1.js:7:311\n"
	       "- map [native code]:0\n"
	       "+  https://shop.example/assets/app-88d1.js:12:90\n"
	       "+ global code https://shop.example/:3:1\n"},
    {"v8", "() : TypeError: Cannot read properties of undefined (reading 'email')\n"
	   "+ sendInvoice https://shop.example/assets/app-88d1.js:7:311\n"
	   "- Promise.all index 0:0\n"
	   "+  https://shop.example/assets/app-88d1.js:12:90\n"
	   "- new Cart webpack://shop/./node_modules/cart/index.js?:3:4\n"
	   "- Array.map <anonymous>:0\n"},
};

/* ---- the text of what was read -------------------------------------------------------- */

static void
write_frame(struct buf *out, const struct traceback_frame *f)
{
	buf_printf(out, "%c %.*s %.*s:%u", f->in_app ? '+' : '-', (int)f->function.len,
	    f->function.s, (int)f->file.len, f->file.s, f->line);
	if (f->column > 0)
		buf_printf(out, ":%u", f->column);
	if (f->source.len > 0)
		buf_printf(out, " | %.*s", (int)f->source.len, f->source.s);
	buf_char(out, '\n');
}

static void
write_traceback(struct buf *out, const struct traceback *t)
{
	static const char *const words[] = {"", "cause", "context", "grouped", "suppressed"};

	for (size_t i = 0; i < t->n; i++) {
		const struct traceback_exception *e = &t->exceptions[i];

		buf_printf(out, "(%s) %.*s: %.*s\n", words[e->relation], (int)e->type.len,
		    e->type.s, (int)e->message.len, e->message.s);
		for (size_t j = 0; j < e->nframes; j++)
			write_frame(out, &e->frames[j]);
	}
}

static void
assert_read(const char *name, const char *text, const char *expected)
{
	struct arena *mem = arena_new(0);
	struct traceback t;
	struct buf out = {0};

	traceback_read(mem, text, &t);
	write_traceback(&out, &t);
	if (strcmp(buf_text(&out), expected) != 0)
		fail_msg("%s\n%s\nis not\n%s", name, buf_text(&out), expected);
	buf_free(&out);
	arena_free(mem);
}

static void
traces_of_all_languages_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char path[200], text[8192];
		FILE *f;

		(void)snprintf(
		    path, sizeof path, "tests/data/fuzz/fuzz_traceback/%s", rows[i].file);
		assert_non_null(f = fopen(path, "r"));
		text[fread(text, 1, sizeof text - 1, f)] = '\0';
		(void)fclose(f);
		assert_read(rows[i].file, text, rows[i].expected);
	}
}

/* ---- what is none, and what is too much ---------------------------------------------------- */

static void
words_have_no_frames(void **state)
{
	static const char *const texts[] = {"", "it broke at noon (again)", "see #1 (2): three",
	    "write to me@example.com", "ValueError: File \"x\"", "at home (with: a cold)",
	    "Caused by: nothing", "Traceback (most recent call last):\nValueError: no frames",
	    "panic: no\n\ngoroutine 1 [running]:\n", "   at ", "\t.go:1", "a:in `b"};

	(void)state;
	for (size_t i = 0; i < NELEM(texts); i++)
		assert_read(texts[i], texts[i], "");
}

/* Of a text in which a line is repeated, how many frames are kept, and of which line. */
static void
assert_bounded(const char *head, const char *line, int times, const char *foot, size_t exceptions,
    size_t frames, uint32_t first)
{
	struct arena *mem = arena_new(0);
	struct buf text = {0};
	struct traceback t;

	buf_str(&text, head);
	for (int i = 1; i <= times; i++) {
		for (const char *p = line; *p != '\0'; p++)
			if (*p == '#')
				buf_printf(&text, "%d", i);
			else
				buf_char(&text, *p == '@' ? '#' : *p);
	}
	buf_str(&text, foot);
	traceback_read(mem, buf_text(&text), &t);
	assert_int_equal(t.n, exceptions);
	assert_int_equal(t.exceptions[0].nframes, frames);
	assert_int_equal(t.exceptions[0].frames[0].line, first);
	buf_free(&text);
	arena_free(mem);
}

static void
of_too_many_frames_the_outermost_go(void **state)
{
	(void)state;
	assert_bounded("Error: x\n", "    at f (a.js:#:1)\n", 500, "", 1, TRACEBACK_MAX_FRAMES, 1);
	assert_bounded("Traceback (most recent call last):\n", "  File \"a.py\", line #, in f\n",
	    500, "ValueError: x\n", 1, TRACEBACK_MAX_FRAMES, 500);
	assert_bounded("Traceback (most recent call last):\n", "\t9: from a.rb:#:in `f'\n", 500,
	    "a.rb:501:in `g': x (E)\n", 1, TRACEBACK_MAX_FRAMES, 501);
}

static void
of_too_many_exceptions_the_reported_one_stays(void **state)
{
	(void)state;
	assert_bounded("E: x\n\tat a.b(C.java:1)\n", "Caused by: E: x\n\tat a.b(C.java:#)\n", 50,
	    "", TRACEBACK_MAX_EXCEPTIONS, 1, 1);
	assert_bounded("",
	    "Traceback (most recent call last):\n  File \"a.py\", line #, in f\nE: x\n\nDuring "
	    "handling of the above exception, another exception occurred:\n\n",
	    50, "", TRACEBACK_MAX_EXCEPTIONS, 1, 50);
	assert_bounded("", "Next E: x in /a.php:#\nStack trace:\n@0 {main}\n", 50, "",
	    TRACEBACK_MAX_EXCEPTIONS, 1, 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(traces_of_all_languages_are_read),
	    cmocka_unit_test(words_have_no_frames),
	    cmocka_unit_test(of_too_many_frames_the_outermost_go),
	    cmocka_unit_test(of_too_many_exceptions_the_reported_one_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
