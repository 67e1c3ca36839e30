# SPDX-License-Identifier: MIT
"""Databases of the original Monlight as its services leave them behind: tables, indexes, text."""

import sqlite3
from datetime import UTC, datetime

ERRORS = """
CREATE TABLE _meta (key TEXT PRIMARY KEY, value TEXT);
INSERT INTO _meta VALUES ('schema_version', '4');
CREATE TABLE errors (id INTEGER PRIMARY KEY AUTOINCREMENT, fingerprint VARCHAR(32) NOT NULL,
    project VARCHAR(100) NOT NULL, exception_type VARCHAR(200) NOT NULL, message TEXT NOT NULL,
    traceback TEXT NOT NULL, count INTEGER NOT NULL DEFAULT 1, first_seen DATETIME, last_seen DATETIME,
    resolved BOOLEAN NOT NULL DEFAULT 0, resolved_at DATETIME);
CREATE TABLE error_occurrences (id INTEGER PRIMARY KEY AUTOINCREMENT,
    error_id INTEGER NOT NULL REFERENCES errors(id) ON DELETE CASCADE, timestamp DATETIME,
    request_url VARCHAR(500), request_method VARCHAR(10), request_headers TEXT,
    user_id VARCHAR(100), extra TEXT, traceback TEXT NOT NULL);
CREATE INDEX idx_fingerprint_resolved ON errors(fingerprint, resolved);
CREATE INDEX idx_occurrence_error_id ON error_occurrences(error_id);
"""
LOGS = """
CREATE TABLE _meta (key TEXT PRIMARY KEY, value TEXT);
INSERT INTO _meta VALUES ('schema_version', '4');
CREATE TABLE log_entries (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp DATETIME,
    container VARCHAR(200), stream VARCHAR(10) DEFAULT 'stdout', level VARCHAR(10) DEFAULT 'INFO',
    message TEXT, raw TEXT);
CREATE VIRTUAL TABLE log_entries_fts USING fts5(message, content=log_entries, content_rowid=id);
CREATE TRIGGER log_entries_ai AFTER INSERT ON log_entries BEGIN
    INSERT INTO log_entries_fts(rowid, message) VALUES (new.id, new.message); END;
CREATE TABLE cursors (id INTEGER PRIMARY KEY, container_id VARCHAR(200) UNIQUE, file_path TEXT,
    position INTEGER DEFAULT 0, inode INTEGER DEFAULT 0, updated_at DATETIME);
"""
METRICS = """
CREATE TABLE _meta (key TEXT PRIMARY KEY, value TEXT);
INSERT INTO _meta VALUES ('schema_version', '6');
CREATE TABLE metrics_raw (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp DATETIME,
    name VARCHAR(200), labels TEXT, value REAL, type VARCHAR(20), project VARCHAR(100));
CREATE TABLE metrics_aggregated (id INTEGER PRIMARY KEY AUTOINCREMENT, bucket DATETIME,
    resolution VARCHAR(10), name VARCHAR(200), labels TEXT, count INTEGER, sum REAL, min REAL,
    max REAL, avg REAL, p50 REAL, p95 REAL, p99 REAL, project VARCHAR(100));
CREATE INDEX idx_raw_name_timestamp ON metrics_raw(name, timestamp);
CREATE INDEX idx_agg_name_resolution_bucket ON metrics_aggregated(name, resolution, bucket);
"""
RELAY = """
CREATE TABLE _meta (key TEXT PRIMARY KEY, value TEXT);
INSERT INTO _meta VALUES ('schema_version', '3');
CREATE TABLE dsn_keys (id INTEGER PRIMARY KEY AUTOINCREMENT, public_key VARCHAR(64) UNIQUE,
    project VARCHAR(100), created_at DATETIME, active BOOLEAN DEFAULT 1);
CREATE TABLE source_maps (id INTEGER PRIMARY KEY AUTOINCREMENT, project VARCHAR(100),
    release VARCHAR(100), file_url VARCHAR(500), map_content TEXT, uploaded_at DATETIME,
    UNIQUE(project, release, file_url));
"""


def stamp(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Original:
    """The four files in a directory; rows by add()."""

    def __init__(self, directory):
        self.directory = directory
        self.files = {}
        for name, schema in (
            ("errors", ERRORS),
            ("logs", LOGS),
            ("metrics", METRICS),
            ("browser-relay", RELAY),
        ):
            database = sqlite3.connect(directory / f"{name}.db")
            database.execute("PRAGMA journal_mode=WAL")
            database.executescript(schema)
            self.files[name] = database

    def add(self, file, table, **columns):
        """Adds a row; returns its id."""
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        database = self.files[file]
        cursor = database.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})", list(columns.values())
        )
        database.commit()
        return cursor.lastrowid

    def close(self):
        for database in self.files.values():
            database.close()
