-- SPDX-License-Identifier: MIT
-- The error tracker's file.
--
-- A report belongs to a grouping key, (project, mechanism, key), and a key belongs
-- to an error, the issue people see.  Every number hangs on the key; an error is the
-- sum of its keys.  So moving a key to another error moves its numbers, exactly.
--
-- Times are Unix seconds.  Ids are never reused.

-- An issue.  What lists filter and sort by is kept here, indexed; the rest is summed.
CREATE TABLE error (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    project      TEXT NOT NULL,
    type         TEXT NOT NULL,
    message      TEXT NOT NULL,               -- of the first report, at most 4 KiB of it
    status       INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 2),  -- enum error_status
    resolved_at  INTEGER,                     -- when it was resolved; null otherwise
    level        INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4),  -- enum level, of the last report
    browser      INTEGER NOT NULL CHECK (browser BETWEEN 0 AND 1), -- once a browser reported it, for ever
    first_seen   INTEGER NOT NULL,            -- the least of its keys
    last_seen    INTEGER NOT NULL,            -- the greatest of its keys
    rank         INTEGER NOT NULL,            -- count_rank() of the sum of its keys' counts
    keys         INTEGER NOT NULL DEFAULT 1,  -- how many keys it has
    ignored_until    INTEGER,                 -- an ignored one comes back then; null: no end is set
    ignored_count    INTEGER,                 -- or with so many reports; null: with none
    ignored_minutes  INTEGER,                 -- in so many minutes
    resolved_release TEXT,                    -- reports of it and of earlier ones do not reopen
    spike_at     INTEGER NOT NULL DEFAULT 0,  -- when people were last told that it comes often
    environments TEXT NOT NULL DEFAULT '[]'   -- names of its environments, a JSON array
) STRICT;

-- A list walks one of these ranges per status and source and merges them.
CREATE INDEX error_last ON error (status, browser, last_seen);
CREATE INDEX error_first ON error (status, browser, first_seen);
CREATE INDEX error_rank ON error (status, browser, rank);
CREATE INDEX error_project_last ON error (project, status, browser, last_seen);
CREATE INDEX error_project_first ON error (project, status, browser, first_seen);
CREATE INDEX error_project_rank ON error (project, status, browser, rank);
-- Most errors have level 3, error; a filter by another level walks only its own.
CREATE INDEX error_level_last ON error (level, status, last_seen) WHERE level <> 3;
CREATE INDEX error_resolved ON error (resolved_at) WHERE resolved_at IS NOT NULL;

-- What makes reports equal.
CREATE TABLE error_key (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    error_id   INTEGER NOT NULL,
    project    TEXT NOT NULL,
    mechanism  TEXT NOT NULL,                 -- m0: the MD5 fingerprint; given: the report brought its own
    key        TEXT NOT NULL,                 -- 32 hex digits
    count      INTEGER NOT NULL,              -- equal reports, as their senders counted them
    reports    INTEGER NOT NULL,              -- reports received: gives an occurrence its slot
    users      INTEGER NOT NULL DEFAULT 0,    -- rows of user_seen
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    level      INTEGER NOT NULL,              -- enum level, of its last report
    browser    INTEGER NOT NULL,              -- once a browser reported it, for ever
    type       TEXT,                          -- of its first report, and the message; null as
    message    TEXT,                          -- long as its error was never merged and says so
    UNIQUE (project, mechanism, key)
) STRICT;
CREATE INDEX error_key_error ON error_key (error_id);

-- The first and the last reports of a key.  A slot is overwritten in place.
CREATE TABLE occurrence (
    slot    INTEGER PRIMARY KEY,              -- key * 256 + n: the first from 0, the last, a ring, from 128
    id      INTEGER NOT NULL,                 -- the microsecond it arrived in: unique, ascending
    at      INTEGER NOT NULL,                 -- when it happened
    payload BLOB NOT NULL                     -- zstd; the members of a JSON object, without its braces
) STRICT;

