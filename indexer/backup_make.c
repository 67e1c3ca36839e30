/* SPDX-License-Identifier: MIT */
/* Making a backup; backup.h says what one is. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backup.h"
#include "clock.h"
#include "indexer.h"
#include "json.h"
#include "log.h"
#include "pack.h"
#include "store.h"
#include "text.h"

#define KEEP_DEFAULT 7
#define KEEP_MAX 100000
#define NAME_PREFIX "monlight-"
#define NAME_LENGTH (sizeof "monlight-20261122T145200Z" - 1)
#define PARTIAL_PREFIX ".partial-"
#define PARTIAL_SECONDS 86400 /* after which one that nobody wrote to is dead */

struct making {
	const struct indexer_cfg *cfg;
	struct arena *mem;
	const char *dir;     /* of all backups */
	char *partial;       /* of this one, until it is whole */
	const char *name;    /* of this one, from then on */
	struct buf manifest; /* JSON */
	struct json_out out; /* onto it */
	int64_t files, bytes;
};

/* ---- directories --------------------------------------------------------------------- */

static char *
inside(const struct making *m, const char *name)
{
	return arena_printf(m->mem, "%s/%s", m->partial, name);
}

/* Removes a backup, which is a directory of plain files. */
static void
remove_backup(struct arena *mem, const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlink(arena_printf(mem, "%s/%s", path, entry->d_name));
	if (d != NULL)
		(void)closedir(d);
	if (rmdir(path) == -1)
		log_warn("%s", path);
}

static int
sync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), st = -1;

	if (fd != -1) {
		st = fsync(fd);
		(void)close(fd);
	}
	if (st == -1)
		log_error("%s", path);
	return st;
}

static int
is_backup(const struct dirent *entry)
{
	return strlen(entry->d_name) == NAME_LENGTH &&
	       text_starts_with(entry->d_name, NAME_PREFIX) &&
	       entry->d_name[NAME_LENGTH - 1] == 'Z';
}

/*
 * Their names are in the order of their times; but the one just made stays, though a clock that
 * was set back makes it the oldest.
 */
static void
prune(const struct making *m, int64_t keep)
{
	struct dirent **found;
	int n = scandir(m->dir, &found, is_backup, alphasort);
	int64_t spare = n - keep;

	for (int i = 0; i < n; i++) {
		if (spare > 0 && strcmp(found[i]->d_name, m->name) != 0) {
			log_info("backup %s is removed", found[i]->d_name);
			spare--;
			remove_backup(
			    m->mem, arena_printf(m->mem, "%s/%s", m->dir, found[i]->d_name));
		}
		free(found[i]);
	}
	if (n >= 0)
		free(found);
}

/* A killed backup leaves all it had copied: some of them, and the disk has no room for another. */
static void
remove_dead(const struct making *m)
{
	DIR *d = opendir(m->dir);
	const struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		const char *path = arena_printf(m->mem, "%s/%s", m->dir, entry->d_name);
		struct stat st;

		if (text_starts_with(entry->d_name, PARTIAL_PREFIX) && lstat(path, &st) == 0 &&
		    S_ISDIR(st.st_mode) && st.st_mtime + PARTIAL_SECONDS < clock_now()) {
			log_info("%s, which was never finished, is removed", path);
			remove_backup(m->mem, path);
		}
	}
	if (d != NULL)
		(void)closedir(d);
}

/* ---- copies ------------------------------------------------------------------------------ */

/* Compresses the verified copy and puts it into the manifest. */
static int
finish_file(struct making *m, const char *name, const char *rows)
{
	const char *copy = inside(m, name);
	const char *packed = arena_printf(m->mem, "%s" BACKUP_SUFFIX, copy);
	struct stat raw, small;

	if (stat(copy, &raw) == -1) {
		log_error("%s", copy);
		return -1;
	}
	if (pack_file(copy, packed) == -1 || unpack_file(packed, NULL) == -1)
		return -1;
	(void)unlink(copy);
	if (stat(packed, &small) == 0)
		m->bytes += small.st_size;
	m->files++;
	json_object(&m->out, NULL);
	json_text(&m->out, "name", name);
	json_int(&m->out, "bytes", raw.st_size);
	json_raw(&m->out, "rows", rows, strlen(rows));
	json_object_end(&m->out);
	return 0;
}

