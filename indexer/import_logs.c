/* SPDX-License-Identifier: MIT */
/*
 * The original's log lines.  It kept the text between the quotes of Docker's JSON as it was:
 * its escapes are decoded here, by what decodes them when a file is read.
 */
#include <stdlib.h>
#include <string.h>

#include "chunk.h"
#include "clock.h"
#include "docker.h"
#include "import.h"
#include "level.h"
#include "logs_sql.h"
#include "store.h"
#include "text.h"

#define PORTION 5000 /* lines of a transaction */

#define LINES                                                                                      \
	"SELECT id, timestamp, container, stream, level, message FROM log_entries"                 \
	" WHERE id > ?1 ORDER BY id LIMIT ?2"
/* By which a line is known again. */
#define LINE_TEXT                                                                                  \
	"SELECT timestamp || ' ' || container || ' ' || message FROM log_entries WHERE id = ?1"

/* Appends a line without its newline, decoded. */
static void
add_decoded(struct buf *out, const char *line, size_t len)
{
	static const char head[] = "{\"log\":\"",
			  tail[] = "\\n\",\"stream\":\"stdout\",\"time\":\"1970-01-01T00:00:00Z\"}";
	struct docker_record record;
	struct buf text = {0};

	buf_add(&text, head, sizeof head - 1);
	buf_add(&text, line, len);
	buf_add(&text, tail, sizeof tail - 1);
	if (docker_json(text.data, text.len, &record) == 0)
		buf_add(out, record.text, record.len);
	else
		buf_add(out, line, len);
	buf_free(&text);
}

/* The text as the program wrote it; lines that the original joined stand between newlines. */
static const char *
decode(struct arena *mem, const char *message, size_t *len)
{
	struct buf out = {0};
	char *text;

	while (message != NULL) {
		const char *end = strchr(message, '\n');

		add_decoded(&out, message, end != NULL ? (size_t)(end - message) : strlen(message));
		if (end != NULL)
			buf_char(&out, '\n');
		message = end != NULL ? end + 1 : NULL;
	}
	text = arena_alloc(mem, 3 * out.len + 1);
	*len = out.len > 0 ? text_utf8_repair(text, out.data, out.len) : 0;
	buf_free(&out);
	return text;
}

/* The source of that name, which is made if need be; -1 if that failed. */
static int64_t
find_source(struct db *db, const char *name)
{
	int64_t id;

	if (db_number(db, SQL_SOURCE_FIND, DB_ARGS(DB_TEXT(name)), 0, &id) == -1)
		return -1;
	if (id == 0 &&
	    db_number(db, SQL_SOURCE_ADD,
		DB_ARGS(DB_TEXT(name), DB_NULL, DB_NULL, DB_NULL, DB_NULL), 0, &id) == -1)
		return -1;
	return id;
}

static int
take_line(struct import *in, int q, void *pass)
{
	const char *container = db_text_copy(in->from, q, 2, in->mem);
	const char *stream = db_text_copy(in->from, q, 3, in->mem);
	const char *level = db_text_copy(in->from, q, 4, in->mem);
	struct log_line line = {.ns = import_time(db_text(in->from, q, 1), 0)};
	int64_t source = find_source(in->to, container != NULL ? container : "");

	if (source == -1)
		return -1;
	line.text = decode(in->mem, db_text_copy(in->from, q, 5, in->mem), &line.len);
	line.stream =
	    stream != NULL && strcmp(stream, "stderr") == 0 ? STREAM_STDERR : STREAM_STDOUT;
	line.level = level != NULL ? (uint8_t)level_of_word(level, strlen(level)) : LEVEL_UNKNOWN;
	store_pass_add(pass, source, &line);
	in->taken[0]++;
	return 0;
}

static int
write_lines(struct import *in, void *pass)
{
	(void)in;
	return store_pass_write(pass);
}

/* Line ids are given out by one at a time: not while the job ingest does. */
static const struct import_rows lines = {
    "lines", LINES, LINE_TEXT, PORTION, "ingest", take_line, write_lines};

int
import_logs(struct import *in)
{
	struct store *store = store_new(in->to, in->to_path);
	struct store_pass *pass = store_pass_new(store);
	int st = import_all_rows(in, &lines, pass);

	store_pass_free(pass);
	store_free(store);
	return st;
}