-- A key's count for each hour of a day (of UTC).
CREATE TABLE day (
    key_id INTEGER NOT NULL,
    day    INTEGER NOT NULL,                  -- days since 1970
    h0  INTEGER NOT NULL DEFAULT 0, h1  INTEGER NOT NULL DEFAULT 0, h2  INTEGER NOT NULL DEFAULT 0,
    h3  INTEGER NOT NULL DEFAULT 0, h4  INTEGER NOT NULL DEFAULT 0, h5  INTEGER NOT NULL DEFAULT 0,
    h6  INTEGER NOT NULL DEFAULT 0, h7  INTEGER NOT NULL DEFAULT 0, h8  INTEGER NOT NULL DEFAULT 0,
    h9  INTEGER NOT NULL DEFAULT 0, h10 INTEGER NOT NULL DEFAULT 0, h11 INTEGER NOT NULL DEFAULT 0,
    h12 INTEGER NOT NULL DEFAULT 0, h13 INTEGER NOT NULL DEFAULT 0, h14 INTEGER NOT NULL DEFAULT 0,
    h15 INTEGER NOT NULL DEFAULT 0, h16 INTEGER NOT NULL DEFAULT 0, h17 INTEGER NOT NULL DEFAULT 0,
    h18 INTEGER NOT NULL DEFAULT 0, h19 INTEGER NOT NULL DEFAULT 0, h20 INTEGER NOT NULL DEFAULT 0,
    h21 INTEGER NOT NULL DEFAULT 0, h22 INTEGER NOT NULL DEFAULT 0, h23 INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (key_id, day)
) STRICT, WITHOUT ROWID;

-- What people, and reports, have made of an error.
CREATE TABLE history (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    error_id INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    action   TEXT NOT NULL,                   -- resolve, reopen, ignore, merge, unmerge
    who      TEXT NOT NULL,                   -- key, session, report
    detail   TEXT                             -- on what terms, with which errors
) STRICT;
CREATE INDEX history_error ON history (error_id);

-- What a key counts in each of the last minutes, where a spike or the terms on which
-- its error is ignored ask for it.
CREATE TABLE minute (
    key_id INTEGER NOT NULL,
    minute INTEGER NOT NULL,                  -- minutes since 1970
    count  INTEGER NOT NULL,
    PRIMARY KEY (key_id, minute)
) STRICT, WITHOUT ROWID;

-- What a list can be narrowed to: an environment of a project, an environment of
-- all projects, a release, a release in an environment.  Empty text means any.
CREATE TABLE scope (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    project     TEXT NOT NULL,
    environment TEXT NOT NULL,
    release     TEXT NOT NULL,
    UNIQUE (project, environment, release)
) STRICT;

