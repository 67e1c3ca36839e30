-- What `monlight import` has taken over from the original Monlight, so that doing it again
-- changes nothing and goes on where it was ended.
CREATE TABLE imported (
    what  TEXT NOT NULL,                      -- kind of thing
    key   INTEGER NOT NULL,                   -- hash of what tells it from others of the kind
    value INTEGER NOT NULL,                   -- how much of it
    PRIMARY KEY (what, key)
) STRICT, WITHOUT ROWID;
