-- The alert queue: in every database whose service alerts.  A row is written in the
-- transaction that caused it; monlight-deliver carries it to each channel.
CREATE TABLE alert (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	created_at INTEGER NOT NULL,           -- Unix seconds
	kind       TEXT NOT NULL,              -- new, regression, spike, rule, digest, test
	subject_id INTEGER NOT NULL DEFAULT 0, -- the error or rule it is about; 0: none
	title      TEXT NOT NULL,              -- one line
	content    TEXT NOT NULL,              -- JSON (alert.h) for as long as it may be sent; then empty
	state      TEXT NOT NULL DEFAULT 'new' -- new: not yet looked at; held: for the digest;
		CHECK (state IN ('new', 'held', 'digested', 'sending', 'done')),
	digest_id  INTEGER NOT NULL DEFAULT 0  -- the digest that told of it
) STRICT;
CREATE INDEX alert_state ON alert (state, id);
CREATE INDEX alert_created ON alert (created_at);

-- One row for each channel an alert goes to; its outcome is shown by GET /api/alerts.
CREATE TABLE alert_delivery (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	alert_id INTEGER NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
	channel  TEXT NOT NULL,                -- as alert_channels.h names it: "mail ops@example.com"
	state    TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed')),
	attempts INTEGER NOT NULL DEFAULT 0,
	next_at  INTEGER NOT NULL,             -- Unix seconds of the next attempt
	done_at  INTEGER,                      -- when it was sent or given up
	detail   TEXT                          -- what the last attempt said
) STRICT;
CREATE INDEX alert_delivery_due ON alert_delivery (state, next_at);
CREATE INDEX alert_delivery_alert ON alert_delivery (alert_id);
