/* SPDX-License-Identifier: MIT */
/*
 * The statements of the walks are put together from fixed text, for they differ in
 * the index, the column and little else.  Each gives rows of
 *
 *	value sorted by, tie breaker, error, whether the other filters hold, type, message, keys
 *
 * (the last three for the words that are searched, else null) and takes the same
 * values in the same places:
 *
 *	?1 project  ?2 statuses  ?3 sources  ?4 value and ?5 tie breaker of the place
 *	?6 since  ?7 until  ?8 words  ?9 scope  ?10 session  ?11 ids  ?12 level
 *	(SQLite takes no more values than a statement names: the last is in each)
 *
 * An index range holds one status and one source, so a walk merges up to six of
 * them ("arms"); SQLite does that without sorting.  Rows as high as the place are
 * a range of their own (PART_TIES), or thousands of equal counts would be passed
 * over to find where the page before ended.
 */
#include "walk.h"

#include <string.h>

#include "text.h"

/*
 * What a page may look at for each row it shows.  With what is read to show a row
 * (its keys, its hours) it stays below twenty rows for each.
 */
#define VISITS_PER_ROW 8
/* The same where so many ranges or more are merged, each row passing through all merges. */
#define MANY_ARMS 3
#define MERGED_VISITS_PER_ROW 6
/* Words are rare if at most so many errors for each row of the page have them. */
#define RARE_PER_ROW 4

enum driver {
	ALONG_STATUS,
	ALONG_PROJECT,
	ALONG_LEVEL,
	ALONG_SCOPE,
	ALONG_SESSION,
	ALONG_IDS,
	ALONG_WORDS
};
enum part { PART_TIES, PART_REST };

/* ---- the statements ---------------------------------------------------------- */

#define OTHER_TIME "$othertime"
#define OTHER_LEVEL " WHEN ?12 IS NOT NULL AND e.level <> ?12 THEN 0"
#define OTHER_PROJECT " WHEN ?1 IS NOT NULL AND e.project <> ?1 THEN 0"
#define OTHER_SOURCE " WHEN NOT ?3 >> e.browser & 1 THEN 0"
#define OTHER_ID " WHEN ?11 IS NOT NULL AND e.id NOT IN (SELECT value FROM json_each(?11)) THEN 0"
/* An error of many keys is shown where one of them stands: the first seen, or the highest. */
#define OTHER_KEY                                                                                  \
	" WHEN e.keys > 1 AND EXISTS (SELECT 1 FROM error_key o"                                   \
	" CROSS JOIN facet p ON p.key_id = o.id AND p.scope_id = ?9 WHERE o.error_id = e.id"       \
	" AND (p.$column, p.key_id) $beats (f.$column, f.key_id)) THEN 0"
/*
 * Words are looked for in the text of a row: asking the full-text index about one row
 * costs ten times as much.  CASE, so that without words the row itself is not read.
 */
#define SHOWN                                                                                      \
	" ELSE 1 END, CASE WHEN ?8 IS NOT NULL THEN e.type END,"                                   \
	" CASE WHEN ?8 IS NOT NULL THEN e.message END,"                                            \
	" CASE WHEN ?8 IS NOT NULL THEN e.keys END"

/* An index on error; and_project is " AND ..." or "". */
#define WALK_ERRORS(and_project)                                                                   \
	"SELECT e.$column, e.id, e.id, CASE" OTHER_TIME OTHER_LEVEL SHOWN                          \
	" FROM error e INDEXED BY $index WHERE e.status = $status AND e.browser = "                \
	"$source" and_project " AND $behind"

/* A set of errors that is read as a whole: ids is a query that gives it. */
#define READ_SET(ids)                                                                              \
	"SELECT v, id, id, shown, type, message, keys FROM (SELECT e.id AS id, e.type AS type,"    \
	" e.message AS message, e.keys AS keys, CASE WHEN ?9 IS NULL THEN e.$column"               \
	" ELSE (SELECT $best(f.$column) FROM error_key k CROSS JOIN facet f ON f.key_id = k.id"    \
	" AND f.scope_id = ?9 WHERE k.error_id = e.id) END AS v,"                                  \
	" CASE" OTHER_TIME OTHER_LEVEL OTHER_PROJECT OTHER_SOURCE OTHER_ID " ELSE 1 END AS shown"  \
	" FROM (" ids ") AS x CROSS JOIN error e ON e.id = x.id WHERE ?2 >> e.status & 1)"         \
	" WHERE (v < ?4 OR v = ?4 AND id < ?5)$since /*scan: a bounded set*/"

