#include "errors.h"
int
errors_list(struct req *rq)
{
	struct json_out *o = req_json(rq);
	json_object(o, 0);
	json_array(o, "errors");
	json_array_end(o);
	json_object_end(o);
	return 200;
}
