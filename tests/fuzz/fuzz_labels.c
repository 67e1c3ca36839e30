/* SPDX-License-Identifier: MIT */
/* Labels from strangers: the canonical text of a canonical text is itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(65536);
	const char *text = arena_strndup(mem, (const char *)data, size), *why, *project, *canonical;
	struct label_filter filter = {0};
	struct label_names names;
	cJSON *labels;
	size_t at;

	label_filter_parse(mem, text, &filter);
	names = label_names_parse(mem, text);
	labels = json_parse(mem, text, strlen(text), &why, &at);
	if (labels != NULL && (canonical = labels_canonical(mem, labels, &project, &why)) != NULL) {
		labels = json_parse(mem, canonical, strlen(canonical), &why, &at);
		if (labels == NULL ||
		    strcmp(labels_canonical(mem, labels, &project, &why), canonical) != 0)
			abort();
	}
	if (labels != NULL) {
		(void)label_filter_matches(&filter, labels, "");
		(void)labels_pick(mem, labels, "", &names);
	}
	arena_free(mem);
	return 0;
}
