/* SPDX-License-Identifier: MIT */
/* What people say about an error: that it is resolved, or that it is not. */
#include "clock.h"
#include "errors.h"

const char *const status_words[] = {
    [STATUS_UNRESOLVED] = "unresolved",
    [STATUS_RESOLVED] = "resolved",
    [STATUS_IGNORED] = "ignored",
    NULL,
};

const char *const level_words[] = {
    [LEVEL_DEBUG] = "debug",
    [LEVEL_INFO] = "info",
    [LEVEL_WARNING] = "warning",
    [LEVEL_ERROR] = "error",
    [LEVEL_FATAL] = "fatal",
    NULL,
};

int
errors_missing(struct req *rq)
{
	return req_fail(rq, 404, "Error not found");
}

/* Brings the error of the path into the status. */
static int
change(struct req *rq, enum error_status status)
{
	struct db_value resolved_at = status == STATUS_RESOLVED ? DB_INT(clock_now()) : DB_NULL;
	struct json_out *out;
	int64_t id, found;
	int st;

	if ((st = want_id(rq, 0, &id)) != 0)
		return st;
	if (db_begin(rq->db) == -1 ||
	    db_run(rq->db, SQL_SET_STATUS, DB_ARGS(DB_INT(id), DB_INT(status), resolved_at)) ==
		-1 ||
	    db_number(rq->db, SQL_EXISTS, DB_ARGS(DB_INT(id)), 0, &found) == -1 ||
	    db_commit(rq->db) == -1)
		return req_fail_db(rq);
	if (!found)
		return errors_missing(rq);
	out = req_json(rq);
	json_object(out, NULL);
	json_text(out, "status", status_words[status]);
	json_int(out, "id", id);
	json_object_end(out);
	return 200;
}

/* POST /api/errors/{id}/resolve: doing so twice is not an error and keeps the first time. */
int
errors_resolve(struct req *rq)
{
	return change(rq, STATUS_RESOLVED);
}

/* POST /api/errors/{id}/reopen: back to unresolved, from resolved or ignored. */
int
errors_reopen(struct req *rq)
{
	return change(rq, STATUS_UNRESOLVED);
}
