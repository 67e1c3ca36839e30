/* SPDX-License-Identifier: MIT */
/* fragments: the line of one stream that is put together from several records. */
#ifndef FRAGMENTS_H
#define FRAGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "docker.h"

/* All zero: no line has begun. */
struct fragments {
	struct buf text;
	int64_t ns;    /* of the first record */
	int64_t at;    /* offset of the first record */
	bool open;     /* a line has begun and not ended */
	bool cut;      /* it was longer than DOCKER_LINE_MAX */
	bool expected; /* the last record was a fragment */
};

/* Whether the record goes on with the open line; if not, the open line had ended. */
bool fragments_continue(const struct fragments *, const struct docker_record *);
/* Adds the record to the open line or begins one with it; at: its offset. */
void fragments_add(struct fragments *, const struct docker_record *, int64_t at);
/* Forgets the line. */
void fragments_clear(struct fragments *);

#endif
