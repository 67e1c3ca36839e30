/* SPDX-License-Identifier: MIT */
/*
 * Python prints the outermost frame first, and of a chain the oldest exception first.
 * The members of a group stand below it, behind a margin of bars; they may be chains
 * and groups themselves.
 */
#include <string.h>

#include "traceback_reader.h"

struct python {
	struct reader *r;
	struct traceback_exception *now; /* NULL: none is open */
	struct traceback_frame *shown;   /* whose source the next line may be */
	bool titled;                     /* the line with the type was there */
	bool groups;                     /* lines may have a margin */
	bool member;                     /* the next line begins one, with or without frames */
	int depth;                       /* of groups around the line */
	enum relation link;              /* of the exception before to the next */
};

/*
 * Takes the margin off: "  | ", "  + ", "    +---- 1 ----".  The first group has two
 * blanks before its bar, and each group in it two more.
 */
static struct span
without_margin(struct python *p, struct span line)
{
	size_t bar = span_indent(line);
	bool open = span_starts(span_from(line, bar), "+ Exception Group Traceback");

	if (!p->groups && !open)
		return line;
	p->depth = 0;
	if (bar == line.len || (line.s[bar] != '|' && line.s[bar] != '+'))
		return line;
	p->groups = true;
	if (span_starts(span_from(line, bar), "+-+---"))
		bar += 2;
	p->depth = bar > 2 ? (int)(bar / 2) - 1 : 0;
	line = span_from(line, bar + 1);
	span_skip(&line, " ");
	return line;
}

/* "---------------- 2 ----------------" begins a member; without a number the group ends. */
static bool
take_ruler(struct python *p, struct span line)
{
	if (!p->groups || !span_starts(line, "----------------"))
		return false;
	line = span_from(line, strlen("----------------"));
	p->member = span_skip(&line, " ") && span_digits(line) > 0;
	p->now = NULL;
	p->link = RELATION_NONE;
	return true;
}

static void
open_exception(struct python *p)
{
	p->now = p->depth == 0 ? reader_open_last(p->r, 0, p->link)
			       : reader_open(p->r, p->depth, p->link);
	p->titled = p->member = false;
	p->link = RELATION_NONE;
	p->shown = NULL;
}

static bool
take_sentence(struct python *p, struct span line)
{
	if (span_has(line, "The above exception was the direct cause of the following"))
		p->link = RELATION_CAUSE;
	else if (span_has(line, "During handling of the above exception"))
		p->link = RELATION_CONTEXT;
	else
		return false;
	p->now = NULL;
	return true;
}

static bool
is_own(struct span file)
{
	/* What was typed, or given to exec, is nobody else's. */
	if (span_starts(file, "<"))
		return span_is(file, "<stdin>") || span_is(file, "<string>") ||
		       span_starts(file, "<ipython");
	return !reader_is_library(file);
}

/* 'File "/srv/app/cart.py", line 23, in parse' */
static bool
take_frame(struct python *p, struct span line)
{
	struct traceback_frame f = reader_no_frame;
	size_t end, digits;

	line = span_trim(line);
	if (!span_skip(&line, "File \"") || (end = span_find(line, "\", line ")) == SIZE_MAX)
		return false;
	f.file = span_to(line, end);
	line = span_from(line, end + strlen("\", line "));
	digits = span_digits(line);
	if (!span_number(span_to(line, digits), &f.line))
		return false;
	line = span_from(line, digits);
	if (span_skip(&line, ", in "))
		f.function = line;
	f.in_app = is_own(f.file);
	if (p->now == NULL || p->titled)
		open_exception(p);
	p->shown = reader_frame_last(p->r, p->now, f);
	return true;
}

/* A line of carets and waves is no source. */
static bool
is_underline(struct span line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.s[i] != '^' && line.s[i] != '~')
			return false;
	return true;
}

static void
take_line(struct python *p, struct span line)
{
	size_t indent = span_indent(line);
	struct span text = span_trim(line);

	if (p->now != NULL && !p->titled && indent > 0) {
		if (p->shown != NULL && indent >= 4 && !is_underline(text))
			p->shown->source = text;
		p->shown = NULL;
	} else if (p->now != NULL && !p->titled && text.len > 0) {
		reader_title(p->now, text);
		p->titled = true;
	} else if (p->now != NULL && p->titled && p->depth == 0)
		reader_continue(p->now, line);
	else if (p->member && text.len > 0) {
		open_exception(p);
		reader_title(p->now, text);
		p->titled = true;
	}
}

/* ---- the order of things ------------------------------------------------------------- */

static void
put(struct traceback *to, const struct traceback_exception *e, enum relation relation)
{
	struct traceback_exception *put = &to->exceptions[to->n++];

	*put = *e;
	put->relation = relation;
	reader_turn_frames(put);
}

/*
 * What was printed from lo to hi is a chain, whose links may be groups with their
 * members behind them.  The newest link comes first, then what led to it, then the
 * members, each with its own chain.
 */
static void
put_chain(struct traceback *to, const struct traceback_exception *all, size_t lo, size_t hi,
    enum relation relation)
{
	int depth = all[lo].depth;

	for (size_t i = hi; i-- > lo;)
		if (all[i].depth <= depth) {
			put(to, &all[i], relation);
			relation = all[i].relation;
		}
	for (size_t i = lo; i < hi;) {
		size_t end = i + 1;

		while (end < hi &&
		       (all[end].depth > all[i].depth ||
			   (all[end].depth == all[i].depth && all[end].relation != RELATION_NONE)))
			end++;
		if (all[i].depth > depth) {
			put_chain(to, all, i, end, RELATION_GROUPED);
			i = end;
		} else
			i++;
	}
}

void
read_python(struct reader *r, struct span text)
{
	struct python p = {.r = r};
	struct traceback ordered = {.n = 0};
	struct span line;

	while (span_line(&text, &line)) {
		line = without_margin(&p, line);
		if (take_ruler(&p, line) || take_sentence(&p, line) || take_frame(&p, line))
			continue;
		if (span_has(line, "Traceback (most recent call last):"))
			open_exception(&p);
		else
			take_line(&p, line);
	}
	if (r->nframes == 0)
		return;
	put_chain(&ordered, r->out->exceptions, 0, r->out->n, RELATION_NONE);
	*r->out = ordered;
}
