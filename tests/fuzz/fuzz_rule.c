/* SPDX-License-Identifier: MIT */
/* Rules: any text is one or is refused with a reason, and one that is reads the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(65536);
	struct rule rule, same;

	if (rule_parse(mem, arena_strndup(mem, (const char *)data, size), &rule) == NULL) {
		if (rule_parse(mem, rule.text, &same) != NULL ||
		    strcmp(rule.name, same.name) != 0 || rule.function != same.function ||
		    rule.window != same.window || rule.hold != same.hold ||
		    rule.filter.n != same.filter.n)
			abort();
		(void)rule_compare(&rule, 1);
	}
	arena_free(mem);
	return 0;
}
