/* SPDX-License-Identifier: MIT */
/*
 * import: takes over the four databases of the original Monlight, each through the store
 * code of its service.
 *
 * The source is only read.  What was taken is noted in the transaction that takes it (table
 * imported), so it may be ended anywhere and begun again, and once done doing it again
 * changes nothing.
 */
#ifndef IMPORT_H
#define IMPORT_H

#include "indexer.h"
#include "json.h"

/* More than anybody has counted; sums of many such fit into 64 bits. */
#define IMPORT_COUNT_MAX (INT64_C(1) << 40)

struct import {
	const struct indexer_cfg *cfg;
	struct db *from;     /* the original's */
	struct db *to;       /* ours */
	const char *to_path; /* its file */
	struct arena *mem;   /* of the portion at hand */
	int64_t taken[3];    /* how much of what the part counts */
	int64_t passed_over; /* rows that cannot be right */
};

/* The parts; each 0 or -1. */
int import_errors(struct import *);
int import_logs(struct import *);
int import_metrics(struct import *);
int import_relay(struct import *);

/* A statement on the original's database, DB_FAILED and logged if it does not fit. */
int import_prepare(struct import *, const char *text);

/* The note of that kind and key; 0 if there is none. */
int import_noted(struct import *, const char *what, int64_t key, int64_t *value);
/* Writes it, within the transaction. */
int import_note(struct import *, const char *what, int64_t key, int64_t value);

/* Rows of the original's that are taken in the order of their ids. */
struct import_rows {
	const char *what; /* they are called in notes */
	const char *rows; /* statement: rows behind the id ?1 at most ?2, the id in column 0 */
	/*
	 * Statement: a text of the row ?1, by which the last one that was taken is known again
	 * whatever the file is called now.
	 */
	const char *text;
	int portion;     /* rows of a transaction */
	const char *job; /* of ours that must not run meanwhile */
	/* Takes the row that the statement stands at, and writes what was taken; 0 or -1. */
	int (*take)(struct import *, int statement, void *arg);
	int (*write)(struct import *, void *arg);
};
/* Takes all that no earlier run has taken, a transaction for a portion.  0 or -1. */
int import_all_rows(struct import *, const struct import_rows *, void *arg);

/* A hash of texts, each of which may be NULL. */
int64_t import_hash(struct arena *, const char *const texts[], size_t n);
/* A time of the original's in Unix nanoseconds; fallback if it is none. */
int64_t import_time(const char *text, int64_t fallback);
/* JSON that the original kept as text; NULL if there is none or it is not JSON. */
cJSON *import_json(struct arena *, const char *text);

#endif
