/* SPDX-License-Identifier: MIT */
#include "process.h"
#include "cfg.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "text.h"

static const int stop_signals[] = {SIGTERM, SIGINT, SIGHUP};

static void
on_stop(int sig)
{
	(void)sig; /* that it came is seen by who waited */
}

void
process_hold_signals(sigset_t *waiting)
{
	struct sigaction stop = {.sa_handler = on_stop};
	sigset_t blocked;

	(void)sigemptyset(&blocked);
	for (size_t i = 0; i < NELEM(stop_signals); i++) {
		(void)sigaction(stop_signals[i], &stop, NULL);
		(void)sigaddset(&blocked, stop_signals[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &blocked, waiting);
}

bool
process_stopping(void)
{
	sigset_t pending;

	if (sigpending(&pending) == -1)
		return false;
	for (size_t i = 0; i < NELEM(stop_signals); i++)
		if (sigismember(&pending, stop_signals[i]) == 1)
			return true;
	return false;
}

void
process_follow_parent(void)
{
	pid_t parent = cfg_parent() != 0 ? (pid_t)cfg_parent() : getppid();

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* It may have died just before. */
	if (getppid() != parent)
		exit(0);
}
