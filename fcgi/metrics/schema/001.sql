-- SPDX-License-Identifier: MIT
-- The metrics collector's file.

-- A series: one metric of one project with one set of labels.
CREATE TABLE series (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT NOT NULL,
    name    TEXT NOT NULL,
    labels  TEXT NOT NULL,                    -- JSON, names in order
    type    TEXT NOT NULL CHECK (type IN ('counter', 'histogram', 'gauge')),
    UNIQUE (project, name, labels, type)
) STRICT;
