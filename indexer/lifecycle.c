/* SPDX-License-Identifier: MIT */
#include "lifecycle.h"

#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "level.h"
#include "logs_sql.h"

#define NEVER "0001-01-01" /* Docker's time that has not been */

static bool
is_time(const char *text, int64_t *ns)
{
	return text != NULL && strncmp(text, NEVER, sizeof NEVER - 1) != 0 &&
	       time_parse(text, strlen(text), ns) == 0;
}

static void
add(struct store_pass *out, int64_t source, int64_t ns, enum level level, const char *text)
{
	const struct log_line line = {
	    .ns = ns,
	    .text = text,
	    .len = strlen(text),
	    .level = (uint8_t)level,
	    .kind = KIND_LIFECYCLE,
	};

	store_pass_add(out, source, &line);
}

static void
add_end(struct store_pass *out, int64_t source, int64_t ns, const struct log_container *c)
{
	char text[96];

	(void)snprintf(text, sizeof text, "container exited with code %lld%s",
	    (long long)c->exit_code, c->out_of_memory ? ", killed for want of memory" : "");
	add(out, source, ns,
	    c->out_of_memory    ? LEVEL_CRITICAL
	    : c->exit_code != 0 ? LEVEL_ERROR
				: LEVEL_INFO,
	    text);
}

static void
add_start(struct store_pass *out, int64_t source, int64_t ns, const struct log_container *c)
{
	char text[64] = "container started";

	if (c->restarts > 0)
		(void)snprintf(text, sizeof text, "container started again, restart %lld",
		    (long long)c->restarts);
	add(out, source, ns, LEVEL_INFO, text);
}

void
lifecycle_note(struct lifecycle *l, struct db *db, struct store_pass *out, int64_t source,
    const struct log_container *c)
{
	struct arena *mem = arena_new(1024);
	const char *before = "", *now;
	int64_t started = 0, finished = 0;
	bool has_started = is_time(c->started, &started),
	     has_finished = is_time(c->finished, &finished);
	int found = db_query(db, SQL_LIFECYCLE_FIND, DB_ARGS(DB_TEXT(c->id)));

	if (found == DB_ROW) {
		before = db_text_copy(db, SQL_LIFECYCLE_FIND, 0, mem);
		db_done(db, SQL_LIFECYCLE_FIND);
	}
	/* Both times are in it, each between blanks: what is new shows by not being found. */
	now = arena_printf(mem, " %s %s %lld", has_started ? c->started : "-",
	    has_finished ? c->finished : "-", (long long)c->exit_code);
	if (found != DB_FAILED && strcmp(before, now) != 0) {
		bool new_start =
		    has_started && strstr(before, arena_printf(mem, " %s ", c->started)) == NULL;
		bool new_end =
		    has_finished && strstr(before, arena_printf(mem, " %s ", c->finished)) == NULL;

		if (new_end && finished <= started)
			add_end(out, source, finished, c);
		if (new_start)
			add_start(out, source, started, c);
		if (new_end && finished > started)
			add_end(out, source, finished, c);
		buf_add(&l->changes, c->id, strlen(c->id) + 1);
		buf_add(&l->changes, now, strlen(now) + 1);
	}
	arena_free(mem);
}

int
lifecycle_save(struct lifecycle *l, struct db *db)
{
	const char *s = l->changes.data, *end = s + l->changes.len;
	int64_t now = clock_now();
	int result = 0;

	while (s < end && result == 0) {
		const char *state = s + strlen(s) + 1;

		result =
		    db_run(db, SQL_LIFECYCLE_PUT, DB_ARGS(DB_TEXT(s), DB_TEXT(state), DB_INT(now)));
		s = state + strlen(state) + 1;
	}
	l->changes.len = 0;
	return result;
}
