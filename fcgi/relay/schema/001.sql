-- SPDX-License-Identifier: MIT
-- The browser relay's file.

-- Keys that browsers show: public, each for one project.
CREATE TABLE dsn_key (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    public_key TEXT NOT NULL UNIQUE,          -- 32 hex digits
    project    TEXT NOT NULL,
    created_at INTEGER NOT NULL,              -- Unix seconds
    active     INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1))
) STRICT;
