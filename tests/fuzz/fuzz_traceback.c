/* SPDX-License-Identifier: MIT */
/* Any bytes as a stack trace: what is read lies inside them, and within its bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "traceback.h"

static const char *begin, *end;

static void
check(struct span s)
{
	if (s.len > 0 && (s.s < begin || s.s > end || s.len > (size_t)(end - s.s)))
		abort();
}

static void
check_exception(const struct traceback_exception *e, bool first)
{
	if (e->nframes > TRACEBACK_MAX_FRAMES || (first && e->relation != RELATION_NONE))
		abort();
	check(e->type);
	check(e->message);
	for (size_t i = 0; i < e->nframes; i++) {
		check(e->frames[i].function);
		check(e->frames[i].file);
		check(e->frames[i].source);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(0);
	char *text = malloc(size + 1); /* exact, so that a byte too far is seen */
	struct traceback t;

	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	begin = text;
	end = text + strlen(text);
	traceback_read(mem, text, &t);
	if (t.n > TRACEBACK_MAX_EXCEPTIONS)
		abort();
	for (size_t i = 0; i < t.n; i++)
		check_exception(&t.exceptions[i], i == 0);
	free(text);
	arena_free(mem);
	return 0;
}
