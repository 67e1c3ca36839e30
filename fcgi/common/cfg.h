/* SPDX-License-Identifier: MIT */
/*
 * cfg: configuration from environment variables, declared as a table.
 *
 * A row names a variable and where its value goes.  For a program with the
 * prefix ERROR_TRACKER the variable ERROR_TRACKER_NAME beats NAME; an empty
 * value counts as unset.  The environment is read once, here and nowhere else.
 */
#ifndef CFG_H
#define CFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum cfg_type {
	CFG_TEXT,   /* const char *; NULL if unset and without default */
	CFG_PATH,   /* the same; a relative path is taken from MONLIGHT_HOME or, unset, from here */
	CFG_INT,    /* int64_t within [min, max] */
	CFG_BOOL,   /* bool: on, off, true, false, yes, no, 1, 0 */
	CFG_CHOICE, /* int: the place of the word in choices, any case */
	CFG_BYTES,  /* int64_t within [min, max]; k, M, G (powers of 1024) may follow the number */
	CFG_NUMBERED, /* const char **: max texts, that of NAME_1 first; NULL for those unset */
};

enum {
	CFG_REQUIRED = 1, /* unset or empty is an error */
	CFG_SECRET = 2,   /* never printed; a placeholder is refused */
	CFG_PREFIXED = 4, /* read only with the program's prefix before it */
	CFG_FOREIGN =
	    8, /* read by the control script or lighttpd; listed in the manual, not loaded */
};

struct cfg_field {
	const char *name;
	enum cfg_type type;
	int flags;
	size_t offset;              /* in the program's configuration struct */
	const char *fallback;       /* the default, as text; NULL for none */
	int64_t min, max;           /* CFG_INT and CFG_BYTES */
	const char *const *choices; /* CFG_CHOICE: words, ended by NULL */
	const char *help;           /* one line, with the unit */
};

/*
 * Fills cfg from the environment.  prefix is without its underscore and may be
 * NULL.  Every fault is reported by a line of its own on errors.  Texts live
 * until the process ends.  Returns how many variables were bad.
 */
int cfg_load(void *cfg, const struct cfg_field *, size_t n, const char *prefix, FILE *errors);
/* Prints NAME=VALUE lines, secrets as "(set)" or "(not set)". */
void cfg_print(const void *cfg, const struct cfg_field *, size_t n, FILE *out);
/* Prints name, default, range and help as tab-separated lines: what the manual is made from. */
void cfg_describe(const struct cfg_field *, size_t n, const char *prefix, FILE *out);

/*
 * The process that `monlight exec` was started by, whom a program is to
 * follow; 0 if it was not started so.
 */
int64_t cfg_parent(void);

#endif