/* Copies a database as it is at one moment, while others write to it; *rows is what is in it. */
static int
copy_database(struct making *m, const char *name, const char *path, const struct db_schema *schema,
    char **rows)
{
	const char *copy = inside(m, name);
	struct db *db = db_open_readonly(path, schema);
	int st;

	if (db == NULL)
		return -1;
	db_set_deadline(db, INT64_MAX);
	st = db_copy_to(db, copy);
	db_close(db);
	return st == 0 ? backup_verify(copy, schema, m->mem, NULL, rows) : -1;
}

/* ---- the segments of the logs --------------------------------------------------------- */

struct listed {
	int64_t id, chunks;
};

/* The segments that the copy of logs.db lists, and how many chunks of each. */
static int
list_segments(struct making *m, struct buf *segments)
{
	struct db *db = db_open_readonly(inside(m, "logs.db"), indexer_places[LOGS].schema);
	int list, row = DB_FAILED;

	if (db == NULL)
		return -1;
	list = db_prepare(db, "SELECT s.id, (SELECT count(*) FROM chunk WHERE segment = s.id)"
			      " FROM segment s WHERE s.state <> 2 ORDER BY s.id /*scan: all*/");
	if (list != DB_FAILED)
		row = db_query(db, list, DB_NO_ARGS);
	for (; row == DB_ROW; row = db_next(db, list)) {
		struct listed segment = {db_int(db, list, 0), db_int(db, list, 1)};

		buf_add(segments, &segment, sizeof segment);
	}
	db_close(db);
	return row;
}

/* Merging writes a chunk before it lists it, and the list was copied first: all must be there. */
static int
copy_segment(struct making *m, const struct listed *segment)
{
	const char *name = backup_segment_name(m->mem, segment->id), *why;
	const char *path = store_segment_path(m->mem, *indexer_places[LOGS].path, segment->id);
	int64_t sealed = -1;
	char *rows;
	size_t at;

	if (segment->chunks == 0 && access(path, F_OK) == -1)
		return 0;
	if (copy_database(m, name, path, &backup_segment_schema, &rows) == -1)
		return -1;
	(void)json_is_int(json_get(json_parse(m->mem, rows, strlen(rows), &why, &at), "sealed"), 0,
	    INT64_MAX, &sealed);
	if (sealed < segment->chunks) {
		log_errorx("%s has %lld chunks, logs.db lists %lld", path, (long long)sealed,
		    (long long)segment->chunks);
		return -1;
	}
	return finish_file(m, name, rows);
}

static int
copy_segments(struct making *m, const struct buf *segments)
{
	const struct listed *listed = (const void *)segments->data;
	int st = 0;

	for (size_t i = 0; st == 0 && i < segments->len / sizeof *listed; i++)
		st = copy_segment(m, &listed[i]);
	return st;
}

/* ---- all of it --------------------------------------------------------------------------- */

/* One of the four, the logs with their segments; a service that never ran has none. */
static int
copy_part(struct making *m, const struct backup_part *part)
{
	const struct database_place *place = &indexer_places[part->database];
	struct buf segments = {0};
	char *rows;
	int st;

	if (access(*place->path, F_OK) == -1 && errno == ENOENT) {
		log_warnx("there is no %s to back up", *place->path);
		return 0;
	}
	st = copy_database(m, part->name, *place->path, place->schema, &rows);
	if (st == 0 && part->database == LOGS)
		st = list_segments(m, &segments);
	if (st == 0)
		st = finish_file(m, part->name, rows);
	if (st == 0)
		st = copy_segments(m, &segments);
	buf_free(&segments);
	return st;
}

/* monlight.env, if that is where the configuration is. */
static int
copy_environment(struct making *m)
{
	const char *home = m->cfg->home != NULL ? m->cfg->home : ".";
	const char *from = arena_printf(m->mem, "%s/monlight.env", home);
	const char *packed = inside(m, "monlight.env" BACKUP_SUFFIX);

	if (access(from, R_OK) == -1)
		return 0;
	if (pack_file(from, packed) == -1 || unpack_file(packed, inside(m, "monlight.env")) == -1)
		return -1;
	return unlink(packed);
}

