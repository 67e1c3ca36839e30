/* SPDX-License-Identifier: MIT */
#include "fragments.h"

#include <string.h>

#include "text.h"

bool
fragments_continue(const struct fragments *f, const struct docker_record *r)
{
	/*
	 * Short of a full fragment the program ended without a newline, unless the time is the
	 * very same.
	 */
	return f->open && (f->expected || f->ns == r->ns);
}

/*
 * A cut inside a character leaves U+FFFD on both sides of the seam, for one lost
 * character; one of them is enough.
 */
static size_t
seam(const struct buf *text, const char *next, size_t len)
{
	if (text->len < 3 || memcmp(text->data + text->len - 3, TEXT_REPLACEMENT, 3) != 0)
		return 0;
	for (size_t i = 0;; i += 3)
		if (len - i < 3 || memcmp(next + i, TEXT_REPLACEMENT, 3) != 0)
			return i;
}

void
fragments_add(struct fragments *f, const struct docker_record *r, int64_t at)
{
	size_t skip, room, n;

	if (!f->open) {
		fragments_clear(f);
		f->open = true;
		f->ns = r->ns;
		f->at = at;
	}
	skip = seam(&f->text, r->text, r->len);
	room = DOCKER_LINE_MAX - f->text.len;
	n = r->len - skip;
	if (n > room) {
		n = text_utf8_cut(r->text + skip, n, room);
		f->cut = true;
	}
	buf_add(&f->text, r->text + skip, n);
	f->expected = r->fragment;
}

void
fragments_clear(struct fragments *f)
{
	buf_clear(&f->text, 4096);
	f->open = f->cut = f->expected = false;
}
