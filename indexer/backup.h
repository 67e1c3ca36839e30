/* SPDX-License-Identifier: MIT */
/*
 * backup: all databases of a stack as one unit, while it works, and back again.
 *
 * A backup is a directory monlight-YYYYMMDDTHHMMSSZ (UTC): each database as it was at one
 * moment after the backup began, compressed (NAME.zst), the segments of the logs that
 * logs.db lists, monlight.env, and manifest.json, which says how many bytes each file has
 * and how many rows each table.  It appears under its name when it is whole and verified;
 * until then it is a .partial-*, which the next backup removes if its maker died a day ago.
 */
#ifndef BACKUP_H
#define BACKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "db.h"

#define BACKUP_MANIFEST "manifest.json"
#define BACKUP_SUFFIX ".zst"

/* Databases by their names in a backup, in the order in which they are copied. */
struct backup_part {
	const char *name; /* "errors.db" */
	int database;     /* enum database */
};
#define BACKUP_PARTS 4
extern const struct backup_part backup_parts[BACKUP_PARTS];

/* Of a segment of the logs: its name in a backup, in the arena. */
char *backup_segment_name(struct arena *, int64_t id);
/* The other way; 0 if the name is none of a segment. */
int64_t backup_segment_id(const char *name);

/*
 * Whether the file is a sound database with so many rows (NULL: any), and, for *rows not NULL,
 * how many it has.  0, or -1 and logged.
 */
int backup_verify(
    const char *path, const struct db_schema *, struct arena *, const char *expected, char **rows);

/* What a segment of the logs says of itself does not matter here. */
extern const struct db_schema backup_segment_schema;

#endif
