/* SPDX-License-Identifier: MIT */
/* Which log files there are, and whose they are. */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "ingest.h"
#include "log.h"
#include "log_container.h"
#include "log_source.h"
#include "text.h"

#define SCAN_US INT64_C(30000000)

/* ---- the list of tails ----------------------------------------------------------- */

/* Where the path is or belongs. */
static size_t
place_of(const struct ingest *in, const char *path)
{
	size_t low = 0, high = in->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(in->tails[middle]->path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct tail *
ingest_find_tail(struct ingest *in, const char *path)
{
	size_t i = place_of(in, path);

	return i < in->n && strcmp(in->tails[i]->path, path) == 0 ? in->tails[i] : NULL;
}

static struct tail *
add_tail(struct ingest *in, const char *path)
{
	size_t i = place_of(in, path);
	struct tail *t = heap_alloc(sizeof *t);

	t->path = heap_strdup(path);
	if (in->n == in->size) {
		in->size = in->size > 0 ? in->size * 2 : 64;
		in->tails = heap_resize(in->tails, in->size * sizeof(struct tail *));
	}
	memmove(in->tails + i + 1, in->tails + i, (in->n - i) * sizeof(struct tail *));
	in->tails[i] = t;
	in->n++;
	return t;
}

void
ingest_forget_tail(struct ingest *in, size_t i)
{
	struct tail *t = in->tails[i];

	memmove(in->tails + i, in->tails + i + 1, (in->n - i - 1) * sizeof(struct tail *));
	in->n--;
	feed_free(t->feed);
	line_regex_free(t->starts);
	free(t->container);
	free(t->path);
	free(t);
}

/* ---- one file -------------------------------------------------------------------- */

static bool
starts_entry(void *regex, const char *line, size_t len)
{
	line_regex_allow(regex, LINE_REGEX_US);
	return line_regex_matches(regex, line, len) == 1;
}

/* monlight.multiline=off or =REGEX of a line that begins an entry. */
static void
set_multiline(struct tail *t, const struct log_container *c)
{
	char why[LINE_REGEX_WHY_SIZE];

	if (c->multiline == NULL)
		return;
	if (text_compare_nocase(c->multiline, "off") == 0)
		feed_set_multiline(t->feed, MULTILINE_OFF, NULL, NULL);
	else if ((t->starts = line_regex_new(c->multiline, true, why)) == NULL)
		log_warnx("%s: label monlight.multiline: %s", c->name, why);
	else
		feed_set_multiline(t->feed, MULTILINE_START, starts_entry, t->starts);
}

/* Begins to follow a file, if it is not followed yet. */
static struct tail *
meet(struct ingest *in, struct pass *pass, const char *path, enum docker_format format,
    const struct log_container *c)
{
	struct tail *t = ingest_find_tail(in, path);
	int64_t source;

	if (t == NULL) {
		if ((source = log_source_of(pass->db, c)) == -1)
			return NULL;
		t = add_tail(in, path);
		t->feed = feed_new(path, format, source, &in->rules);
		t->source = source;
		t->running = true;
		t->dirty = true;
		set_multiline(t, c);
	}
	t->scan = in->scan;
	return t;
}

/* ---- Docker's containers --------------------------------------------------------- */

/* Changes whenever config.v2.json is replaced. */
static uint64_t
version_of(const struct stat *st)
{
	int64_t parts[] = {
	    (int64_t)st->st_ino, st->st_mtim.tv_sec, st->st_mtim.tv_nsec, st->st_size};

	return text_hash(parts, sizeof parts);
}

/* The file that the container's driver writes, or NULL. */
static const char *
file_of(struct arena *mem, const char *dir, const char *id, enum docker_format *format)
{
	const char *const names[] = {arena_printf(mem, "%s/%s-json.log", dir, id),
	    arena_printf(mem, "%s/local-logs/container.log", dir),
	    arena_printf(mem, "%s/container-cached.log", dir)};

	for (size_t i = 0; i < NELEM(names); i++)
		if (access(names[i], F_OK) == 0) {
			*format = i == 0 ? DOCKER_JSON : DOCKER_LOCAL;
			return names[i];
		}
	return NULL;
}

static void
look_at_container(struct ingest *in, struct pass *pass, const char *root, const char *id)
{
	const char *dir = arena_printf(pass->mem, "%s/%s", root, id), *path;
	struct log_container c;
	enum docker_format format;
	struct tail *t;
	struct stat st;
	uint64_t version = 0;
	bool described;

	if (stat(arena_printf(pass->mem, "%s/config.v2.json", dir), &st) == 0)
		version = version_of(&st);
	else if (stat(dir, &st) == -1 || !S_ISDIR(st.st_mode))
		return;
	ingest_watch_directory(in, dir);
	/* The local driver's files, if that is there; its coming stirs the one above. */
	ingest_watch_directory(in, arena_printf(pass->mem, "%s/local-logs", dir));
	if ((path = file_of(pass->mem, dir, id, &format)) == NULL)
		return;
	t = ingest_find_tail(in, path);
	if (t != NULL && t->config_seen == version) {
		t->scan = in->scan;
		return;
	}
	if (!(described = log_container_read(pass->mem, dir, id, &c)))
		log_source_recall(pass->db, pass->mem, &c);
	if (c.ours || !log_container_wanted(pass->cfg->logs.containers, c.name) ||
	    (t = meet(in, pass, path, format, &c)) == NULL)
		return;
	if (t->container == NULL)
		t->container = heap_strdup(id);
	t->config_seen = version;
	t->running = c.running || !described;
	t->dirty = true;
	if (described)
		lifecycle_note(&in->lifecycle, pass->db, in->out, t->source, &c);
}

/*
 * Looks through one directory of containers.  Returns 1, 0 if there is none, or -1 if it cannot be
 * read.
 */
static int
look_at_root(struct ingest *in, struct pass *pass, const char *root)
{
	struct dirent *entry;
	DIR *dir = opendir(root);

	if (dir == NULL && errno == ENOENT)
		return 0;
	if (dir == NULL) {
		if (in->sources != SOURCES_DENIED)
			log_warn("LOG_SOURCES: %s cannot be read: no container logs", root);
		return -1;
	}
	ingest_watch_directory(in, root);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.') {
			look_at_container(in, pass, root, entry->d_name);
			arena_reset(pass->mem);
		}
	(void)closedir(dir);
	return 1;
}

/* ---- plain files ----------------------------------------------------------------- */

/* Rotated files are read through the live one. */
static bool
is_rotated(const char *path)
{
	size_t len = strlen(path);

	if (len > 3 && strcmp(path + len - 3, ".gz") == 0)
		return true;
	while (len > 0 && path[len - 1] >= '0' && path[len - 1] <= '9')
		len--;
	return path[len] != '\0' && len > 0 && path[len - 1] == '.';
}

static void
watch_all(struct ingest *in, const char *pattern)
{
	glob_t found;

	if (glob(pattern, GLOB_NOSORT | GLOB_ONLYDIR, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		ingest_watch_directory(in, found.gl_pathv[i]);
	globfree(&found);
}

/* The directories in which files or directories may appear that fit the pattern. */
static void
watch_pattern(struct ingest *in, struct arena *mem, const char *pattern)
{
	const char *varies = pattern + strcspn(pattern, "*?["), *slash = strchr(pattern, '/'),
		   *next;

	if (in->inotify == -1)
		return;
	if (slash == NULL)
		ingest_watch_directory(in, ".");
	for (; slash != NULL; slash = next) {
		next = strchr(slash + 1, '/');
		if (next == NULL || next > varies)
			watch_all(in, slash == pattern
					  ? "/"
					  : arena_strndup(mem, pattern, (size_t)(slash - pattern)));
	}
}

/* One item NAME=GLOB of LOG_FILES.  Returns whether there is such a file. */
static bool
look_at_files(struct ingest *in, struct pass *pass, const char *name, const char *pattern)
{
	struct log_container c = {.name = name};
	bool any = false;
	glob_t found;

	/* Before the look: what comes in between is told. */
	watch_pattern(in, pass->mem, pattern);
	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		struct stat st;

		if (is_rotated(path) || stat(path, &st) == -1 || !S_ISREG(st.st_mode))
			continue;
		(void)meet(in, pass, path, DOCKER_TEXT, &c);
		any = true;
	}
	globfree(&found);
	return any;
}

/* ---- all ------------------------------------------------------------------------- */

char *
ingest_next_item(struct arena *mem, const char **list)
{
	while (*list != NULL && **list != '\0') {
		const char *comma = strchrnul(*list, ','), *item = *list;
		size_t len = (size_t)(comma - item);

		*list = *comma != '\0' ? comma + 1 : comma;
		text_trim(&item, &len);
		if (len > 0)
			return arena_strndup(mem, item, len);
	}
	return NULL;
}

void
ingest_scan(struct ingest *in, struct pass *pass)
{
	struct arena *mem = arena_new(1024);
	const char *roots = pass->cfg->logs.sources, *files = pass->cfg->logs.files;
	int absent = 0, denied = 0, readable = 0, was = in->sources;
	char *item;

	in->scan++;
	in->scan_due = clock_mono_us() + SCAN_US;
	while ((item = ingest_next_item(mem, &roots)) != NULL) {
		int found = look_at_root(in, pass, item);

		readable += found > 0;
		absent += found == 0;
		denied += found < 0;
	}
	while ((item = ingest_next_item(mem, &files)) != NULL) {
		char *equals = strchr(item, '=');

		if (equals == NULL) {
			log_warnx("LOG_FILES: \"%s\" is not NAME=GLOB", item);
			continue;
		}
		*equals = '\0';
		readable += look_at_files(in, pass, item, equals + 1);
		arena_reset(pass->mem);
	}
	/* Of several places, files too, some may be absent: that is what a list is for. */
	in->sources = denied > 0                    ? SOURCES_DENIED
		      : absent > 0 && readable == 0 ? SOURCES_ABSENT
						    : SOURCES_READ;
	if (in->sources == SOURCES_ABSENT && was != SOURCES_ABSENT)
		log_warnx(
		    "LOG_SOURCES: %s is not there: no container logs", pass->cfg->logs.sources);
	arena_free(mem);
}
