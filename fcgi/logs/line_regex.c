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

#define LINES_A_LOOK 8 /* at the clock */

/*
 * The limits hold for each place where a match might begin, and a line may have a million
 * of these: so many are tried at once, and more as long as they take little time.
 */
#define PLACES_FIRST 512
#define PLACES_US 10000

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
			   PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
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

/* Whether a match begins at one of n places from at on; PCRE2's answer. */
static int
match_from(struct line_regex *re, const char *line, size_t len, size_t at, size_t n)
{
	(void)pcre2_set_offset_limit(re->context, at + n - 1);
	return pcre2_match(re->code, (PCRE2_SPTR)line, len, at, 0, re->match, re->context);
}

int
line_regex_matches(struct line_regex *re, const char *line, size_t len)
{
	size_t at = 0, n = PLACES_FIRST;
	int64_t began = 0;
	int found;

	/* Most lines take less than a look at the clock. */
	if (re->calls++ % LINES_A_LOOK == 0 && clock_mono_us() > re->until_us)
		return -1;
	while ((found = match_from(re, line, len, at, n)) == PCRE2_ERROR_NOMATCH) {
		int64_t now;

		if (n > len - at)
			return 0;
		/* No match begins within a character. */
		for (at += n; at < len && ((unsigned char)line[at] & 0xc0) == 0x80;)
			at++;
		now = clock_mono_us();
		if (now > re->until_us)
			return -1;
		if (began != 0 && now - began < PLACES_US)
			n *= 2;
		began = now;
	}
	return found >= 0 ? 1 : -1;
}
