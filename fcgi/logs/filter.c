/* SPDX-License-Identifier: MIT */
/* Reading a filter, and looking through a chunk with it: cheap questions first. */
#include "filter.h"

#include <string.h>

#include "ansi.h"
#include "text.h"

/* ---- what is asked --------------------------------------------------------------- */

#define SEARCH_MAX 4096 /* bytes of a search or an expression */
#define FIELDS_KEEP ((size_t)16384)

struct parameters {
	struct query_list containers, services, projects, streams, levels, fields;
	struct query_list not_containers, not_services, not_projects, not_levels, not_fields;
	bool unknown, heed_case;
	int64_t since, until;
	const char *search, *q, *regex;
};

#define FIELD(name, type, flags, member, max)                                                      \
	{                                                                                          \
		name, type, flags, offsetof(struct parameters, member), 0, 0, max, NULL            \
	}

static const struct query_field parameters[] = {
    FIELD("container", QUERY_LIST, 0, containers, 0),
    FIELD("service", QUERY_LIST, 0, services, 0),
    FIELD("project", QUERY_LIST, 0, projects, 0),
    FIELD("stream", QUERY_LIST, 0, streams, 0),
    FIELD("level", QUERY_LIST, 0, levels, 0),
    FIELD("field", QUERY_LIST, 0, fields, 0),
    FIELD("not_container", QUERY_LIST, 0, not_containers, 0),
    FIELD("not_service", QUERY_LIST, 0, not_services, 0),
    FIELD("not_project", QUERY_LIST, 0, not_projects, 0),
    FIELD("not_level", QUERY_LIST, 0, not_levels, 0),
    FIELD("not_field", QUERY_LIST, 0, not_fields, 0),
    FIELD("unknown", QUERY_FLAG, 0, unknown, 0),
    FIELD("case", QUERY_FLAG, 0, heed_case, 0),
    FIELD("since", QUERY_TIME, 0, since, 0),
    FIELD("until", QUERY_TIME, 0, until, 0),
    FIELD("search", QUERY_TEXT, 0, search, SEARCH_MAX),
    FIELD("q", QUERY_TEXT, 0, q, SEARCH_MAX),
    FIELD("regex", QUERY_TEXT, 0, regex, SEARCH_MAX),
};

/* The contract's five names, two around them, and the short forms it takes. */
static enum level
level_by_name(const char *name)
{
	static const struct {
		const char *name;
		enum level level;
	} aliases[] = {{"WARN", LEVEL_WARNING}, {"ERR", LEVEL_ERROR}, {"CRIT", LEVEL_CRITICAL},
	    {"FATAL", LEVEL_CRITICAL}};

	for (int level = 0; level < LEVELS; level++)
		if (text_compare_nocase(name, level_name((enum level)level)) == 0)
			return (enum level)level;
	for (size_t i = 0; i < NELEM(aliases); i++)
		if (text_compare_nocase(name, aliases[i].name) == 0)
			return aliases[i].level;
	return LEVELS;
}

/* The bits that the values of level, and unknown, ask for; a word that names none asks for none. */
static unsigned
read_levels(const struct query_list *values, bool unknown)
{
	unsigned wanted = unknown ? 1U << LEVEL_UNKNOWN : 0;

	if (values->n == 0)
		return ALL_LEVELS;
	for (size_t i = 0; i < values->n; i++) {
		bool and_above = text_starts_with(values->items[i], ">=");
		enum level level = level_by_name(values->items[i] + (and_above ? 2 : 0));

		if (level == LEVELS)
			continue;
		wanted |= 1U << level;
		if (and_above)
			wanted |= ALL_LEVELS & ~((1U << level) - 1);
	}
	return wanted;
}

