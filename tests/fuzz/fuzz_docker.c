/* SPDX-License-Identifier: MIT */
/*
 * Records of container runtimes: json-file (decoded in place), CRI, local and plain text, what
 * tells the last two apart, and archive headers.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "docker.h"
#include "fragments.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
use(struct fragments *f, const struct docker_record *r)
{
	if (f->open && !fragments_continue(f, r))
		fragments_clear(f);
	fragments_add(f, r, 0);
	if (r->ended || f->text.len > DOCKER_LINE_MAX)
		fragments_clear(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fragments f = {0};
	struct docker_record r;
	/* Copies of the exact size: a byte too far is seen. */
	char *bytes = malloc(size > 0 ? size : 1);
	int64_t n;

	if (size > 0)
		memcpy(bytes, data, size);
	(void)docker_archive_last(data, size);
	(void)docker_text_format(bytes, size);
	if (docker_line(DOCKER_CRI, bytes, size, &r) == 0)
		use(&f, &r);
	if (docker_line(DOCKER_PLAIN, bytes, size, &r) != -1)
		use(&f, &r);
	for (size_t at = 0; (n = docker_local(bytes + at, size - at, &r)) > 0; at += (size_t)n)
		use(&f, &r);
	for (size_t at = 0; at < size;) {
		char *newline = memchr(bytes + at, '\n', size - at);
		size_t len = newline != NULL ? (size_t)(newline - bytes) - at : size - at;

		if (docker_line(DOCKER_JSON, bytes + at, len, &r) == 0)
			use(&f, &r);
		at += len + 1;
	}
	fragments_clear(&f);
	buf_free(&f.text);
	free(bytes);
	return 0;
}
