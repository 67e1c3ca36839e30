/* SPDX-License-Identifier: MIT */
/*
 * outbox_drain: carries the relay's outbox to tracker and collector.
 *
 * A destination that does not answer, or says that it cannot now, is left alone
 * for a pause that doubles up to a minute.  An item that makes it fail is put off
 * alone; one that it refuses as no valid report is dropped and counted.
 */
#ifndef OUTBOX_DRAIN_H
#define OUTBOX_DRAIN_H

#include <stdint.h>

#include "arena.h"
#include "db.h"
#include "forward.h"
#include "outbox.h"

struct outbox_drain {
	struct db *db;
	struct outbox_lane {
		struct forward *to;
		int64_t pause;   /* seconds; 0: it answered */
		int64_t next_at; /* Unix seconds: not before */
	} lanes[DESTINATIONS];
};

/*
 * For a clock that was set back: destinations are asked again, and items that would wait
 * for longer than any is put off are due now.  Returns 0 or DB_FAILED.
 */
int outbox_drain_anew(struct outbox_drain *, int64_t now);

/*
 * One pass.  *next is when there is something to do again, in Unix seconds, or
 * INT64_MAX.  Returns 0, or -1 when the database failed (logged).
 */
int outbox_drain(struct outbox_drain *, struct arena *, int64_t now, int64_t *next);

#endif
