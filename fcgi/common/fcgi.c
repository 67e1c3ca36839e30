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
 *  - A request whose client has gone is still handed over; a question is dropped.
 *  - Content-Length is always sent: without it a reply cut short by our death
 *    would look complete.
 */
#include "fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "fcgi_inside.h"
#include "log.h"
#include "sandbox.h"
#include "text.h"

#define REQUEST_DEADLINE_US INT64_C(10000000)
#define STOP_DRAIN_US INT64_C(1000000)
#ifdef MONLIGHT_DEBUG
#define TEND_US INT64_C(1000000) /* a test must not wait for a minute */
#else
#define TEND_US INT64_C(60000000)
#endif
#define ARENA_KEEP ((size_t)65536)

static volatile sig_atomic_t stopping;

static void
on_stop(int sig)
{
	(void)sig;
	stopping = 1;
}

/* ---- the transport under struct req --------------------------------------------- */

/* Reads the announced body; lighttpd has all of it before it calls us. */
static int
fetch_body(struct req *rq)
{
	FCGX_Request *fcgx = rq->transport;
	char *body = arena_alloc(rq->mem, rq->length + 1);
	int got = FCGX_GetStr(body, (int)rq->length, fcgx->in);

	if (got < 0 || (size_t)got != rq->length)
		return req_fail(rq, 400, "Failed to read request body");
	rq->body = body;
	return 0;
}

/*
 * A body that no gate asked for is read all the same, and of one that was asked for
 * the record that ends it: leaving either would look like a lost peer.
 */
