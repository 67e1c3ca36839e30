/* SPDX-License-Identifier: MIT */
/*
 * process: how a helper is told to end.  What ends it stays pending: the work asks
 * for it between two steps, a wait is woken by it, and a statement that takes long
 * is interrupted by it (db_set_deadline()).
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <signal.h>
#include <stdbool.h>

/* Holds SIGTERM, SIGINT and SIGHUP back; *waiting is the mask under which ppoll() lets them in. */
void process_hold_signals(sigset_t *waiting);
/* Whether the process was asked to end. */
bool process_stopping(void);
/* Ends with the parent, whatever ends it. */
void process_follow_parent(void);

#endif
