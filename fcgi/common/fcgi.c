/* SPDX-License-Identifier: MIT */
/*
 * One process, one request at a time.  The order of events and the way signals
 * are handled follow measured faults of libfcgi 2.4.2 and lighttpd 1.4.69:
 *
 *  - libfcgi's accept loop spins for ever when SIGTERM arrives between accept and
 *    poll.  Signals stay blocked; only ppoll() on a non-blocking listening socket
 *    lets them in, so accept itself never waits and is never interrupted.
 *  - lighttpd killed hard leaves its responders alive, and the next lighttpd adopts
 *    them without supervising them.  So each asks to be ended with its parent.
 */
#include "fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "fcgi_inside.h"
#include "log.h"
#include "process.h"
#include "sandbox.h"
#include "text.h"

#define ARENA_KEEP ((size_t)65536)
#define STOP_DRAIN_US INT64_C(1000000)
#ifdef MONLIGHT_DEBUG
#define TEND_US INT64_C(1000000) /* a test must not wait for a minute */
#else
#define TEND_US INT64_C(60000000)
#endif

/* ---- the process ------------------------------------------------------------------ */

static void
enter_sandbox(const struct app *app)
{
	const struct sandbox_path paths[] = {
	    {app->cfg->database_path, SANDBOX_WRITE_BESIDE},
	    {app->cfg->run_dir, SANDBOX_WRITE},
	    {"/dev/urandom", SANDBOX_READ},
	    {app->needs_network ? "/etc" : NULL, SANDBOX_READ},
	    {app->needs_network ? "/usr" : NULL, SANDBOX_READ},
	};

	(void)sandbox_enter(paths, NELEM(paths));
}

void
fcgi_listen(FCGX_Request *fcgx)
{
	if (FCGX_Init() != 0 || FCGX_InitRequest(fcgx, 0, 0) != 0)
		log_fatalx("cannot use descriptor 0 as a FastCGI socket");
	/* FCGX_Init() puts handlers of its own where it finds the default. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
}

bool
fcgi_accept(FCGX_Request *fcgx)
{
	int rc = FCGX_Accept_r(fcgx);

	/* Another signal, or a connection that was given up before we came. */
	if (rc == -EAGAIN || rc == -EINTR)
		return false;
	if (rc < 0)
		log_fatalx("FCGX_Accept_r: %d", rc);
	return true;
}

const struct timespec *
fcgi_tend(const struct app *app, struct timespec *wait)
{
	static int64_t due;
	int64_t now;

	if (app->tend == NULL)
		return NULL;
	now = clock_mono_us();
	if (now >= due) {
		app->tend();
		due = now + TEND_US;
	}
	*wait = (struct timespec){(due - now) / 1000000, (due - now) % 1000000 * 1000};
	return wait;
}

/*
 * Waits for a connection; false when the process is to end.  Then those that wait
 * in our own queue are still served, for a second: lighttpd gave them to us and
 * would have to answer them with an error.
 */
static bool
wait_for_request(const struct app *app, const sigset_t *waiting)
{
	static int64_t stop_at;
	struct pollfd p = {.fd = 0, .events = POLLIN};
	struct timespec wait;

	while (!process_stopping())
		if (ppoll(&p, 1, fcgi_tend(app, &wait), waiting) == 1 && (p.revents & POLLIN))
			return true;
	if (stop_at == 0)
		stop_at = clock_mono_us() + STOP_DRAIN_US;
	return clock_mono_us() < stop_at && poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
}

static void
serve(const struct app *app, struct db *db, const sigset_t *waiting)
{
	struct req rq = fcgi_request(app, db, ARENA_KEEP);
	FCGX_Request fcgx;

	fcgi_listen(&fcgx);
	while (wait_for_request(app, waiting)) {
		if (!fcgi_accept(&fcgx))
			continue;
		fcgi_serve(&rq, &fcgx);
		FCGX_Finish_r(&fcgx);
		/* Now, not when the next one comes: what a large request took may be wanted. */
		req_clear(&rq);
	}
	FCGX_Free(&fcgx, 1);
	arena_free(rq.mem);
	buf_free(&rq.out);
}

static void
usage(const struct app *app)
{
	(void)fprintf(stderr, "usage: %s [-hnrV]\n", app->program);
	exit(2);
}

/* What it answers, a line each: what docs/openapi is compared with. */
static void
print_routes(const struct app *app)
{
	const struct route *r;

	for (size_t i = 0; (r = app_route(app, i)) != NULL; i++)
		(void)printf("%s %s\n", method_name(r->method), r->path);
}

/* Answers -h, -n, -r and -V; returns when the program is to serve. */
static void
read_options(const struct app *app, int argc, char *argv[])
{
	struct cfg_field fields[APP_MAX_FIELDS];
	size_t n = app_fields(app, fields, NELEM(fields));
	int option;

	while ((option = getopt(argc, argv, "hnrV")) != -1)
		switch (option) {
		case 'h':
			cfg_describe(fields, n, app->prefix, stdout);
			exit(0);
		case 'n':
			if (app_configure(app, stderr) > 0)
				exit(1);
			cfg_print(app->cfg, fields, n, stdout);
			exit(0);
		case 'r':
			print_routes(app);
			exit(0);
		case 'V':
			(void)printf("%s %s\n", app->program, MONLIGHT_VERSION);
			exit(0);
		default:
			usage(app);
		}
	if (optind != argc)
		usage(app);
}

struct db *
fcgi_start(struct app *app, int argc, char *argv[], sigset_t *waiting)
{
	struct db *db;

	process_follow_parent();
	log_init(app->program, LOG_LEVEL_INFO);
	read_options(app, argc, argv);
	if (app_configure(app, stderr) > 0)
		log_fatalx("the configuration is not valid; see the lines above");
	process_hold_signals(waiting);
	if ((db = app_open(app)) == NULL)
		log_fatalx("cannot open %s", app->cfg->database_path);
	if (app->start != NULL && app->start(app, db) == -1)
		log_fatalx("cannot prepare %s", app->cfg->database_path);
	enter_sandbox(app);
	return db;
}

void
fcgi_end(const struct app *app, struct db *db)
{
	if (app->finish != NULL)
		app->finish(db);
	db_close(db);
}

int
fcgi_main(struct app *app, int argc, char *argv[])
{
	sigset_t waiting;
	struct db *db = fcgi_start(app, argc, argv, &waiting);

	serve(app, db, &waiting);
	fcgi_end(app, db);
	return 0;
}
