/* SPDX-License-Identifier: MIT */
/*
 * labels: what tells the series of one metric apart, and how they are chosen.
 *
 * The canonical text of a set of labels is a compact JSON object of strings whose
 * names are in byte order: equal sets have equal texts, in the database as in the
 * answers.  Two names never get into it: project, which is the tenant, and
 * session_id, which would make a series of every visitor.
 */
#ifndef LABELS_H
#define LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "json.h"

#define LABELS_MAX 64
#define LABELS_MAX_NAME 200
#define LABELS_MAX_VALUE 1024

/*
 * The canonical text of a JSON object's members, in the arena; numbers and
 * booleans count as their text, a null as no label.  *project is what the label
 * project says, or NULL.
 * Returns NULL with *why a static sentence if the object is no set of labels.
 */
const char *labels_canonical(
    struct arena *, const cJSON *object, const char **project, const char **why);

/* One condition on a label; a label that is not there equals "". */
struct label_match {
	const char *name, *value;
	bool differs; /* must not be equal */
};

struct label_filter {
	struct label_match *matches;
	size_t n;
	const char *project; /* of a condition project:NAME; NULL if there was none */
};

/*
 * Adds the conditions of a text: NAME:VALUE, NAME=VALUE or NAME!=VALUE, separated
 * by commas; a backslash takes the meaning from the comma or backslash behind it.
 * Parts without any of the three signs are passed over, as in the wire contract, and
 * so is what follows LABELS_MAX conditions.
 */
void label_filter_parse(struct arena *, const char *text, struct label_filter *);
/* Adds one condition whose text is taken as it is, commas too.  Returns 0, or -1 if it is none. */
int label_filter_add(struct arena *, const char *text, struct label_filter *);
/* Whether labels, parsed from their canonical text, meet every condition; project counts as one. */
bool label_filter_matches(const struct label_filter *, const cJSON *labels, const char *project);

/* Names separated by commas, without blanks around them and without repetition. */
struct label_names {
	const char **names;
	size_t n;
};
struct label_names label_names_parse(struct arena *, const char *text);
/* The canonical text of those labels alone; one that is not there is "". */
const char *labels_pick(
    struct arena *, const cJSON *labels, const char *project, const struct label_names *);

#endif