static int
read_streams(struct req *rq, const struct query_list *values, unsigned *streams)
{
	if (values->n == 0)
		*streams = ALL_STREAMS;
	for (size_t i = 0; i < values->n; i++) {
		if (strcmp(values->items[i], "stdout") == 0)
			*streams |= 1U << STREAM_STDOUT;
		else if (strcmp(values->items[i], "stderr") == 0)
			*streams |= 1U << STREAM_STDERR;
		else
			return req_fail(rq, 400, "stream must be stdout or stderr");
	}
	return 0;
}

static int
read_texts(struct req *rq, const struct parameters *p, struct filter *f)
{
	const char *search = p->search != NULL ? p->search : p->q;
	char why[LINE_REGEX_WHY_SIZE];

	if (search != NULL)
		f->search = search_query_parse(rq->mem, search, f->heed_case);
	if (f->search != NULL && search_query_texts(f->search) > SEARCH_TEXTS_MAX)
		return req_fail(
		    rq, 400, "search must be at most %d words and phrases", SEARCH_TEXTS_MAX);
	if (f->search != NULL)
		f->fts = search_query_fts(f->search, rq->mem);
	if (p->regex == NULL)
		return 0;
	f->regex = line_regex_new(p->regex, f->heed_case, why);
	return f->regex != NULL ? 0 : req_fail(rq, 400, "regex: %s", why);
}

static int
read_fields(struct req *rq, const struct parameters *p, struct filter *f)
{
	const char *fts;

	if (p->fields.n == 0 && p->not_fields.n == 0)
		return 0;
	f->fields = field_filter_new(
	    rq->mem, p->fields.items, p->fields.n, p->not_fields.items, p->not_fields.n);
	if (f->fields == NULL)
		return req_fail(rq, 400, "field and not_field must be NAME=VALUE");
	fts = field_filter_fts(f->fields, rq->mem);
	if (fts != NULL && f->fts != NULL)
		fts = arena_printf(rq->mem, "(%s) AND %s", f->fts, fts);
	if (fts != NULL)
		f->fts = fts;
	return 0;
}

int
filter_read(struct req *rq, struct filter *f)
{
	struct parameters p;
	int st;

	*f = (struct filter){0};
	if ((st = query_read(rq, parameters, NELEM(parameters), &p)) != 0 ||
	    (st = read_streams(rq, &p.streams, &f->streams)) != 0)
		return st;
	f->containers = p.containers;
	f->services = p.services;
	f->projects = p.projects;
	f->not_containers = p.not_containers;
	f->not_services = p.not_services;
	f->not_projects = p.not_projects;
	f->levels = read_levels(&p.levels, p.unknown);
	if (p.not_levels.n > 0)
		f->levels &= ~read_levels(&p.not_levels, false);
	f->since = p.since != QUERY_ABSENT ? p.since : INT64_MIN;
	f->until = p.until != QUERY_ABSENT ? p.until : INT64_MAX;
	f->heed_case = p.heed_case;
	if ((st = read_texts(rq, &p, f)) == 0 && (st = read_fields(rq, &p, f)) != 0)
		filter_free(f);
	return st;
}

struct filter
filter_all(void)
{
	return (struct filter){
	    .levels = ALL_LEVELS, .streams = ALL_STREAMS, .since = INT64_MIN, .until = INT64_MAX};
}

void
filter_free(struct filter *f)
{
	line_regex_free(f->regex);
	f->regex = NULL;
}

/* ---- sources ------------------------------------------------------------------------ */

static bool
lists(const struct query_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (name != NULL && strcmp(list->items[i], name) == 0)
			return true;
	return false;
}

/* Whether the one list is open or has the name, and the other has not. */
static bool
fits(const struct query_list *list, const struct query_list *not_list, const char *name)
{
	return (list->n == 0 || lists(list, name)) && !lists(not_list, name);
}

bool
filter_wants_source(const struct filter *f, const struct log_source *source)
{
	return fits(&f->containers, &f->not_containers, source->name) &&
	       fits(&f->services, &f->not_services, source->service) &&
	       fits(&f->projects, &f->not_projects, source->project);
}

