/* SPDX-License-Identifier: MIT */
/* What is a secret, what is none, and what is left of a report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "scrub.h"
#include "text.h"

static void
names_that_say_they_hold_a_secret(void **state)
{
	static const char *const names[] = {"Authorization", "authorization", "PROXY-AUTHORIZATION",
	    "Cookie", "Set-Cookie", "cookies", "X-API-Key", "api_key", "apiKey", "APIKEY",
	    "password", "user_password", "passwd", "passphrase", "secret", "client_secret",
	    "SECRET_KEY", "aws_secret_access_key", "private_key", "privateKey", "access_token",
	    "token", "X-Auth-Token", "csrf_token", "X-CSRF-Token", "xsrf", "jwt", "credentials",
	    "database_pwd", "PHPSESSID_sessionid",
	    "a.very.long.name.that.goes.on.and.on.and.on.and."
	    "on.and.on.until.at.last.the.token"};

	(void)state;
	for (size_t i = 0; i < NELEM(names); i++)
		if (!scrub_name(names[i]))
			fail_msg("%s is not taken for a secret", names[i]);
}

static void
names_that_hold_none(void **state)
{
	static const char *const names[] = {"", "session_id", "sessionId", "tokens", "max_tokens",
	    "user", "Accept", "Content-Type", "key", "keyboard", "author", "monkey", "host", "path",
	    "User-Agent", "request_id", "count", "-_-"};

	(void)state;
	for (size_t i = 0; i < NELEM(names); i++)
		if (scrub_name(names[i]))
			fail_msg("%s is taken for a secret", names[i]);
}

static void
values_that_look_like_secrets(void **state)
{
	static const char *const values[] = {"Bearer abcdef0123456789", "bearer abcdef0123456789",
	    "Basic dXNlcjpwYXNzd29yZA==",
	    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
	    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq", "AKIAIOSFODNN7EXAMPLE",
	    "ghp_0123456789abcdefghij"};
	static const char *const others[] = {"", "Bearer", "bearer of news", "eyJ", "eyJa.b",
	    "eyJa..c", "eyJa.b.c.d", "eyJa b.c", "ghp_short", "-----BEGIN", "hello"};

	(void)state;
	for (size_t i = 0; i < NELEM(values); i++)
		if (!scrub_value(values[i]))
			fail_msg("%s is not taken for a secret", values[i]);
	for (size_t i = 0; i < NELEM(others); i++)
		if (scrub_value(others[i]))
			fail_msg("%s is taken for a secret", others[i]);
}

static const struct {
	const char *name, *in, *out;
	int n;
} trees[] = {
    {"nothing to hide", "{\"a\":[1,\"b\",null,true],\"c\":{}}",
	"{\"a\":[1,\"b\",null,true],\"c\":{}}", 0},
    {"a header", "{\"Cookie\":\"a=b\",\"Accept\":\"*/*\"}",
	"{\"Cookie\":\"[redacted]\",\"Accept\":\"*/*\"}", 1},
    {"deep inside", "{\"a\":[{\"b\":{\"password\":\"x\"}}]}",
	"{\"a\":[{\"b\":{\"password\":\"[redacted]\"}}]}", 1},
    {"whole branches", "{\"credentials\":{\"user\":\"u\",\"password\":\"p\"}}",
	"{\"credentials\":\"[redacted]\"}", 1},
    {"numbers as well", "{\"password\":1234}", "{\"password\":\"[redacted]\"}", 1},
    {"null and booleans say nothing", "{\"password\":null,\"secret\":false}",
	"{\"password\":null,\"secret\":false}", 0},
    {"a value in a list", "[\"x\",\"Bearer abcdef0123456789\"]", "[\"x\",\"[redacted]\"]", 1},
    {"pairs in a list", "[[\"Cookie\",\"a=b\"],[\"Accept\",\"b\"],[\"token\",null]]",
	"[[\"Cookie\",\"[redacted]\"],[\"Accept\",\"b\"],[\"token\",null]]", 1},
    {"a list of two names", "{\"missing\":[\"password\",\"email\"]}",
	"{\"missing\":[\"password\",\"email\"]}", 0},
    {"addresses", "{\"Referer\":\"/a?token=x\",\"db\":\"pg://u:p@h\"}",
	"{\"Referer\":\"/a?token=[redacted]\",\"db\":\"pg://u:[redacted]@h\"}", 2},
    {"each is counted", "{\"token\":\"a\",\"jwt\":\"b\"}",
	"{\"token\":\"[redacted]\",\"jwt\":\"[redacted]\"}", 2},
};

