-- SPDX-License-Identifier: MIT
-- logs.db: everything about the logs except the text of sealed chunks.
--
-- A line's way: the indexer's ingest writes it, with the others of its source and
-- pass, as a small chunk (segment 0, blob in mini); merge gathers small chunks
-- into sealed ones, whose blob and word index lie in a segment file beside this
-- one (logs.db -> logs-000001.db); retention takes segments off the list and
-- unlinks them in a later pass.  One transaction of ingest holds chunks, ids,
-- histogram, counts and the cursors of the files read: each line exactly once.
--
-- Readers trust the chunk table alone: a segment file may hold chunks that are not
-- listed (a merge that was killed); they are never shown and never listed later.

-- Whose lines they are: the name stays the same when a container is rebuilt, so
-- its history does, too.
CREATE TABLE source (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	name     TEXT NOT NULL UNIQUE,       -- container's name without the slash, or LOG_FILES' name
	project  TEXT,                       -- compose project or swarm stack
	service  TEXT,                       -- compose or swarm service
	image    TEXT,                       -- of the latest container
	container_id TEXT                    -- of the latest container
) STRICT;

-- The directory of chunks, small and sealed.
CREATE TABLE chunk (
	id       INTEGER PRIMARY KEY,        -- never reused
	segment  INTEGER NOT NULL,           -- 0: small, the blob is in mini; else segment.id
	source   INTEGER NOT NULL REFERENCES source,
	first_id INTEGER NOT NULL,           -- ids of its first and last line; those of other
	last_id  INTEGER NOT NULL,           --  sources lie between, those of its own do not
	min_ns   INTEGER NOT NULL,           -- earliest and latest time in it
	max_ns   INTEGER NOT NULL,
	levels   INTEGER NOT NULL,           -- bit 1 << level for each level in it
	lines    INTEGER NOT NULL,
	bytes    INTEGER NOT NULL,           -- of text
	written  INTEGER NOT NULL            -- Unix seconds at which its first line was stored
) STRICT;
-- Newest and oldest first, with an exact stop.  The columns behind the first let a
-- query pass over chunks without looking at their rows.
CREATE INDEX chunk_newest ON chunk (max_ns, min_ns, source, levels);
CREATE INDEX chunk_oldest ON chunk (min_ns, max_ns, source, levels);
CREATE INDEX chunk_arrival ON chunk (last_id);    -- the tail: what came after an id
CREATE INDEX chunk_source ON chunk (source, last_id); -- context, a line by its id
CREATE INDEX chunk_segment ON chunk (segment, source, first_id); -- merge, retention

-- Blobs of small chunks; apart, so that reading the directory passes over none.
CREATE TABLE mini (
	chunk    INTEGER PRIMARY KEY REFERENCES chunk,
	data     BLOB NOT NULL               -- chunk.h
) STRICT;

-- The list of segment files.
CREATE TABLE segment (
	id       INTEGER PRIMARY KEY,        -- the number in the file's name; never reused
	made     INTEGER NOT NULL,           -- Unix seconds
	bytes    INTEGER NOT NULL DEFAULT 0, -- of it, when last written
	max_ns   INTEGER,                    -- latest time in it; null while it is empty
	last_id  INTEGER,                    -- greatest id in it
	state    INTEGER NOT NULL DEFAULT 0  -- 0 is written to, 1 full, 2 unlisted: to be unlinked
) STRICT;

-- How many lines of each level a source wrote in a minute, by segment (0: in small
-- chunks), so that the counts go when the segment goes.
CREATE TABLE histogram (
	segment  INTEGER NOT NULL,
	minute   INTEGER NOT NULL,           -- Unix time / 60, rounded down
	source   INTEGER NOT NULL,
	unknown  INTEGER NOT NULL DEFAULT 0,
	trace    INTEGER NOT NULL DEFAULT 0,
	debug    INTEGER NOT NULL DEFAULT 0,
	info     INTEGER NOT NULL DEFAULT 0,
	warning  INTEGER NOT NULL DEFAULT 0,
	error    INTEGER NOT NULL DEFAULT 0,
	critical INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (segment, minute, source)
) STRICT, WITHOUT ROWID;

-- The same over all time: what /api/stats and /api/containers add up.
CREATE TABLE tally (
	segment  INTEGER NOT NULL,
	source   INTEGER NOT NULL,
	unknown  INTEGER NOT NULL DEFAULT 0,
	trace    INTEGER NOT NULL DEFAULT 0,
	debug    INTEGER NOT NULL DEFAULT 0,
	info     INTEGER NOT NULL DEFAULT 0,
	warning  INTEGER NOT NULL DEFAULT 0,
	error    INTEGER NOT NULL DEFAULT 0,
	critical INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (segment, source)
) STRICT, WITHOUT ROWID;

-- One file (with its rotated predecessors) that is being read.
CREATE TABLE cursor (
	key      TEXT PRIMARY KEY,           -- path of the live file
	inode    INTEGER NOT NULL,           -- of the file the offset lies in
	offset   INTEGER NOT NULL,           -- all before it is stored
	tail     INTEGER NOT NULL,           -- hash of the bytes just before the offset
	midline  INTEGER NOT NULL,           -- 1: the offset lies in a line that was too long; the rest of it is passed over
	done_out INTEGER NOT NULL,           -- records of stdout and of stderr before these offsets
	done_err INTEGER NOT NULL,           --  are stored, though the cursor waits for the other
	last_ns  INTEGER NOT NULL,           -- latest time of a record stored
	seen     INTEGER NOT NULL            -- Unix seconds: when the file was last there
) STRICT, WITHOUT ROWID;

-- What a container was doing when it was last looked at, for the lines that say it changed.
CREATE TABLE lifecycle (
	container TEXT PRIMARY KEY,          -- its id
	state    TEXT NOT NULL,              -- compared as a whole
	seen     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Single numbers.
CREATE TABLE number (
	name     TEXT PRIMARY KEY,
	value    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO number VALUES
	('next_id', 1),                      -- the next line's id
	('next_chunk', 1),                   -- the next chunk's id, at least
	('next_segment', 1),
	('low_id', 1),                       -- lines below it are hidden (MAX_ENTRIES)
	('last_pass', 0),                    -- Unix seconds: the last pass of ingest that read all there was
	('cursors_seen', 0),                 -- Unix seconds: when cursor.seen was last brought up to date
	('sources_readable', 1);             -- of LOG_SOURCES in the last pass: 0 denied, 1 read, 2 not there

-- include fcgi/common/imported.sql
