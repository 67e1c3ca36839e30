/* SPDX-License-Identifier: MIT */
/* The level that a line names, in the forms of the common loggers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "level.h"
#include "text.h"

static const struct {
	enum level level;
	const char *line;
} rows[] = {
    /* The contract's own examples. */
    {LEVEL_INFO, "2025-01-20 [INFO] Server started"},
    {LEVEL_INFO, "ts=2025-01-20 level=info msg=hello"},
    {LEVEL_WARNING, "level=warn message=slow query"},
    {LEVEL_WARNING, "WARNING: deprecated function"},
    {LEVEL_INFO, "INFO:     127.0.0.1:45678 - \"GET / HTTP/1.1\" 200"},
    {LEVEL_DEBUG, "{\"level\": \"DEBUG\", \"msg\": \"trace\"}"},
    {LEVEL_UNKNOWN, "Just a plain message"},
    {LEVEL_UNKNOWN, "12345 some data"},
    /* JSON: keys, numbers, nesting. */
    {LEVEL_ERROR, "{\"level\":\"error\",\"ts\":1.5,\"msg\":\"no\"}"},
    {LEVEL_WARNING, "{\"time\":\"x\",\"severity\":\"Warning\"}"},
    {LEVEL_ERROR, "{\"@t\":\"x\",\"@m\":\"y\",\"@l\":\"Error\"}"},
    {LEVEL_INFO, "{\"@t\":\"x\",\"@mt\":\"y\"}"},
    {LEVEL_ERROR, "{\"@timestamp\":\"x\",\"log.level\":\"ERROR\"}"},
    {LEVEL_DEBUG, "{\"log\":{\"logger\":\"a\",\"level\":\"debug\"},\"message\":\"x\"}"},
    {LEVEL_INFO, "{\"level\":30,\"pid\":1}"},
    {LEVEL_CRITICAL, "{\"level\":60}"},
    {LEVEL_WARNING, "{\"level\":45}"},
    {LEVEL_ERROR, "{\"message\":\"x\",\"level\":400,\"level_name\":\"ERROR\"}"},
    {LEVEL_INFO, "{\"level\":250,\"level_name\":\"NOTICE\"}"},
    {LEVEL_ERROR, "{\"version\":\"1.1\",\"host\":\"a\",\"level\":3}"},
    {LEVEL_ERROR, "{\"severityNumber\":17,\"body\":\"x\"}"},
    {LEVEL_WARNING, "{\"t\":{\"$date\":\"x\"},\"s\":\"W\",\"c\":\"NETWORK\",\"ctx\":\"main\"}"},
    {LEVEL_UNKNOWN, "{\"msg\":\"an ERROR in a text\"}"},
    {LEVEL_UNKNOWN, "{\"a\":{\"b\":{\"level\":\"error\"}}}"},
    {LEVEL_UNKNOWN, "{\"s\":\"W\"}"},
    /* logfmt. */
    {LEVEL_ERROR, "time=\"2026-11-22T10:00:00Z\" level=error msg=\"no\""},
    {LEVEL_WARNING, "msg=x lvl=\"warn\""},
    {LEVEL_UNKNOWN, "mylevel=error"},
    /* syslog, klog, redis, nginx, apache, MySQL, Postgres. */
    {LEVEL_ERROR, "<11>Nov 22 10:00:00 host app: x"},
    {LEVEL_WARNING, "<4>x"},
    {LEVEL_ERROR, "E1122 10:20:30.000001       1 main.go:3] no"},
    {LEVEL_UNKNOWN, "E1122 is a part number"},
    {LEVEL_WARNING, "1:M 22 Nov 2026 10:20:30.123 # Memory overcommit"},
    {LEVEL_INFO, "1:M 22 Nov 2026 10:20:30.123 * Ready"},
    {LEVEL_ERROR, "2026/11/22 10:00:00 [error] 7#7: *1 open() failed"},
    {LEVEL_CRITICAL, "2026/11/22 10:00:00 [emerg] 7#7: bind() failed"},
    {LEVEL_INFO, "2026/11/22 10:00:00 [notice] 7#7: start"},
    {LEVEL_ERROR, "[Sun Nov 22 10:00:00 2026] [core:error] [pid 7] no"},
    {LEVEL_INFO, "2026-11-22T10:00:00.000000Z 0 [System] [MY-010931] ready"},
    {LEVEL_WARNING, "2026-11-22T10:00:00.000000Z 0 [Warning] [MY-1] old"},
    {LEVEL_ERROR, "2026-11-22 10:00:00.000 UTC [7] ERROR:  no relation"},
    {LEVEL_INFO, "2026-11-22 10:00:00.000 UTC [7] LOG:  ready"},
    {LEVEL_CRITICAL, "2026-11-22 10:00:00.000 UTC [7] PANIC:  no"},
    {LEVEL_DEBUG, "2026-11-22 10:00:00.000 UTC [7] DEBUG1:  x"},
    /* Access logs: the status counts, not the words in the address. */
    {LEVEL_INFO,
	"10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] \"GET /error?level=fatal HTTP/1.1\" 200 5"},
    {LEVEL_ERROR, "10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 502 5"},
    {LEVEL_INFO, "10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] \"GET / HTTP/2.0\" 404 5"},
    /* Python, Java, .NET, Go, Rust, Elixir, Serilog, zerolog. */
    {LEVEL_ERROR, "ERROR:root:no"},
    {LEVEL_ERROR, "2026-11-22 10:00:00,123 - app - ERROR - no"},
    {LEVEL_WARNING, "2026-11-22 10:00:00,123 WARNING app x"},
    {LEVEL_CRITICAL, "[2026-11-22 10:00:00 +0000] [7] [CRITICAL] WORKER TIMEOUT"},
    {LEVEL_INFO, "2026-11-22 10:00:00.123  INFO 1 --- [main] a.b.C : got ERROR back"},
    {LEVEL_WARNING, "10:00:00.123 [main] WARN  a.b.C - slow"},
    {LEVEL_ERROR, "Nov 22, 2026 10:00:00 AM a.B c\nSEVERE: no"},
    {LEVEL_ERROR, "fail: App.Worker[0]\n      it broke"},
    {LEVEL_DEBUG, "dbug: App[0]"},
    {LEVEL_INFO, "2026-11-22T10:00:00.000Z\tinfo\tmain.go:3\tready"},
    {LEVEL_WARNING, "2026-11-22T10:00:00.000000Z  WARN app::db: slow"},
    {LEVEL_ERROR, "[2026-11-22T10:00:00Z ERROR app] no"},
    {LEVEL_ERROR, "10:00:00.000 [error] GenServer terminating"},
    {LEVEL_ERROR, "[10:00:00 ERR] no"},
    {LEVEL_TRACE, "[10:00:00 VRB] x"},
    {LEVEL_INFO, "10:00AM INF ready port=80"},
    {LEVEL_WARNING, "[W 261122 10:00:00 web:2239] 404"},
    {LEVEL_INFO, "[I] ready"},
    /* Monolog, npm. */
    {LEVEL_ERROR, "[2026-11-22 10:00:00] production.ERROR: no {\"exception\":\"x\"}"},
    {LEVEL_CRITICAL, "[2026-11-22T10:00:00.000000+00:00] request.CRITICAL: Uncaught x"},
    {LEVEL_ERROR, "npm ERR! code 1"},
    /* What is none. */
    {LEVEL_UNKNOWN, "see app.ERROR for more"},
    {LEVEL_UNKNOWN, "no error found"},
    {LEVEL_UNKNOWN, "the info desk is open"},
    {LEVEL_UNKNOWN, "[ERROR] in one, [INFO] in the other"},
    {LEVEL_UNKNOWN, "an unclosed [ERROR"},
    {LEVEL_UNKNOWN, "Config: loaded"},
    {LEVEL_UNKNOWN, ""},
    {LEVEL_UNKNOWN, "   "},
};

static void
a_line_has_the_level_that_it_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		enum level level = level_of_text(rows[i].line, strlen(rows[i].line));

		if (level != rows[i].level)
			print_error("%s: %s instead of %s\n", rows[i].line, level_name(level),
			    level_name(rows[i].level));
	}
	for (size_t i = 0; i < NELEM(rows); i++)
		assert_int_equal(level_of_text(rows[i].line, strlen(rows[i].line)), rows[i].level);
}

static void
words_count_in_any_case(void **state)
{
	(void)state;
	assert_int_equal(level_of_word("WaRn", 4), LEVEL_WARNING);
	assert_int_equal(level_of_word("warned", 6), LEVEL_UNKNOWN);
	assert_int_equal(level_of_word("", 0), LEVEL_UNKNOWN);
	for (int level = LEVEL_TRACE; level < LEVELS; level++)
		assert_int_equal(level_of_word(level_name((enum level)level),
				     strlen(level_name((enum level)level))),
		    level);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_has_the_level_that_it_names),
	    cmocka_unit_test(words_count_in_any_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
