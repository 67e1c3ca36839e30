/* SPDX-License-Identifier: MIT */
/* Jobs on the error tracker's database. */
#include "errors_retention.h"

#include "alert.h"
#include "clock.h"
#include "indexer.h"
#include "log.h"

int
errors_retention(struct pass *p)
{
	const struct errors_settings *cfg = &p->cfg->errors;
	struct errors_retention retention = {
	    .now = clock_now(),
	    .days = cfg->retention_days,
	    .max_bytes = cfg->max_bytes,
	    .stop = indexer_stopping,
	};
	struct errors_forgotten done;

	if (alert_forget(p->db, retention.now) == -1 ||
	    errors_retain(p->db, &retention, &done) == -1)
		return -1;
	if (done.resolved > 0 || done.crowded > 0)
		log_info("errors: forgot %lld resolved ones and %lld for want of space",
		    (long long)done.resolved, (long long)done.crowded);
	if (done.bytes > 0)
		log_info("errors: gave %lld bytes back", (long long)done.bytes);
	return 0;
}
