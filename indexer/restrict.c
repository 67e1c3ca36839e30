/* SPDX-License-Identifier: MIT */
/*
 * What the indexer may touch.  It reads what containers write, as a user who may often
 * read more than others, so it is held to the places it was told of: a link in a
 * container's directory leads nowhere else.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "indexer.h"
#include "ingest.h"
#include "sandbox.h"

struct places {
	struct arena *mem;
	struct buf paths; /* struct sandbox_path[] */
};

static void
add(struct places *p, const char *path, enum sandbox_access access)
{
	struct sandbox_path place = {path, access};

	buf_add(&p->paths, &place, sizeof place);
}

/* Cuts the last part off; what has none is the current directory, or the root. */
static const char *
parent_of(struct arena *mem, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	return slash == path ? "/" : arena_strndup(mem, path, (size_t)(slash - path));
}

/* The directory, or the nearest above it that is there: Docker may be installed later. */
static void
add_readable(struct places *p, const char *directory)
{
	while (access(directory, F_OK) == -1 && errno == ENOENT && strcmp(directory, ".") != 0 &&
	       strcmp(directory, "/") != 0)
		directory = parent_of(p->mem, directory);
	add(p, directory, SANDBOX_READ);
}

/*
 * The directory in which a pattern begins to vary, and those that links which fit it now
 * lead to.
 */
static void
add_pattern(struct places *p, const char *pattern)
{
	size_t fixed = strcspn(pattern, "*?[\\");
	char resolved[PATH_MAX];
	glob_t found;

	add_readable(p, parent_of(p->mem, arena_strndup(p->mem, pattern, fixed)));
	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (realpath(found.gl_pathv[i], resolved) != NULL)
			add(p, parent_of(p->mem, resolved), SANDBOX_READ);
	globfree(&found);
}

void
indexer_restrict(const struct indexer_cfg *cfg)
{
	struct places p = {.mem = arena_new(4096)};
	const char *sources = cfg->logs.sources, *files = cfg->logs.files;
	char *item, *equals;

	add(&p, cfg->errors.database_path, SANDBOX_WRITE_BESIDE);
	add(&p, cfg->logs.database_path, SANDBOX_WRITE_BESIDE);
	add(&p, cfg->metrics.database_path, SANDBOX_WRITE_BESIDE);
	add(&p, cfg->relay.database_path, SANDBOX_WRITE_BESIDE);
	while ((item = ingest_next_item(p.mem, &sources)) != NULL)
		add_readable(&p, item);
	while ((item = ingest_next_item(p.mem, &files)) != NULL)
		if ((equals = strchr(item, '=')) != NULL)
			add_pattern(&p, equals + 1);
	(void)sandbox_enter((const void *)p.paths.data, p.paths.len / sizeof(struct sandbox_path));
	buf_free(&p.paths);
	arena_free(p.mem);
}
