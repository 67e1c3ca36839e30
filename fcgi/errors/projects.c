/* SPDX-License-Identifier: MIT */
#include "errors.h"

/* GET /api/projects: the names of projects that have errors, in byte order. */
int
errors_projects(struct req *rq)
{
	struct json_out *out = req_json(rq);
	int row = db_query(rq->db, SQL_PROJECTS, DB_ARGS(DB_NULL));

	json_object(out, NULL);
	json_array(out, "projects");
	for (; row == DB_ROW; row = db_next(rq->db, SQL_PROJECTS))
		json_text(out, NULL, db_text(rq->db, SQL_PROJECTS, 0));
	json_array_end(out);
	json_object_end(out);
	return row == DB_FAILED ? req_fail_db(rq) : 200;
}
