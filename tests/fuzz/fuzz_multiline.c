/* SPDX-License-Identifier: MIT */
/* Lines and times of any kind: whatever is fed comes out, in its order, and nothing else. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "multiline.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
gather(void *arg, const struct multiline_entry *e)
{
	struct buf *out = arg;

	buf_add(out, e->text, e->len);
	buf_char(out, '\n');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct multiline *m = multiline_new(MULTILINE_AUTO, NULL, NULL);
	struct buf in = {0}, out = {0};
	const struct multiline_to to = {gather, &out};
	int64_t ns = 0;

	for (size_t at = 0; at < size;) {
		const uint8_t *newline = memchr(data + at, '\n', size - at);
		size_t len = newline != NULL ? (size_t)(newline - data) - at : size - at;
		char *text = memcpy(malloc(len + 1), data + at, len);
		struct multiline_line line = {text, len, ns, (int64_t)at, false};

		/* The first byte also says how much time passes. */
		ns += len > 0 ? (int64_t)data[at] * 500000 : 0;
		buf_add(&in, text, len);
		buf_char(&in, '\n');
		multiline_feed(m, &line, &to);
		if (len % 7 == 0)
			multiline_settle(m, ns, &to);
		free(text);
		at += len + 1;
	}
	multiline_settle(m, INT64_MAX, &to);
	if (in.len != out.len || (in.len > 0 && memcmp(in.data, out.data, in.len) != 0) ||
	    multiline_oldest(m) != -1)
		abort();
	multiline_free(m);
	buf_free(&in);
	buf_free(&out);
	return 0;
}
