/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "line_regex.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "log.h"

/* What one line may cost: backtracking steps, nesting, kibibytes. */
#define MATCH_LIMIT 1000000
#define DEPTH_LIMIT 10000
#define HEAP_LIMIT_KIB 4096

#define LINES_A_LOOK 32 /* at the clock */

struct line_regex {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context;
	int64_t until_us; /* of clock_mono_us() */
	unsigned calls;
};

struct line_regex *
line_regex_new(const char *pattern, bool heed_case, char why[LINE_REGEX_WHY_SIZE])
{
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | (heed_case ? 0 : PCRE2_CASELESS) |
			   PCRE2_NEVER_BACKSLASH_C;
	struct line_regex *re;
	pcre2_code *code;
	PCRE2_SIZE at;
	int fault;

	code =
	    pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &fault, &at, NULL);
	if (code == NULL) {
		PCRE2_UCHAR sentence[200];

		(void)pcre2_get_error_message(fault, sentence, sizeof sentence);
		(void)snprintf(why, LINE_REGEX_WHY_SIZE, "%s, at byte %zu", sentence, (size_t)at);
		return NULL;
	}
	/* Where it cannot be compiled further, it is interpreted. */
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	re = heap_alloc(sizeof *re);
	re->code = code;
	line_regex_allow(re, LINE_REGEX_US);
	re->match = pcre2_match_data_create(1, NULL);
	re->context = pcre2_match_context_create(NULL);
	if (re->match == NULL || re->context == NULL)
		log_fatalx("out of memory: an expression");
	(void)pcre2_set_match_limit(re->context, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(re->context, DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(re->context, HEAP_LIMIT_KIB);
	return re;
}

void
line_regex_free(struct line_regex *re)
{
	if (re == NULL)
		return;
	pcre2_match_data_free(re->match);
	pcre2_match_context_free(re->context);
	pcre2_code_free(re->code);
	free(re);
}

void
line_regex_allow(struct line_regex *re, int64_t us)
{
	re->until_us = clock_mono_us() + us;
	re->calls = 0;
}

int
line_regex_matches(struct line_regex *re, const char *line, size_t len)
{
	int found;

	/* Most lines take less than a look at the clock. */
	if (re->calls++ % LINES_A_LOOK == 0 && clock_mono_us() > re->until_us)
		return -1;
	found = pcre2_match(re->code, (PCRE2_SPTR)line, len, 0, 0, re->match, re->context);
	if (found >= 0)
		return 1;
	return found == PCRE2_ERROR_NOMATCH ? 0 : -1;
}