static void
drain_body(FCGX_Request *fcgx)
{
	char rest[4096];

	while (FCGX_GetStr(rest, sizeof rest, fcgx->in) > 0)
		continue;
}

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {{200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"},
	    {304, "Not Modified"}, {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
	    {404, "Not Found"}, {405, "Method Not Allowed"}, {409, "Conflict"},
	    {413, "Content Too Large"}, {415, "Unsupported Media Type"}, {429, "Too Many Requests"},
	    {500, "Internal Server Error"}, {502, "Bad Gateway"}, {503, "Service Unavailable"}};

	for (size_t i = 0; i < NELEM(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Status";
}

/* Status and headers up to the empty line; length -1: a stream of unknown length. */
static void
write_head(const struct req *rq, FCGX_Stream *out, int status, long long length)
{
	FCGX_FPrintF(out, "Status: %d %s\r\n", status, reason(status));
	if (status != 204)
		FCGX_FPrintF(out, "Content-Type: %s\r\n", rq->type);
	if (length >= 0)
		FCGX_FPrintF(out, "Content-Length: %lld\r\n", length);
	for (int i = 0; i < rq->nheaders; i++) {
		FCGX_PutS(rq->headers[i], out);
		FCGX_PutS("\r\n", out);
	}
	FCGX_PutS("\r\n", out);
}

static int
stream_bytes(struct req *rq, int status, const void *bytes, size_t len)
{
	FCGX_Request *fcgx = rq->transport;

	if (status != 0)
		write_head(rq, fcgx->out, status, -1);
	return FCGX_PutStr(bytes, (int)len, fcgx->out) == -1 || FCGX_FFlush(fcgx->out) == -1 ? -1
											     : 0;
}

static void
write_reply(const struct req *rq, int status)
{
	FCGX_Request *fcgx = rq->transport;

	write_head(rq, fcgx->out, status, status == 204 ? 0 : (long long)rq->out.len);
	if (status != 204 && !rq->head && rq->out.len > 0)
		FCGX_PutStr(rq->out.data, (int)rq->out.len, fcgx->out);
}

static void
read_head(struct req *rq, FCGX_Request *fcgx)
{
	const char *script, *rest, *method, *length, *query;

	rq->transport = fcgx;
	rq->env = fcgx->envp;
	rq->started_us = clock_mono_us();
	script = req_var(rq, "SCRIPT_NAME");
	rest = req_var(rq, "PATH_INFO");
	method = req_var(rq, "REQUEST_METHOD");
	length = req_var(rq, "CONTENT_LENGTH");
	query = req_var(rq, "QUERY_STRING");
	/* lighttpd splits the path at the first slash after the pool's prefix. */
	rq->path =
	    arena_printf(rq->mem, "%s%s", script != NULL ? script : "", rest != NULL ? rest : "");
	rq->query = query != NULL ? query : "";
	rq->head = method != NULL && strcmp(method, "HEAD") == 0;
	rq->method = rq->head ? GET : method_parse(method != NULL ? method : "");
	rq->length = length != NULL ? strtoul(length, NULL, 10) : 0;
}

/*
 * Whether nobody waits for the answer any more.  Half a close is no such sign: a
 * client may say that it has sent all it had.
 */
static bool
client_gone(const FCGX_Request *fcgx)
{
	struct pollfd p = {.fd = fcgx->ipcFd, .events = 0};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR));
}

void
fcgi_serve(struct req *rq, FCGX_Request *fcgx)
{
	int status;

	req_clear(rq);
	read_head(rq, fcgx);
	/* A report that has arrived whole is stored, whoever waits; a question is not answered. */
	if (rq->method == GET && client_gone(fcgx))
		return;
	db_set_deadline(rq->db, rq->started_us + REQUEST_DEADLINE_US);
	status = app_serve(rq);
	app_count_request(rq, status);
	drain_body(fcgx);
	if (!rq->streaming)
		write_reply(rq, status);
}

/* ---- the process ------------------------------------------------------------------ */

/* Ends with the parent, whatever ends it; the check closes the race with its death. */
static void
follow_parent(void)
{
	pid_t parent = cfg_parent() != 0 ? (pid_t)cfg_parent() : getppid();

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		exit(0);
}

/* Blocks what ends us; *waiting is the mask under which ppoll() lets it in. */
static void
hold_signals(sigset_t *waiting)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGUSR1};
	struct sigaction stop = {.sa_handler = on_stop};
	sigset_t blocked;

	(void)sigemptyset(&blocked);
	for (size_t i = 0; i < NELEM(signals); i++) {
		(void)sigaction(signals[i], &stop, NULL);
		(void)sigaddset(&blocked, signals[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &blocked, waiting);
	for (size_t i = 0; i < NELEM(signals); i++)
		(void)sigdelset(waiting, signals[i]);
}

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

bool
fcgi_stopping(void)
{
	return stopping;
}

struct req
fcgi_request(const struct app *app, struct db *db)
{
	return (struct req){
	    .app = app,
	    .db = db,
	    .mem = arena_new(ARENA_KEEP),
	    .fetch = fetch_body,
	    .stream = stream_bytes,
	};
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

	while (!stopping)
		if (ppoll(&p, 1, fcgi_tend(app, &wait), waiting) == 1 && (p.revents & POLLIN))
			return true;
	if (stop_at == 0)
		stop_at = clock_mono_us() + STOP_DRAIN_US;
	return clock_mono_us() < stop_at && poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
}

static void
serve(const struct app *app, struct db *db, const sigset_t *waiting)
{
	struct req rq = fcgi_request(app, db);
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

	follow_parent();
	log_init(app->program, LOG_LEVEL_INFO);
	read_options(app, argc, argv);
	if (app_configure(app, stderr) > 0)
		log_fatalx("the configuration is not valid; see the lines above");
	hold_signals(waiting);
	if ((db = app_open(app)) == NULL)
		log_fatalx("cannot open %s", app->cfg->database_path);
	if (app->start != NULL && app->start(app, db) == -1)
		log_fatalx("cannot prepare %s", app->cfg->database_path);
	enter_sandbox(app);
	return db;
}

int
fcgi_main(struct app *app, int argc, char *argv[])
{
	sigset_t waiting;
	struct db *db = fcgi_start(app, argc, argv, &waiting);

	serve(app, db, &waiting);
	db_close(db);
	return 0;
}
