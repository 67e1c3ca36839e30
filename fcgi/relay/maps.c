/* SPDX-License-Identifier: MIT */
#include "relay.h"
int
maps_upload(struct req *rq)
{
	return req_fail(rq, 404, "Not found");
}
int
maps_list(struct req *rq)
{
	return req_fail(rq, 404, "Not found");
}
int
maps_delete(struct req *rq)
{
	return req_fail(rq, 404, "Not found");
}
