/* SPDX-License-Identifier: MIT */
/*
 * Putting a backup in the place of the databases.  Everything is unpacked beside its place and
 * verified first; only then are files replaced, each by a rename.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup.h"
#include "indexer.h"
#include "json.h"
#include "log.h"
#include "pack.h"
#include "store.h"
#include "text.h"

#define MANIFEST_MAX ((size_t)1 << 20)
#define PLACE_SUFFIX ".restored"

/* A file of the manifest and its place. */
struct restored {
	const char *name, *rows, *path;
	int64_t bytes;
	const struct db_schema *schema;
	bool put; /* it has taken its place */
};

struct restoring {
	struct arena *mem;
	const char *dir;
	struct restored *files;
	size_t n;
};

/* ---- the manifest ---------------------------------------------------------------------- */

/* Where the file of that name belongs; -1 if there is no such place. */
static int
find_place(struct restoring *r, struct restored *file)
{
	int64_t segment = backup_segment_id(file->name);

	for (size_t i = 0; i < BACKUP_PARTS; i++)
		if (strcmp(file->name, backup_parts[i].name) == 0) {
			file->path = *indexer_places[backup_parts[i].database].path;
			file->schema = indexer_places[backup_parts[i].database].schema;
			return 0;
		}
	if (segment == 0)
		return -1;
	file->path = store_segment_path(r->mem, *indexer_places[LOGS].path, segment);
	file->schema = &backup_segment_schema;
	return 0;
}

static char *
spell(struct restoring *r, const cJSON *tree)
{
	struct buf text = {0};
	struct json_out out = {&text, false};
	char *copy;

	json_tree(&out, NULL, tree);
	copy = arena_strndup(r->mem, text.data, text.len);
	buf_free(&text);
	return copy;
}

static int
read_files(struct restoring *r)
{
	const char *path = arena_printf(r->mem, "%s/" BACKUP_MANIFEST, r->dir);
	const cJSON *list = json_get(json_parse_file(r->mem, path, MANIFEST_MAX), "files");

	if (!cJSON_IsArray(list)) {
		log_errorx("%s lists no files: this is no backup", path);
		return -1;
	}
	r->files = arena_alloc(r->mem, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *r->files);
	for (const cJSON *item = list->child; item != NULL; item = item->next) {
		struct restored *file = &r->files[r->n++];

		file->name = json_get_text(item, "name");
		file->rows = spell(r, json_get(item, "rows"));
		if (file->name == NULL || find_place(r, file) == -1 ||
		    !json_is_int(json_get(item, "bytes"), 0, INT64_MAX, &file->bytes)) {
			log_errorx(
			    "%s/" BACKUP_MANIFEST " lists what this version does not know", r->dir);
			return -1;
		}
	}
	return 0;
}

/* ---- what is there -------------------------------------------------------------------- */

static int
check_place(const struct restored *file, bool force)
{
	if (access(file->path, F_OK) == -1)
		return 0;
	if (db_is_open(file->path)) {
		log_errorx("%s is in use: stop everything first; under systemd, systemctl stop "
			   "monlight.target monlight",
		    file->path);
		return -1;
	}
	if (!force) {
		log_errorx("%s is there already: --force replaces it", file->path);
		return -1;
	}
	return 0;
}

/* Whether every database of the backup can be put in its place. */
static int
check_places(const struct restoring *r, bool force)
{
	for (size_t i = 0; i < r->n; i++)
		if (check_place(&r->files[i], force) == -1)
			return -1;
	return 0;
}

/* ---- unpacking and replacing --------------------------------------------------------------- */

static char *
beside(struct restoring *r, const struct restored *file, const char *suffix)
{
	return arena_printf(r->mem, "%s%s", file->path, suffix);
}

static int
unpack(struct restoring *r, const struct restored *file)
{
	const char *copy = beside(r, file, PLACE_SUFFIX);
	const char *packed = arena_printf(r->mem, "%s/%s" BACKUP_SUFFIX, r->dir, file->name);
	struct stat st;

	if (unpack_file(packed, copy) == -1)
		return -1;
	if (stat(copy, &st) == -1 || st.st_size != file->bytes) {
		log_errorx("%s does not have the %lld bytes it was made with", packed,
		    (long long)file->bytes);
		return -1;
	}
	return backup_verify(copy, file->schema, r->mem, file->rows, NULL);
}

/* A WAL of the old file would be taken for one of the new. */
static void
remove_old(struct restoring *r, const struct restored *file)
{
	(void)unlink(beside(r, file, "-wal"));
	(void)unlink(beside(r, file, "-shm"));
}

static int
replace(struct restoring *r, struct restored *file)
{
	remove_old(r, file);
	if (rename(beside(r, file, PLACE_SUFFIX), file->path) == -1) {
		log_error("%s", file->path);
		return -1;
	}
	file->put = true;
	return 0;
}

static bool
has_file(const struct restoring *r, const char *path)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->files[i].path, path) == 0)
			return true;
	return false;
}

/* Segments that only the replaced logs.db listed; one that stays keeps its own. */
static void
remove_segments(struct restoring *r)
{
	const char *logs = *indexer_places[LOGS].path;
	const char *first = store_segment_path(r->mem, logs, 1);
	const char *stem = strrchr(first, '/') != NULL ? strrchr(first, '/') + 1 : first;
	char *dir = arena_strdup(r->mem, logs);
	size_t stem_len = strlen(stem) - strlen("000001.db");
	DIR *d = opendir(dirname(dir));
	const struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		int64_t id;
		struct restored old = {0};

		if (strncmp(entry->d_name, stem, stem_len) != 0)
			continue;
		id = backup_segment_id(arena_printf(r->mem, "logs-%s", entry->d_name + stem_len));
		if (id == 0)
			continue;
		old.path = store_segment_path(r->mem, logs, id);
		if (has_file(r, old.path))
			continue;
		(void)unlink(old.path);
		remove_old(r, &old);
	}
	if (d != NULL)
		(void)closedir(d);
}

static int
restore(struct restoring *r, bool force)
{
	int st = 0;

	for (size_t i = 0; st == 0 && i < r->n; i++)
		st = unpack(r, &r->files[i]);
	/* It took its time: somebody may have been started. */
	if (st == 0)
		st = check_places(r, force);
	if (st == 0 && has_file(r, *indexer_places[LOGS].path))
		remove_segments(r);
	for (size_t i = 0; st == 0 && i < r->n; i++)
		st = replace(r, &r->files[i]);
	for (size_t i = 0; i < r->n; i++)
		if (!r->files[i].put)
			(void)unlink(beside(r, &r->files[i], PLACE_SUFFIX));
	return st;
}

int
backup_restore(struct pass *p, char *const arguments[])
{
	struct restoring r = {.mem = p->mem};
	bool force = arguments[0] != NULL && strcmp(arguments[0], "--force") == 0;

	arguments += force;
	if (arguments[0] == NULL || arguments[1] != NULL || *arguments[0] == '-') {
		(void)fputs(
		    "usage: monlight restore [--force] BACKUP\n"
		    "Puts the databases of a backup, or of the newest in that directory, in\n"
		    "their places.  Nothing may run; --force replaces what is there.\n",
		    stderr);
		return 2;
	}
	r.dir = arguments[0];
	if (read_files(&r) == -1 || check_places(&r, force) == -1 || restore(&r, force) == -1)
		return 1;
	(void)printf("restored %zu databases from %s\n", r.n, r.dir);
	sync();
	return 0;
}
