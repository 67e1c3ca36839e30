/* SPDX-License-Identifier: MIT */
/*
 * A key's numbers within the scopes that lists can be narrowed to; see the tables
 * scope and facet.  A known facet costs a report one statement for all its scopes.
 */
#include "rank.h"
#include "report.h"
#include "text.h"

#define MAX_FACETS 200 /* of a key; the rest is left out and counted in /metrics */
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

/* Lets the key count in a scope it was not in before. */
static int
add_facet(struct storing *s, const struct known *k, const struct scope *scope)
{
	const struct db_value names[] = {
	    DB_TEXT(scope->project), DB_TEXT(scope->environment), DB_TEXT(scope->release)};
	const struct report *r = s->report;
	int64_t facets, id, status = k->reopens ? STATUS_UNRESOLVED : k->status;

	if (db_number(s->db, SQL_FACET_COUNT_OF, DB_ARGS(DB_INT(k->key_id)), 0, &facets) == -1)
		return DB_FAILED;
	if (facets >= MAX_FACETS) {
		s->stored->capped++;
		return 0;
	}
	if (db_number(s->db, SQL_SCOPE_FIND, names, NELEM(names), 0, &id) == -1 ||
	    (id == 0 && db_number(s->db, SQL_SCOPE_ADD, names, NELEM(names), 0, &id) == -1) ||
	    db_run(s->db, SQL_FACET_ADD,
		DB_ARGS(DB_INT(k->key_id), DB_INT(id), DB_INT(status), DB_INT(r->count),
		    DB_INT(count_rank(r->count)), DB_INT(r->at))) == -1)
		return DB_FAILED;
	if (*scope->project != '\0' || *scope->release != '\0')
		return 0;
	return db_run(s->db, SQL_ERROR_ENVIRONMENTS, DB_ARGS(DB_INT(k->error_id)));
}

static int
add_missing_facets(
    struct storing *s, const struct known *k, const struct scope *scopes, int nscopes)
{
	for (int i = 0; i < nscopes; i++) {
		int row = db_query(s->db, SQL_FACET_EXISTS,
		    DB_ARGS(DB_INT(k->key_id), DB_TEXT(scopes[i].project),
			DB_TEXT(scopes[i].environment), DB_TEXT(scopes[i].release)));

		if (row == DB_ROW)
			db_done(s->db, SQL_FACET_EXISTS);
		else if (row == DB_FAILED || add_facet(s, k, &scopes[i]) == -1)
			return DB_FAILED;
	}
	return 0;
}

/* A facet as it is after it was counted. */
struct facet {
	int64_t scope, count, rank, first_seen, last_seen;
};

/* Moves the facet in the indexes that its new numbers concern. */
static int
touch_facet(struct storing *s, const struct known *k, const struct facet *f)
{
	struct db_value key = DB_INT(k->key_id), scope = DB_INT(f->scope);
	int64_t at = s->report->at, rank = count_rank(f->count);

	if ((at < f->first_seen || at > f->last_seen) &&
	    db_run(s->db, SQL_FACET_SEEN,
		DB_ARGS(key, scope, DB_INT(at < f->first_seen ? at : f->first_seen),
		    DB_INT(at > f->last_seen ? at : f->last_seen))) == -1)
		return DB_FAILED;
	if (rank == f->rank)
		return 0;
	return db_run(s->db, SQL_FACET_RANK, DB_ARGS(key, scope, DB_INT(rank)));
}

int
report_count_facets(struct storing *s, const struct known *k)
{
	const struct report *r = s->report;
	struct scope scopes[MAX_SCOPES];
	struct facet facets[MAX_SCOPES];
	int nscopes = scopes_of(r, scopes), n = 0, row;

	if (nscopes == 0)
		return 0;
	row = db_query(s->db, SQL_FACETS_COUNT,
	    DB_ARGS(DB_INT(k->key_id), DB_INT(r->count), DB_TEXT(r->project),
		DB_TEXT(r->environment != NULL ? r->environment : ""),
		DB_TEXT(r->release != NULL ? r->release : "")));
	for (; row == DB_ROW && n < MAX_SCOPES; row = db_next(s->db, SQL_FACETS_COUNT), n++)
		facets[n] = (struct facet){db_int(s->db, SQL_FACETS_COUNT, 0),
		    db_int(s->db, SQL_FACETS_COUNT, 1), db_int(s->db, SQL_FACETS_COUNT, 2),
		    db_int(s->db, SQL_FACETS_COUNT, 3), db_int(s->db, SQL_FACETS_COUNT, 4)};
	if (row == DB_FAILED)
		return DB_FAILED;
	for (int i = 0; i < n; i++)
		if (touch_facet(s, k, &facets[i]) == -1)
			return DB_FAILED;
	return n < nscopes ? add_missing_facets(s, k, scopes, nscopes) : 0;
}
