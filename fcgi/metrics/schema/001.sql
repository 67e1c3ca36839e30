-- The metrics collector's database.  Times are Unix seconds unless a column says
-- otherwise.  A point that was accepted lies in exactly one place at a time: in a
-- batch that is not compacted yet, in open_point, or in the tiers.

-- Tenants; one of them may be without a name.
CREATE TABLE project (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL UNIQUE,
	series INTEGER NOT NULL DEFAULT 0   -- of all its metrics: what the cap is compared with
) STRICT;

-- A name with two types is two metrics.
CREATE TABLE metric (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	type INTEGER NOT NULL CHECK (type BETWEEN 0 AND 2), -- enum metric_type
	project INTEGER NOT NULL REFERENCES project,
	series INTEGER NOT NULL DEFAULT 0,  -- what the cap is compared with
	last_seen INTEGER NOT NULL,         -- when a point of it was last compacted, or it was made
	UNIQUE (name, type, project)
) STRICT;
CREATE INDEX metric_project ON metric(project);

-- A set of labels of a metric.  Ids are never reused: batches and caches name series by them.
CREATE TABLE series (
	id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id < 1 << 31), -- the upper half of a tier's key
	metric INTEGER NOT NULL REFERENCES metric,
	labels TEXT NOT NULL,               -- canonical JSON; empty for the total of the metric, see the tiers
	last_seen INTEGER NOT NULL,         -- as above, to the hour
	UNIQUE (metric, labels)
) STRICT;

-- Accepted batches in the order of their arrival.
CREATE TABLE batch (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	received INTEGER NOT NULL,
	points INTEGER NOT NULL,
	data BLOB NOT NULL                  -- points.h
) STRICT;

-- What was answered to a batch with an Idempotency-Key.
CREATE TABLE answered (
	key TEXT PRIMARY KEY,
	received INTEGER NOT NULL,
	count INTEGER NOT NULL,
	dropped INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX answered_received ON answered(received);

-- Points with an id: of each the last value counts, so they wait here, out of the
-- tiers, until RETENTION_RAW after they were first seen.
CREATE TABLE open_point (
	series INTEGER NOT NULL,
	id INTEGER NOT NULL,                -- a hash of what the client called it
	time INTEGER NOT NULL,              -- milliseconds
	value REAL NOT NULL,
	since INTEGER NOT NULL,             -- when the first value arrived
	PRIMARY KEY (series, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX open_point_since ON open_point(since);

-- The tiers.  key is the series shifted left by 32 plus the start of the bucket in
-- minutes, so that the rows of a series lie together.  Beside every set of labels
-- the metric itself has a row: its total, so that a question about all of them
-- reads one series.
CREATE TABLE minute (
	key INTEGER PRIMARY KEY,
	count INTEGER NOT NULL,
	sum REAL NOT NULL,
	min REAL NOT NULL,
	max REAL NOT NULL,
	last REAL NOT NULL,                 -- the value with the latest time
	last_at INTEGER NOT NULL,           -- that time, in milliseconds
	sketch BLOB                         -- sketch.h; only of histograms
) STRICT;
CREATE TABLE hour (
	key INTEGER PRIMARY KEY,
	count INTEGER NOT NULL,
	sum REAL NOT NULL,
	min REAL NOT NULL,
	max REAL NOT NULL,
	last REAL NOT NULL,
	last_at INTEGER NOT NULL,
	sketch BLOB
) STRICT;
CREATE TABLE day (
	key INTEGER PRIMARY KEY,
	count INTEGER NOT NULL,
	sum REAL NOT NULL,
	min REAL NOT NULL,
	max REAL NOT NULL,
	last REAL NOT NULL,
	last_at INTEGER NOT NULL,
	sketch BLOB
) STRICT;

-- How many points arrived in which hour, as far as they are compacted.
CREATE TABLE arrived (
	hour INTEGER PRIMARY KEY,           -- its start
	points INTEGER NOT NULL
) STRICT;

-- How far the work has come; one row.
CREATE TABLE state (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	watermark INTEGER NOT NULL,         -- batches up to this id are compacted
	hours_to INTEGER NOT NULL,          -- up to here hour has all that minute has
	days_to INTEGER NOT NULL,           -- up to here day has all that hour has
	compacted_at INTEGER,               -- when a pass last ended
	series INTEGER NOT NULL,            -- of all projects: what the cap is compared with
	generation INTEGER NOT NULL         -- counts removals of series: caches before them are void
) STRICT;
INSERT INTO state VALUES (1, 0, 0, 0, NULL, 0, 0);

-- What the variables METRIC_ALERT_n have come to.
CREATE TABLE rule (
	text TEXT PRIMARY KEY,              -- of the variable
	state INTEGER NOT NULL,             -- enum watch_state
	since INTEGER NOT NULL,             -- of the state
	value REAL,                         -- when it was last computed; null: no data
	checked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the rules tell.
-- include fcgi/common/alert.sql

-- include fcgi/common/imported.sql
