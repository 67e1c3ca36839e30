/* SPDX-License-Identifier: MIT */
/* GET /api/scopes: what the list can be narrowed to, and how much of it there is. */
#include "errors.h"
#include "query.h"
#include "text.h"

struct parameters {
	const char *project;
	int status;
};

static const struct query_field fields[] = {
    {"project", QUERY_TEXT, 0, offsetof(struct parameters, project), 0, 0, 1000, NULL},
    {"status", QUERY_CHOICE, 0, offsetof(struct parameters, status), 0, 0, 0, status_words},
};

/* Names with how many errors of the status were seen in each. */
static int
write_names(struct req *rq, struct json_out *out, const char *key, int statement,
    const struct parameters *p)
{
	const char *project = p->project != NULL ? p->project : "";
	int status = p->status >= 0 ? p->status : STATUS_UNRESOLVED, row;

	json_array(out, key);
	for (row = db_query(rq->db, statement, DB_ARGS(DB_TEXT(project), DB_INT(status)));
	     row == DB_ROW; row = db_next(rq->db, statement)) {
		json_object(out, NULL);
		json_text(out, "name", db_text(rq->db, statement, 0));
		json_int(out, "errors", db_int(rq->db, statement, 1));
		json_object_end(out);
	}
	json_array_end(out);
	return row;
}

/*
 * 200 {"environments": [{"name", "errors"}], "releases": [...]}: the environments, of the
 * project if one is given, by name, and the last releases, the newest first.  Counted are
 * unresolved errors, or those of the status given, up to 1000.
 */
int
errors_scopes(struct req *rq)
{
	struct parameters p;
	struct json_out *out;
	int st;

	if ((st = query_read(rq, fields, NELEM(fields), &p)) != 0)
		return st;
	out = req_json(rq);
	json_object(out, NULL);
	if (db_begin_read(rq->db) == -1 ||
	    write_names(rq, out, "environments", SQL_SCOPE_ENVIRONMENTS, &p) == DB_FAILED ||
	    write_names(rq, out, "releases", SQL_SCOPE_RELEASES, &p) == DB_FAILED)
		return req_fail_db(rq);
	json_object_end(out);
	return 200;
}