/*
 * In the texts $column stands for the column of the sort, $index for its index,
 * $status and $source for the arm's, $behind for the range behind the place, $since
 * for its end, $othertime for since and until where that range does not keep them, and
 * $best and $beats for how one key among several is chosen.
 */
static const struct {
	const char *value, *tie;   /* what a row is sorted by */
	const char *seen;          /* its last_seen */
	bool by_status, by_source; /* what an arm holds one of */
	const char *indexes[3];    /* by enum sort */
	const char *arm;
} drivers[] = {
    [ALONG_STATUS] = {"e.$column", "e.id", "e.last_seen", true, true,
	{"error_last", "error_first", "error_rank"}, WALK_ERRORS("")},
    [ALONG_PROJECT] = {"e.$column", "e.id", "e.last_seen", true, true,
	{"error_project_last", "error_project_first", "error_project_rank"},
	WALK_ERRORS(" AND e.project = ?1")},
    [ALONG_LEVEL] = {"e.$column", "e.id", "e.last_seen", true, false,
	{"error_level_last", NULL, NULL},
	"SELECT e.$column, e.id, e.id, CASE" OTHER_PROJECT OTHER_SOURCE SHOWN
	" FROM error e INDEXED BY $index"
	" WHERE e.level = ?12 AND e.level <> 3 AND e.status = $status AND $behind"},
    [ALONG_SCOPE] = {"f.$column", "f.key_id", "f.last_seen", true, false,
	{"facet_last", "facet_first", "facet_rank"},
	"SELECT f.$column, f.key_id, e.id,"
	" CASE" OTHER_TIME OTHER_LEVEL OTHER_PROJECT OTHER_SOURCE OTHER_KEY SHOWN
	" FROM facet f INDEXED BY $index CROSS JOIN error_key k ON k.id = f.key_id"
	" CROSS JOIN error e ON e.id = k.error_id"
	" WHERE f.scope_id = ?9 AND f.status = $status AND $behind"},
    [ALONG_SESSION] = {"v", "id", "e.last_seen", false, false, {"", "", ""},
	READ_SET("SELECT DISTINCT k.error_id AS id FROM session_seen s"
		 " CROSS JOIN error_key k ON k.id = s.key_id WHERE s.session = ?10")},
    [ALONG_IDS] = {"v", "id", "e.last_seen", false, false, {"", "", ""},
	READ_SET("SELECT value AS id FROM json_each(?11)")},
    [ALONG_WORDS] = {"v", "id", "e.last_seen", false, false, {"", "", ""},
	READ_SET("SELECT DISTINCT k.error_id AS id FROM error_fts"
		 " CROSS JOIN error_key k ON k.id = error_fts.rowid WHERE error_fts MATCH ?8")},
};

static bool
is_set(enum driver by)
{
	return !drivers[by].by_status;
}

/* Adds the text, for each $name what stands for it; every name in it is in the list. */
static void
expand(struct buf *b, const char *text, const char *const names[][2])
{
	const char *dollar;
	size_t i;

	while ((dollar = strchr(text, '$')) != NULL) {
		buf_add(b, text, (size_t)(dollar - text));
		for (i = 0; !text_starts_with(dollar + 1, names[i][0]); i++)
			continue;
		/* What is put in may hold names that come later in the list. */
		expand(b, names[i][1], names + i + 1);
		text = dollar + 1 + strlen(names[i][0]);
	}
	buf_str(b, text);
}

static void
add_arm(struct buf *b, enum driver by, enum sort sort, enum part part, int status, int source)
{
	static const char *const sort_columns[] = {"last_seen", "first_seen", "rank"};
	static const char *const digits[] = {"0", "1", "2"};
	bool by_time = sort == SORT_LAST_SEEN;
	const char *const names[][2] = {
	    {"behind", part == PART_TIES ? "$value = ?4 AND $tie < ?5" : "$value < ?4$since"},
	    {"since", by_time ? " AND $value >= ?6" : ""},
	    {"othertime", by_time ? "" : " WHEN $seen NOT BETWEEN ?6 AND ?7 THEN 0"},
	    {"value", drivers[by].value},
	    {"tie", drivers[by].tie},
	    {"seen", drivers[by].seen},
	    {"index", drivers[by].indexes[sort]},
	    {"status", digits[status]},
	    {"source", digits[source]},
	    {"beats", sort == SORT_FIRST_SEEN ? "<" : ">"},
	    {"best", sort == SORT_FIRST_SEEN ? "min" : "max"},
	    {"column", sort_columns[sort]},
	};

	if (b->len > 0)
		buf_str(b, " UNION ALL ");
	expand(b, drivers[by].arm, names);
}

