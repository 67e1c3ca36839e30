/* SPDX-License-Identifier: MIT */
/* What a request does to the one row that its path names. */
#include "relay.h"

int
relay_change(struct req *rq, int statement, const struct db_value *value, const char *missing,
    const char *status)
{
	struct json_out *out;
	int64_t id;
	bool found;
	int st;

	if ((st = want_number(rq, &id)) != 0)
		return st;
	if (db_begin(rq->db) == DB_FAILED ||
	    db_run(rq->db, statement,
		(const struct db_value[]){DB_INT(id), value != NULL ? *value : DB_NULL},
		value != NULL ? 2 : 1) == DB_FAILED)
		return req_fail_db(rq);
	found = db_changes(rq->db) > 0;
	if (db_commit(rq->db) == DB_FAILED)
		return req_fail_db(rq);
	if (!found)
		return req_fail(rq, 404, "%s", missing);
	out = req_json(rq);
	json_object(out, NULL);
	json_text(out, "status", status);
	json_object_end(out);
	return 200;
}
