-- Operations that go on after their request was answered, and what became of them.
CREATE TABLE pending (
    value     BLOB    PRIMARY KEY,       -- Asynchronous Correlation Value
    scope     INTEGER NOT NULL REFERENCES scope (id),
    operation INTEGER NOT NULL,
    -- waiting, running, answered, made, canceled, interrupted
    stage     INTEGER NOT NULL CHECK (stage BETWEEN 0 AND 5),
    made      TEXT,                      -- what it makes, once it is about to
    answer    BLOB,                      -- a Response Message of one item
    polled    INTEGER NOT NULL DEFAULT 0 CHECK (polled IN (0, 1)),
    until     INTEGER,                   -- how long what became of it is kept
    CHECK ((stage = 2) = (answer IS NOT NULL)),
    CHECK ((stage < 2) = (until IS NULL))
) STRICT, WITHOUT ROWID;