-- A key within a scope: what it counts there, and where it stands in the scope's lists.
CREATE TABLE facet (
    key_id     INTEGER NOT NULL,
    scope_id   INTEGER NOT NULL,
    status     INTEGER NOT NULL,              -- of the error, kept by a trigger
    count      INTEGER NOT NULL,
    rank       INTEGER NOT NULL,              -- count_rank() of what the error counts there
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    PRIMARY KEY (key_id, scope_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX facet_last ON facet (scope_id, status, last_seen, key_id);
CREATE INDEX facet_first ON facet (scope_id, status, first_seen, key_id);
CREATE INDEX facet_rank ON facet (scope_id, status, rank, key_id);

-- How often a key came with a tag.  The name with an empty value counts what the
-- limits of names and values left out.
CREATE TABLE tag (
    key_id INTEGER NOT NULL,
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (key_id, name, value)
) STRICT, WITHOUT ROWID;

-- Whom a key hit, and in which sessions: hashes of 64 bits, not the names.
CREATE TABLE user_seen (
    key_id INTEGER NOT NULL,
    user   INTEGER NOT NULL,
    PRIMARY KEY (key_id, user)
) STRICT, WITHOUT ROWID;
CREATE TABLE session_seen (
    session INTEGER NOT NULL,
    key_id  INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (session, key_id)
) STRICT, WITHOUT ROWID;

-- Reports that carried an event_id, with the answer they got, so that a repetition
-- gets it again.
CREATE TABLE event (
    event    INTEGER PRIMARY KEY,             -- hash of project and event_id
    at       INTEGER NOT NULL,
    error_id INTEGER NOT NULL,
    outcome  INTEGER NOT NULL,                -- enum outcome
    count    INTEGER NOT NULL
) STRICT;

-- How many errors there are of each kind: totals of lists and the names of projects.
CREATE TABLE tally (
    project TEXT NOT NULL,
    status  INTEGER NOT NULL,
    browser INTEGER NOT NULL,
    level   INTEGER NOT NULL,
    errors  INTEGER NOT NULL,
    PRIMARY KEY (project, status, browser, level)
) STRICT, WITHOUT ROWID;

-- An error that was merged away, and the key that stands for it: old links lead where
-- the key is, and the error that is made of the key again gets its id back.
CREATE TABLE merged (
    id       INTEGER PRIMARY KEY,             -- in the order of the merging
    error_id INTEGER NOT NULL UNIQUE,
    key_id   INTEGER NOT NULL
) STRICT;
CREATE INDEX merged_key ON merged (key_id);

-- Words of type and message of the first report of each key, so that an error is found by
-- all that was merged into it.  Whoever adds or deletes a key does so here as well: a schema
-- that is not trusted may not reach a virtual table from a trigger.
CREATE VIEW error_words AS
    SELECT k.id AS key_id, k.error_id, coalesce(k.type, e.type) AS type,
        coalesce(k.message, e.message) AS message
    FROM error_key k CROSS JOIN error e ON e.id = k.error_id;
CREATE VIRTUAL TABLE error_fts USING fts5 (
    type, message, content = 'error_words', content_rowid = 'key_id',
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);

CREATE TRIGGER error_added AFTER INSERT ON error BEGIN
    INSERT INTO tally VALUES (new.project, new.status, new.browser, new.level, 1)
        ON CONFLICT DO UPDATE SET errors = errors + 1;
END;
CREATE TRIGGER error_changed AFTER UPDATE OF project, status, browser, level ON error BEGIN
    UPDATE tally SET errors = errors - 1 WHERE project = old.project AND status = old.status
        AND browser = old.browser AND level = old.level;
    INSERT INTO tally VALUES (new.project, new.status, new.browser, new.level, 1)
        ON CONFLICT DO UPDATE SET errors = errors + 1;
    UPDATE facet SET status = new.status WHERE status <> new.status
        AND key_id IN (SELECT id FROM error_key WHERE error_id = new.id);
END;
CREATE TRIGGER error_gone AFTER DELETE ON error BEGIN
    UPDATE tally SET errors = errors - 1 WHERE project = old.project AND status = old.status
        AND browser = old.browser AND level = old.level;
    DELETE FROM error_key WHERE error_id = old.id;
    DELETE FROM history WHERE error_id = old.id;
END;
-- Merging: the error's state is the key's now.  What came before does not count among the
-- more that may come until an ignored error is back.
CREATE TRIGGER error_key_moved AFTER UPDATE OF error_id ON error_key BEGIN
    UPDATE facet SET status = (SELECT status FROM error WHERE id = new.error_id)
        WHERE key_id = new.id AND status <> (SELECT status FROM error WHERE id = new.error_id);
    DELETE FROM minute WHERE key_id = new.id
        AND (SELECT status FROM error WHERE id = new.error_id) = 2;
END;
-- Sessions and events find no error any more, and age out.
CREATE TRIGGER error_key_gone AFTER DELETE ON error_key BEGIN
    DELETE FROM occurrence WHERE slot BETWEEN old.id * 256 AND old.id * 256 + 255;
    DELETE FROM day WHERE key_id = old.id;
    DELETE FROM minute WHERE key_id = old.id;
    DELETE FROM facet WHERE key_id = old.id;
    DELETE FROM tag WHERE key_id = old.id;
    DELETE FROM user_seen WHERE key_id = old.id;
    DELETE FROM merged WHERE key_id = old.id;
END;

-- include fcgi/common/alert.sql

-- include fcgi/common/imported.sql
