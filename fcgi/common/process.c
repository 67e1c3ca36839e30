/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "log.h"
#include "text.h"

/* ---- options ---------------------------------------------------------------------- */

/* Reports every bad variable; ends the process if there is one. */
static void
load_configuration(const struct process_program *p)
{
	int bad = 0;

	for (size_t i = 0; i < p->nsections; i++)
		bad += cfg_load(
		    p->cfg, p->sections[i].fields, p->sections[i].n, p->sections[i].prefix, stderr);
	if (p->complete != NULL)
		bad += p->complete(stderr);
	if (bad > 0)
		exit(1);
	log_init(p->name, log_level_of(*p->log_level));
}

static void
print_configuration(const struct process_program *p)
{
	for (size_t i = 0; i < p->nsections; i++) {
		if (p->sections[i].prefix != NULL)
			(void)printf("# %s\n", p->sections[i].prefix);
		cfg_print(p->cfg, p->sections[i].fields, p->sections[i].n, stdout);
	}
}

static void
describe_configuration(const struct process_program *p)
{
	for (size_t i = 0; i < p->nsections; i++)
		cfg_describe(
		    p->sections[i].fields, p->sections[i].n, p->sections[i].prefix, stdout);
}

static void
refuse(const struct process_program *p)
{
	p->usage();
	exit(2);
}

bool
process_options(const struct process_program *p, int argc, char *argv[])
{
	bool stay = false, check = false;
	int option;

	log_init(p->name, LOG_LEVEL_INFO);
	/* What stands behind the name of a command is the command's: +. */
	while ((option = getopt(argc, argv, p->excluded != NULL ? "+fhnVx:" : "+fhnV")) != -1)
		switch (option) {
		case 'f':
			stay = true;
			break;
		case 'h':
			describe_configuration(p);
			exit(0);
		case 'n':
			check = true;
			break;
		case 'V':
			(void)printf("%s %s\n", p->name, MONLIGHT_VERSION);
			exit(0);
		case 'x':
			if (p->excluded != NULL)
				*p->excluded = optarg;
			break;
		default:
			refuse(p);
		}
	if (!p->accepts(argv + optind))
		refuse(p);
	load_configuration(p);
	if (check) {
		print_configuration(p);
		exit(0);
	}
	return stay;
}

/* ---- the end ------------------------------------------------------------------------ */

/* The last is how FastCGI's process managers say it. */
static const int stop_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
static volatile sig_atomic_t stopped;

static void
on_stop(int sig)
{
	(void)sig;
	stopped = 1;
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
	for (size_t i = 0; i < NELEM(stop_signals); i++)
		(void)sigdelset(waiting, stop_signals[i]);
}

bool
process_stopping(void)
{
	sigset_t pending;

	if (stopped || sigpending(&pending) == -1)
		return stopped;
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