/* Whether the filter wants an arm of that status and source; one that holds both has source 0. */
static bool
wants_arm(const struct filter *f, enum driver by, int status, int source)
{
	return (drivers[by].by_status ? f->statuses >> status & 1 : status == 0) &&
	       (drivers[by].by_source ? f->sources >> source & 1 : source == 0);
}

/* The number of the statement, or DB_FAILED. */
static int
prepare_walk(struct db *db, const struct filter *f, enum driver by, enum part part)
{
	struct buf text = {0};
	int statement;

	for (int status = STATUS_UNRESOLVED; status <= STATUS_IGNORED; status++)
		for (int source = 0; source <= 1; source++)
			if (wants_arm(f, by, status, source))
				add_arm(&text, by, f->sort, part, status, source);
	buf_str(&text, " ORDER BY 1 DESC, 2 DESC");
	statement = db_prepare(db, buf_text(&text));
	buf_free(&text);
	return statement;
}

/* ---- walking ----------------------------------------------------------------- */

struct walking {
	struct db *db;
	const struct filter *filter;
	struct place from;
	int64_t limit;
	int64_t offset;  /* still to be passed over */
	int64_t visits;  /* still allowed */
	bool counting;   /* goes on behind the page, for the total */
	bool stopped;    /* before the end */
	int64_t matches; /* seen by this walk */
	struct walk *walk;
};

/* Takes the current row, which passed the filters; false when the walk may end. */
static bool
take(struct walking *w, struct place place, int64_t error)
{
	struct walk *walk = w->walk;

	w->matches++;
	if (w->offset > 0) {
		w->offset--;
		return true;
	}
	if ((int64_t)walk->n == w->limit) {
		walk->more = true;
		return w->counting;
	}
	walk->found[walk->n++] = (struct found){error, place.value};
	place.seen = w->from.seen + w->matches;
	walk->next = place;
	return true;
}

/* Whether the words stand in one of the error's keys; each that is read counts as a visit. */
static int
keys_match(struct walking *w, int64_t error)
{
	const int st = SQL_LIST_WORDS;
	int row;

	for (row = db_query(w->db, st, DB_ARGS(DB_INT(error))); row == DB_ROW;
	     row = db_next(w->db, st)) {
		w->visits--;
		if (phrase_match(w->filter->words, db_text(w->db, st, 0), db_text(w->db, st, 1))) {
			db_done(w->db, st);
			return DB_ROW;
		}
	}
	return row;
}

/* DB_ROW if the current row passes the filters that its index did not answer. */
static int
passes(struct walking *w, enum driver by, int st)
{
	const struct phrases *words = w->filter->words;

	if (!db_int(w->db, st, 3))
		return DB_NONE;
	if (words == NULL || by == ALONG_WORDS ||
	    phrase_match(words, db_text(w->db, st, 4), db_text(w->db, st, 5)))
		return DB_ROW;
	return db_int(w->db, st, 6) > 1 ? keys_match(w, db_int(w->db, st, 2)) : DB_NONE;
}

static int
walk_part(struct walking *w, enum driver by, enum part part)
{
	const struct filter *f = w->filter;
	int st = prepare_walk(w->db, f, by, part), row;

	if (st == DB_FAILED)
		return DB_FAILED;
	row = db_query(w->db, st,
	    DB_ARGS(DB_TEXT(f->project), DB_INT(f->statuses), DB_INT(f->sources),
		DB_INT(w->from.value), DB_INT(w->from.id), DB_INT(f->since), DB_INT(f->until),
		DB_TEXT(f->words != NULL ? phrase_expression(f->words) : NULL),
		f->scope > 0 ? DB_INT(f->scope) : DB_NULL,
		f->session != NULL ? DB_INT((int64_t)text_hash(f->session, strlen(f->session)))
				   : DB_NULL,
		DB_TEXT(f->errors), f->level >= 0 ? DB_INT(f->level) : DB_NULL));
	for (; row == DB_ROW; row = db_next(w->db, st)) {
		struct place place = {
		    db_int(w->db, st, 0), db_int(w->db, st, 1), w->from.seen + w->matches};
		int fits = passes(w, by, st);

		if (fits == DB_FAILED)
			return DB_FAILED;
		if (fits == DB_ROW && !take(w, place, db_int(w->db, st, 2)))
			break;
		if (--w->visits <= 0) {
			w->stopped = true;
			/* A page that is not full ends where its walk did. */
			if ((int64_t)w->walk->n < w->limit)
				w->walk->next = place;
			break;
		}
	}
	if (row == DB_FAILED)
		return DB_FAILED;
	db_done(w->db, st);
	return 0;
}

