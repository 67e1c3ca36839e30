/* SPDX-License-Identifier: MIT */
/*
 * Stacks from strangers.  Frames lie in the text one behind the other; put back as
 * they are, nothing of the text is lost; the function of a place is asked for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scope.h"
#include "stack.h"

static void
rewrite(struct arena *mem, const char *text)
{
	struct stack_frame *frames = arena_alloc(mem, STACK_MAX_FRAMES * sizeof *frames);
	struct stack_origin *origins = arena_alloc(mem, STACK_MAX_FRAMES * sizeof *origins);
	size_t n = stack_parse(text, frames, STACK_MAX_FRAMES);
	const char *end = text;
	struct buf out = {0};

	for (size_t i = 0; i < n; i++) {
		const struct stack_frame *f = &frames[i];

		if (f->line.s < end || f->line.s + f->line.len > text + strlen(text))
			abort();
		end = f->line.s + f->line.len;
		(void)stack_source_name(mem, stack_path(mem, f->file.s, f->file.len));
	}
	stack_rewrite(&out, text, frames, origins, n);
	if (strcmp(buf_text(&out), text) != 0)
		abort();
	out.len = 0;
	for (size_t i = 0; i < n; i++)
		origins[i] = (struct stack_origin){"name", "file", 1, 2};
	stack_rewrite(&out, text, frames, origins, n);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(4096);
	const char *text = arena_strndup(mem, (const char *)data, size), *name;
	size_t len = strlen(text);

	rewrite(mem, text);
	(void)stack_is_own(stack_source_name(mem, text));
	for (uint32_t column = 0; column < 200; column += 40)
		(void)scope_find(mem, text, len, column / 80, column, &name);
	arena_free(mem);
	return 0;
}
