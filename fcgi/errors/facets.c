/* SPDX-License-Identifier: MIT */
/*
 * A key's numbers within the scopes that lists can be narrowed to; see the tables
 * scope and facet.  A known facet costs a report a look and one row written in place.
 */
#include "rank.h"
#include "report.h"
#include "text.h"

#define MAX_FACETS 200 /* of a key; a further one is in place of the one seen longest ago */
#define MAX_SCOPES 4   /* of one report */

struct scope {
	const char *project, *environment, *release;
};

/* The scopes a report is in; returns how many. */
static int
scopes_of(const struct report *r, struct scope scopes[MAX_SCOPES])
{
	int n = 0;

	if (r->environment != NULL) {
		scopes[n++] = (struct scope){r->project, r->environment, ""};
		scopes[n++] = (struct scope){"", r->environment, ""};
	}
	if (r->release != NULL)
		scopes[n++] = (struct scope){"", "", r->release};
	if (r->environment != NULL && r->release != NULL)
		scopes[n++] = (struct scope){"", r->environment, r->release};
	return n;
}

int
errors_rank_scope(struct db *db, int64_t id, int64_t scope)
{
	int64_t sum;

	if (db_number(db, SQL_FACETS_SUM, DB_ARGS(DB_INT(id), DB_INT(scope)), 0, &sum) == -1)
		return DB_FAILED;
	return db_run(
	    db, SQL_FACETS_RANK, DB_ARGS(DB_INT(id), DB_INT(scope), DB_INT(count_rank(sum))));
}

/* A facet as it was before this report; in a scope that is new, scope or count is 0. */
struct facet {
	int64_t scope, count, rank, first_seen, last_seen;
};

static int
find_facet(struct storing *s, const struct known *k, const struct scope *scope, struct facet *f)
{
	int64_t *const columns[] = {&f->scope, &f->count, &f->rank, &f->first_seen, &f->last_seen};
	int row = db_query(s->db, SQL_FACET_FIND,
	    DB_ARGS(DB_INT(k->key_id), DB_TEXT(scope->project), DB_TEXT(scope->environment),
		DB_TEXT(scope->release)));

	if (row != DB_ROW)
		return row;
	for (size_t i = 0; i < NELEM(columns); i++)
		*columns[i] = db_int(s->db, SQL_FACET_FIND, (int)i);
	db_done(s->db, SQL_FACET_FIND);
	return 0;
}

/* Makes room for another facet: people ask for the newest release, not for the oldest. */
static int
forget_facet(struct storing *s, const struct known *k)
{
	int64_t scope;

	if (db_number(s->db, SQL_FACET_FORGET, DB_ARGS(DB_INT(k->key_id)), 0, &scope) == -1)
		return DB_FAILED;
	s->stored->capped++;
	return k->keys > 1 ? errors_rank_scope(s->db, k->error_id, scope) : 0;
}

/* Lets the key count in a scope it was not in before. */
static int
add_facet(struct storing *s, const struct known *k, const struct scope *scope, int64_t id)
{
	const struct db_value names[] = {
	    DB_TEXT(scope->project), DB_TEXT(scope->environment), DB_TEXT(scope->release)};
	const struct report *r = s->report;
	int64_t facets, status = k->reopens ? STATUS_UNRESOLVED : k->status;

	if (db_number(s->db, SQL_FACET_COUNT_OF, DB_ARGS(DB_INT(k->key_id)), 0, &facets) == -1)
		return DB_FAILED;
	if ((facets >= MAX_FACETS && forget_facet(s, k) == -1) ||
	    (id == 0 && db_number(s->db, SQL_SCOPE_ADD, names, NELEM(names), 0, &id) == -1) ||
	    db_run(s->db, SQL_FACET_ADD,
		DB_ARGS(DB_INT(k->key_id), DB_INT(id), DB_INT(status), DB_INT(r->count),
		    DB_INT(count_rank(r->count)), DB_INT(r->at))) == -1 ||
	    (k->keys > 1 && errors_rank_scope(s->db, k->error_id, id) == -1))
		return DB_FAILED;
	if (*scope->project != '\0' || *scope->release != '\0')
		return 0;
	return db_run(s->db, SQL_ERROR_ENVIRONMENTS, DB_ARGS(DB_INT(k->error_id)));
}

/* Sets what the report changes; apart, so that only the index that changes is written. */
static int
count_facet(struct storing *s, const struct known *k, const struct facet *f)
{
	const struct report *r = s->report;
	const struct {
		int statement;
		int64_t was, is;
	} changes[] = {
	    {SQL_FACET_COUNT, f->count, f->count + r->count},
	    {SQL_FACET_RANK, f->rank, k->keys > 1 ? f->rank : count_rank(f->count + r->count)},
	    {SQL_FACET_FIRST, f->first_seen, r->at < f->first_seen ? r->at : f->first_seen},
	    {SQL_FACET_LAST, f->last_seen, r->at > f->last_seen ? r->at : f->last_seen},
	};

	for (size_t i = 0; i < NELEM(changes); i++)
		if (changes[i].is != changes[i].was &&
		    db_run(s->db, changes[i].statement,
			DB_ARGS(DB_INT(k->key_id), DB_INT(f->scope), DB_INT(changes[i].is))) == -1)
			return DB_FAILED;
	return k->keys > 1 ? errors_rank_scope(s->db, k->error_id, f->scope) : 0;
}

int
report_count_facets(struct storing *s, const struct known *k)
{
	struct scope scopes[MAX_SCOPES];
	int n = scopes_of(s->report, scopes), st = 0;

	for (int i = 0; i < n && st == 0; i++) {
		struct facet f = {0};

		if ((st = find_facet(s, k, &scopes[i], &f)) == 0)
			st = f.count > 0 ? count_facet(s, k, &f)
					 : add_facet(s, k, &scopes[i], f.scope);
	}
	return st;
}
