/* SPDX-License-Identifier: MIT */
/*
 * lifecycle: lines that say what became of a container (started, ended and with which
 * code, ran out of memory), written between its own lines.
 */
#ifndef LIFECYCLE_H
#define LIFECYCLE_H

#include "buf.h"
#include "db.h"
#include "log_container.h"
#include "store.h"

/* What is to be remembered when the lines are stored.  All zero: nothing. */
struct lifecycle {
	struct buf changes; /* id and state, each with its NUL, one behind the other */
};

/* Adds lines to the pass for what changed since the container was last looked at. */
void lifecycle_note(struct lifecycle *, struct db *, struct store_pass *, int64_t source,
    const struct log_container *);
/* Writes what is to be remembered, in the transaction that writes the lines.  0 or -1. */
int lifecycle_save(struct lifecycle *, struct db *);

#endif
