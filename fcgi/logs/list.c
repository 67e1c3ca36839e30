/* SPDX-License-Identifier: MIT */
/* GET /api/logs: a page of lines. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "logs.h"
#include "logs_sql.h"
#include "query.h"
#include "text.h"
#include "totals.h"

#define PAGE_BYTES ((size_t)8 << 20) /* of a page's lines, each of which may be a megabyte */

struct page {
	struct logs_view view;
	int64_t limit, offset;
	const char *cursor_text;
	struct position cursor;
	bool count;
	int order;
};

static const char *const orders[] = {"desc", "asc", NULL};

static const struct query_field fields[] = {
    {"limit", QUERY_INT, QUERY_LENIENT, offsetof(struct page, limit), 100, 1, 500, NULL},
    {"offset", QUERY_INT, QUERY_LENIENT, offsetof(struct page, offset), 0, 0, 1000000000, NULL},
    {"cursor", QUERY_TEXT, 0, offsetof(struct page, cursor_text), 0, 0, 64, NULL},
    {"order", QUERY_CHOICE, 0, offsetof(struct page, order), 0, 0, 0, orders},
    {"count", QUERY_FLAG, 0, offsetof(struct page, count), 1, 0, 0, NULL},
};

/* A cursor is the place of the last line shown, "NANOSECONDS.ID". */
static int
read_cursor(struct req *rq, struct page *page)
{
	const char *text = page->cursor_text, *dot;

	if (text == NULL)
		return 0;
	dot = strchr(text, '.');
	if (dot == NULL ||
	    text_int64(text, (size_t)(dot - text), INT64_MIN, INT64_MAX, &page->cursor.ns) == -1 ||
	    text_int64(dot + 1, strlen(dot + 1), 0, INT64_MAX, &page->cursor.id) == -1)
		return req_fail(rq, 400, "cursor must be the next_cursor of an earlier answer");
	return 0;
}

/* Writes the page's lines; *shown of them, *more if there are others. */
static enum walk_result
write_lines(struct walk *walk, struct page *page, struct json_out *out, int64_t *shown, bool *more)
{
	int64_t skipped = 0, source;
	struct log_line line;
	enum walk_result st;

	*shown = 0;
	*more = false;
	while ((st = walk_next(walk, &line, &source)) == WALK_LINE) {
		if (skipped < page->offset) {
			skipped++;
			continue;
		}
		if (*shown == page->limit || out->buf->len > PAGE_BYTES) {
			*more = true;
			return WALK_END;
		}
		logs_write_line(out, NULL, &line, log_sources_name(&page->view.sources, source));
		page->cursor = (struct position){line.ns, line.id};
		++*shown;
	}
	return st;
}

/* How many lines pass the filter, if the page does not tell already. */
static int
write_total(struct req *rq, struct page *page, struct json_out *out, int64_t shown, bool more)
{
	int64_t total = page->offset + shown;
	bool exact = !more && page->cursor_text == NULL && (shown > 0 || page->offset == 0);
	int st;

	if (!exact && page->count) {
		if ((st = logs_total(rq, &page->view, &total, &exact)) != 0)
			return st;
		/* What was counted in time may be less than what is to be seen. */
		if (!exact && total < page->offset + shown + more)
			total = page->offset + shown + more;
	} else if (!exact)
		total += more;
	json_int(out, "total", total);
	if (!exact)
		json_bool(out, "total_is_lower_bound", true);
	return 0;
}

static int
write_page(struct req *rq, struct page *page, struct walk *walk)
{
	struct json_out *out = req_json(rq);
	enum walk_result result;
	int64_t shown;
	bool more;
	int st;

	json_object(out, NULL);
	json_array(out, "logs");
	if ((result = write_lines(walk, page, out, &shown, &more)) != WALK_END)
		return logs_fail_walk(rq, result);
	json_array_end(out);
	if ((st = write_total(rq, page, out, shown, more)) != 0)
		return st;
	json_int(out, "limit", page->limit);
	json_int(out, "offset", page->offset);
	json_text(out, "next_cursor",
	    more ? arena_printf(
		       rq->mem, "%lld.%lld", (long long)page->cursor.ns, (long long)page->cursor.id)
		 : NULL);
	json_object_end(out);
	return 200;
}

/*
 * GET /api/logs: lines that pass the filter (filter.h), newest first or, with order=asc,
 * oldest first; lines of the same instant by id.
 *
 *	limit, offset   lenient: 100, at most 500; 0.  A page also ends behind PAGE_BYTES
 *	cursor          next_cursor of the page before; stays right while lines arrive
 *	count           0: do without the total, which costs up to 200 ms
 *
 * total is what the filter finds in all; with "total_is_lower_bound": true there are
 * at least that many.
 */
int
logs_list(struct req *rq)
{
	struct page page = {0};
	struct walk *walk;
	int st;

	if ((st = query_read(rq, fields, NELEM(fields), &page)) != 0 ||
	    (st = read_cursor(rq, &page)) != 0 || (st = logs_view_open(rq, &page.view)) != 0)
		return st;
	walk = logs_view_walk(rq, &page.view, page.order == 1 ? OLDEST_FIRST : NEWEST_FIRST,
	    page.cursor_text != NULL ? &page.cursor : NULL);
	st = write_page(rq, &page, walk);
	walk_free(walk);
	logs_view_close(&page.view);
	return st;
}