bool
filter_by_text(const struct filter *f)
{
	return f->search != NULL || f->regex != NULL || f->fields != NULL;
}

/* ---- lines ------------------------------------------------------------------------------ */

void
filter_scratch_free(struct filter_scratch *scratch)
{
	buf_free(&scratch->plain);
	buf_free(&scratch->folded);
	arena_free(scratch->fields);
}

/* Replaces the scratch's content by a folded copy. */
static const char *
fold(struct buf *to, const char *text, size_t len)
{
	to->len = 0;
	search_fold(buf_room(to, len), text, len);
	return to->data;
}

static bool
passes_marks(const struct filter *f, const struct log_line *line)
{
	return (f->levels & 1U << line->level) != 0 && (f->streams & 1U << line->stream) != 0 &&
	       line->ns >= f->since && line->ns <= f->until && line->id >= f->low_id &&
	       (f->last_id == 0 || line->id <= f->last_id);
}

static bool
passes_fields(const struct filter *f, struct filter_scratch *scratch, const char *plain, size_t len)
{
	if (scratch->fields == NULL)
		scratch->fields = arena_new(FIELDS_KEEP);
	arena_reset(scratch->fields);
	return field_filter_passes(f->fields, scratch->fields, plain, len);
}

/* plain is without terminal codes; folded is its folded form, if someone will ask for it. */
static int
passes_text(const struct filter *f, struct filter_scratch *scratch, const char *plain,
    const char *folded, size_t len)
{
	if (f->search != NULL && !search_query_matches(f->search, folded, len))
		return 0;
	if (f->fields != NULL && !passes_fields(f, scratch, plain, len))
		return 0;
	return f->regex == NULL ? 1 : line_regex_matches(f->regex, plain, len);
}

/* The long way: a line that may hold terminal codes. */
static int
passes_coloured(const struct filter *f, struct filter_scratch *scratch, const struct log_line *line)
{
	size_t len;
	const char *plain;

	scratch->plain.len = 0;
	plain = buf_room(&scratch->plain, line->len);
	len = ansi_strip(scratch->plain.data, line->text, line->len);
	return passes_text(
	    f, scratch, plain, f->heed_case ? plain : fold(&scratch->folded, plain, len), len);
}

/* The lines from number *i on up to which none matches the search are passed over. */
static void
skip_lines(const struct filter *f, const struct chunk *chunk, const char *folded, size_t *i)
{
	size_t at = (size_t)(chunk->lines[*i].text - chunk->text);
	size_t next = at + search_query_skip(f->search, folded + at, chunk->text_len - at);

	while (next > at && *i < chunk->n &&
	       (size_t)(chunk->lines[*i].text - chunk->text) + chunk->lines[*i].len <= next)
		++*i;
}

int64_t
filter_chunk(const struct filter *f, struct filter_scratch *scratch, const struct chunk *chunk,
    uint32_t *places)
{
	bool by_text = filter_by_text(f);
	bool coloured = by_text && ansi_present(chunk->text, chunk->text_len);
	const char *folded = chunk->text;
	int64_t n = 0;

	if (f->search != NULL && !coloured) {
		if (!f->heed_case)
			folded = fold(&scratch->folded, chunk->text, chunk->text_len);
		if (!search_query_may_match(f->search, folded, chunk->text_len))
			return 0;
	}
	for (size_t i = 0; i < chunk->n; i++) {
		const struct log_line *line;
		int passes;

		if (f->search != NULL && !coloured) {
			skip_lines(f, chunk, folded, &i);
			if (i == chunk->n)
				break;
		}
		line = &chunk->lines[i];
		passes = passes_marks(f, line);
		if (passes && coloured)
			passes = passes_coloured(f, scratch, line);
		else if (passes && by_text)
			passes = passes_text(
			    f, scratch, line->text, folded + (line->text - chunk->text), line->len);
		if (passes == -1)
			return -1;
		places[n] = (uint32_t)i;
		n += passes;
	}
	return n;
}
