/* SPDX-License-Identifier: MIT */
/*
 * process: what all processes have alike: how they are told to end; and what the helpers'
 * have, their options.  What ends one stays pending while it works: the work asks for it
 * between two steps, a wait is woken by it, and a statement that takes long is interrupted
 * by it (db_set_deadline()).
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cfg.h"
#include "log.h"

/* A service's variables are read with its prefix, as the service itself reads them. */
struct process_section {
	const char *prefix; /* NULL: none */
	const struct cfg_field *fields;
	size_t n;
};

/* What every helper has, at these places of its configuration: rows of a table of variables. */
#define PROCESS_FIELDS(home, level)                                                                \
	{"MONLIGHT_HOME", CFG_TEXT, 0, (home), NULL, 0, 0, NULL,                                   \
	    "directory of monlight.env, data/, run/ and log/"},                                    \
	{                                                                                          \
		"LOG_LEVEL", CFG_CHOICE, 0, (level), "info", 0, 0, log_level_words,                \
		    "least important line that is logged"                                          \
	}

struct process_program {
	const char *name;
	void *cfg; /* what the sections fill */
	const struct process_section *sections;
	size_t nsections;
	const int *log_level;  /* in cfg: the place of LOG_LEVEL's word */
	const char **excluded; /* what -x names; NULL: there is no such option */
	int (*complete)(
	    FILE *); /* what tables cannot: returns how many faults it reported; or NULL */
	bool (*accepts)(char *const arguments[]); /* what stands behind the options */
	void (*usage)(void);
};

/*
 * Reads the options and the configuration.  -h, -n, -V and whatever is wrong end the process;
 * returns whether it is to stay (-f).  The arguments begin at optind.
 */
bool process_options(const struct process_program *, int argc, char *argv[]);

/* Holds back what ends us; *waiting is the mask under which ppoll() lets it in. */
void process_hold_signals(sigset_t *waiting);
/* Whether the process was asked to end. */
bool process_stopping(void);
/* Ends with the parent, whatever ends it. */
void process_follow_parent(void);

#endif