static int
write_manifest(struct making *m)
{
	const char *path = inside(m, BACKUP_MANIFEST);
	FILE *file = fopen(path, "we");
	bool bad = file == NULL;

	json_array_end(&m->out);
	json_object_end(&m->out);
	buf_char(&m->manifest, '\n');
	if (file != NULL) {
		bad = fwrite(m->manifest.data, 1, m->manifest.len, file) != m->manifest.len ||
		      fflush(file) == EOF || fsync(fileno(file)) == -1;
		bad |= fclose(file) == EOF;
	}
	if (bad)
		log_error("%s", path);
	return bad ? -1 : 0;
}

static int
make(struct making *m)
{
	/* Meanwhile no segment may be unlinked; what waits is done by the next pass. */
	int lock = indexer_job_lock(*indexer_places[LOGS].path, "retention"), st = 0;

	if (lock == -1)
		return -1;
	for (size_t i = 0; st == 0 && i < BACKUP_PARTS; i++)
		st = copy_part(m, &backup_parts[i]);
	db_job_unlock(lock);
	if (st == 0)
		st = copy_environment(m);
	return st == 0 ? write_manifest(m) : -1;
}

/*
 * Gives the backup its name, under which it is whole: the time, or the next second that no other
 * backup has.  Returns its path, or NULL.
 */
static const char *
publish(struct making *m, time_t seconds)
{
	char text[TIME_TEXT_SIZE];
	const char *path;
	struct tm utc;

	if (sync_path(m->partial) == -1)
		return NULL;
	do {
		(void)strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", gmtime_r(&seconds, &utc));
		m->name = arena_printf(m->mem, NAME_PREFIX "%s", text);
		path = arena_printf(m->mem, "%s/%s", m->dir, m->name);
		if (rename(m->partial, path) == 0)
			return sync_path(m->dir) == 0 ? path : NULL;
		seconds++;
	} while (errno == EEXIST || errno == ENOTEMPTY);
	log_error("%s", path);
	return NULL;
}

/* Fills the rest of *m and does it; 0 or -1. */
static int
make_in(struct making *m)
{
	time_t now = (time_t)clock_now();
	const char *path;

	(void)umask(0077);
	if (mkdir(m->dir, 0700) == -1 && errno != EEXIST) {
		log_error("%s", m->dir);
		return -1;
	}
	remove_dead(m);
	m->partial = arena_printf(m->mem, "%s/" PARTIAL_PREFIX "XXXXXX", m->dir);
	if (mkdtemp(m->partial) == NULL) {
		log_error("%s", m->partial);
		return -1;
	}
	json_object(&m->out, NULL);
	json_text(&m->out, "monlight", MONLIGHT_VERSION);
	json_time(&m->out, "made", (int64_t)now);
	json_array(&m->out, "files");
	if (make(m) == -1 || (path = publish(m, now)) == NULL) {
		remove_backup(m->mem, m->partial);
		return -1;
	}
	(void)printf(
	    "%s: %lld databases, %lld bytes\n", path, (long long)m->files, (long long)m->bytes);
	return 0;
}

int
backup_make(struct pass *p, char *const arguments[])
{
	struct making m = {.cfg = p->cfg, .mem = p->mem, .out.buf = &m.manifest};
	int64_t keep = KEEP_DEFAULT;
	bool wrong = false;
	int st;

	if (arguments[0] != NULL && strcmp(arguments[0], "--keep") == 0 && arguments[1] != NULL) {
		wrong = text_int64(arguments[1], strlen(arguments[1]), 1, KEEP_MAX, &keep) == -1;
		arguments += 2;
	}
	if (wrong || arguments[0] == NULL || arguments[1] != NULL || *arguments[0] == '-') {
		(void)fprintf(stderr,
		    "usage: monlight backup [--keep N] DIRECTORY\n"
		    "Makes DIRECTORY/monlight-TIME, verified and compressed, while everything "
		    "runs,\n"
		    "and removes all but the newest N (%d) in DIRECTORY.\n",
		    KEEP_DEFAULT);
		return 2;
	}
	m.dir = arguments[0];
	if ((st = make_in(&m)) == 0)
		prune(&m, keep);
	buf_free(&m.manifest);
	return st == 0 ? 0 : 1;
}