/* ---- choosing ---------------------------------------------------------------- */

static int
tally(struct db *db, const char *project, const struct filter *f, int level, int64_t *errors)
{
	return db_number(db, SQL_TALLY,
	    DB_ARGS(DB_TEXT(project), DB_INT(f->statuses), DB_INT(f->sources),
		level >= 0 ? DB_INT(level) : DB_NULL),
	    0, errors);
}

/* What narrows the walk most and is still in the order of the sort. */
static int
choose(struct db *db, const struct filter *f, int64_t limit, enum driver *by)
{
	int64_t most = limit * RARE_PER_ROW, some, other;

	*by = f->project != NULL ? ALONG_PROJECT : ALONG_STATUS;
	if (f->session != NULL || f->errors != NULL) {
		*by = f->session != NULL ? ALONG_SESSION : ALONG_IDS;
		return 0;
	}
	if (f->words != NULL) {
		if (db_number(db, SQL_SEARCH_SIZE,
			DB_ARGS(DB_TEXT(phrase_expression(f->words)), DB_INT(most + 1)), 0,
			&some) == -1)
			return DB_FAILED;
		if (some <= most) {
			*by = ALONG_WORDS;
			return 0;
		}
	}
	if (f->scope > 0) {
		*by = ALONG_SCOPE;
		return 0;
	}
	if (f->level < 0 || f->level == LEVEL_ERROR || f->sort != SORT_LAST_SEEN)
		return 0;
	if (tally(db, f->project, f, -1, &some) == -1 || tally(db, NULL, f, f->level, &other) == -1)
		return DB_FAILED;
	if (other < some)
		*by = ALONG_LEVEL;
	return 0;
}

/* Whether the tally knows the total: it counts by project, status, source and level. */
static bool
is_tallied(const struct filter *f)
{
	return f->session == NULL && f->errors == NULL && f->words == NULL && f->scope == 0 &&
	       f->since == INT64_MIN && f->until == INT64_MAX;
}

/* How many rows a walk may look at: of a set as many as there are. */
static int64_t
budget(const struct filter *f, enum driver by, int64_t limit, int64_t offset)
{
	int arms = 0;

	if (is_set(by))
		return INT64_MAX;
	for (int status = STATUS_UNRESOLVED; status <= STATUS_IGNORED; status++)
		for (int source = 0; source <= 1; source++)
			arms += wants_arm(f, by, status, source);
	return limit * (arms >= MANY_ARMS ? MERGED_VISITS_PER_ROW : VISITS_PER_ROW) + offset;
}

int
walk_list(struct req *rq, const struct filter *filter, struct place from, int64_t limit,
    int64_t offset, struct walk *walk)
{
	struct walking w = {.db = rq->db,
	    .filter = filter,
	    .from = from,
	    .limit = limit,
	    .offset = offset,
	    .counting = !is_tallied(filter),
	    .walk = walk};
	enum driver by;

	*walk = (struct walk){.found = arena_alloc(rq->mem, (size_t)limit * sizeof *walk->found)};
	if (choose(rq->db, filter, limit, &by) == -1)
		return DB_FAILED;
	w.visits = budget(filter, by, limit, offset);
	/* Nothing above until is looked for where times are what is walked. */
	if (filter->sort == SORT_LAST_SEEN && filter->until < w.from.value) {
		w.from.value = filter->until + 1;
		w.from.id = INT64_MIN;
	}
	if (!is_set(by) && w.from.value != INT64_MAX && walk_part(&w, by, PART_TIES) == -1)
		return DB_FAILED;
	if (!w.stopped && (w.counting || !walk->more) && walk_part(&w, by, PART_REST) == -1)
		return DB_FAILED;
	walk->more = walk->more || w.stopped;
	if (!w.counting)
		return tally(rq->db, filter->project, filter, filter->level, &walk->total);
	walk->total = from.seen + w.matches;
	walk->total_is_lower_bound = w.stopped;
	return 0;
}