static void
a_tree_keeps_its_shape_without_its_secrets(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(trees); i++) {
		struct buf b = {0};
		struct json_out out = {&b, false};
		const char *why;
		size_t at;
		int n;

		n = scrub_tree(
		    mem, &out, NULL, json_parse(mem, trees[i].in, strlen(trees[i].in), &why, &at));
		if (n != trees[i].n || strcmp(buf_text(&b), trees[i].out) != 0)
			fail_msg("%s: %d, %s", trees[i].name, n, buf_text(&b));
		buf_free(&b);
	}
	arena_free(mem);
}

static const struct {
	const char *in, *out;
	int n;
} texts[] = {
    {"", "", 0},
    {"/a", "/a", 0},
    {"/a?", "/a?", 0},
    {"/a?b=c&d", "/a?b=c&d", 0},
    {"/a?token=x", "/a?token=[redacted]", 1},
    {"/a?b=c&api_key=x&d=e", "/a?b=c&api_key=[redacted]&d=e", 1},
    {"/a?token=x&password=y#token=z", "/a?token=[redacted]&password=[redacted]#token=[redacted]",
	3},
    {"/a?token=", "/a?token=", 0},
    {"/a?token", "/a?token", 0},
    {"/a?=x&&=", "/a?=x&&=", 0},
    {"/a#f?token=x", "/a#f?token=[redacted]", 1},
    {"https://x/cb#access_token=a&state=b", "https://x/cb#access_token=[redacted]&state=b", 1},
    {"token=a?b&c=d", "token=[redacted]&c=d", 1},
    {"city=Ulm&password=x", "city=Ulm&password=[redacted]", 1},
    {"GET /x?token=a HTTP/1.1", "GET /x?token=[redacted] HTTP/1.1", 1},
    {"Server=db;Password=x;Pooling=true", "Server=db;Password=[redacted];Pooling=true", 1},
    {"postgres://app:p@ss@db/x?a=b", "postgres://app:[redacted]@db/x?a=b", 1},
    {"http://http://app:pass@db/", "http://http://app:[redacted]@db/", 1},
    {"http://a&token=b:pass@db/", "http://[redacted]@db/", 1},
    {"token=https://a&:pass@db/", "token=[redacted]@db/", 1},
    {"a://b:c@d, e://f:g@h", "a://b:[redacted]@d, e://f:[redacted]@h", 2},
    {"https://shop.example:8080/a@b:c", "https://shop.example:8080/a@b:c", 0},
    {"ssh://git@host/x", "ssh://git@host/x", 0},
    {"://:@", "://:@", 0},
    {"token=a://u:p@h", "token=[redacted]", 1},
    {"a=b://u:p&q;r@h&token=x", "a=b://u:[redacted]@h&token=[redacted]", 2},
    {"a://u:p;token=q@h", "a://u:[redacted]@h", 1},
    {"?token=a ://u:p@h", "?token=[redacted] ://u:[redacted]@h", 2},
    {"the token = x, a password=", "the token = x, a password=", 0},
    {"login(token=user.token)", "login(token=user.token)", 0},
    {"fetch(\"/x?token=\" + t)", "fetch(\"/x?token=\" + t)", 0},
};

static void
a_text_loses_passwords_and_the_values_of_secret_parameters(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < NELEM(texts); i++) {
		int n = 0;
		const char *out = scrub_text(mem, texts[i].in, &n);

		if (n != texts[i].n || strcmp(out, texts[i].out) != 0)
			fail_msg("%s: %d, %s", texts[i].in, n, out);
	}
	arena_free(mem);
}

/* Whatever it is made of: where a pair may begin, no token has its value after it. */
static void
any_text_loses_its_tokens(void **state)
{
	static const char *const pieces[] = {"://", "a", ":", "@", "token=", "token=S", "?", "&",
	    ";", "#", "/", " ", "\"", "=", "S", "."};
	static const char *const left[] = {"?token=S", "&token=S", "#token=S", ";token=S"};
	struct arena *mem = arena_new(4096);
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct buf text = {0};
		const char *clean;
		int n = 0;

		arena_reset(mem);
		for (int i = 0; i < 12; i++) {
			seed = seed * 1664525 + 1013904223;
			buf_str(&text, pieces[(seed >> 16) % NELEM(pieces)]);
		}
		clean = scrub_text(mem, buf_text(&text), &n);
		for (size_t i = 0; i < NELEM(left); i++)
			if (strstr(clean, left[i]) != NULL || text_starts_with(clean, left[i] + 1))
				fail_msg("%s: %s", buf_text(&text), clean);
		buf_free(&text);
	}
	arena_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_that_say_they_hold_a_secret),
	    cmocka_unit_test(names_that_hold_none),
	    cmocka_unit_test(values_that_look_like_secrets),
	    cmocka_unit_test(a_tree_keeps_its_shape_without_its_secrets),
	    cmocka_unit_test(a_text_loses_passwords_and_the_values_of_secret_parameters),
	    cmocka_unit_test(any_text_loses_its_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
