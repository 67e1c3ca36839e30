-- SPDX-License-Identifier: MIT
-- The browser relay's file.

-- Keys that browsers show: public, each for one project.
CREATE TABLE dsn_key (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    public_key   TEXT NOT NULL UNIQUE,        -- 32 hex digits; those of DSN_KEYS are free text
    project      TEXT NOT NULL,
    created_at   INTEGER NOT NULL,            -- Unix seconds
    active       INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    origins      TEXT,                        -- comma-separated; null: those of CORS_ORIGINS alone
    last_used_at INTEGER,                     -- Unix seconds; null: never
    errors       INTEGER NOT NULL DEFAULT 0,  -- reports taken
    points       INTEGER NOT NULL DEFAULT 0   -- metrics taken
) STRICT;
CREATE INDEX dsn_key_origins ON dsn_key (origins) WHERE active = 1 AND origins IS NOT NULL;

-- Source maps as they were uploaded, for one minified file of a release each.
CREATE TABLE source_map (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    project     TEXT NOT NULL,
    release     TEXT NOT NULL,
    file_url    TEXT NOT NULL,                -- as given
    path        TEXT NOT NULL,                -- the same without origin, query and fragment
    debug_id    TEXT,                         -- lower case; null: the map has none
    uploaded_at INTEGER NOT NULL,             -- Unix seconds
    bytes       INTEGER NOT NULL,             -- of the map as it came
    UNIQUE (project, release, file_url)
) STRICT;
CREATE INDEX source_map_path ON source_map (project, path, release, id);
CREATE INDEX source_map_debug_id ON source_map (project, debug_id, id) WHERE debug_id IS NOT NULL;
CREATE INDEX source_map_uploaded ON source_map (uploaded_at);

-- What a map consists of, so that a position is found without reading all of it.
CREATE TABLE source_map_part (
    map_id INTEGER NOT NULL REFERENCES source_map (id) ON DELETE CASCADE,
    kind   INTEGER NOT NULL,                  -- enum part of map_store.h
    number INTEGER NOT NULL,                  -- of a block: where it starts; else a number
    data   BLOB NOT NULL                      -- zstd
) STRICT;
CREATE UNIQUE INDEX source_map_part_place ON source_map_part (map_id, kind, number);

-- What tracker or collector could not take when it came.
CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    destination INTEGER NOT NULL,             -- enum destination of outbox.h
    created_at  INTEGER NOT NULL,             -- Unix seconds
    event       TEXT NOT NULL,                -- event_id or Idempotency-Key of every attempt
    attempts    INTEGER NOT NULL DEFAULT 0,   -- that this one item made fail
    next_at     INTEGER NOT NULL DEFAULT 0,   -- Unix seconds
    body        BLOB NOT NULL                 -- zstd
) STRICT;
CREATE INDEX outbox_order ON outbox (destination, id);
CREATE INDEX outbox_due ON outbox (destination, next_at);

-- What became of it, a row a destination.
CREATE TABLE outbox_total (
    destination INTEGER PRIMARY KEY,
    waiting     INTEGER NOT NULL DEFAULT 0,
    bytes       INTEGER NOT NULL DEFAULT 0,   -- of the bodies that wait
    queued      INTEGER NOT NULL DEFAULT 0,   -- since the file was made, as are the rest
    delivered   INTEGER NOT NULL DEFAULT 0,
    refused     INTEGER NOT NULL DEFAULT 0,   -- by the destination, as no valid report
    expired     INTEGER NOT NULL DEFAULT 0,   -- dropped for their age
    turned_away INTEGER NOT NULL DEFAULT 0    -- not taken, the outbox being full
) STRICT;
INSERT INTO outbox_total (destination) VALUES (0), (1);
