-- What clients are to be told of, in the order in which it happened.
CREATE TABLE outbox (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    scope   INTEGER NOT NULL REFERENCES scope (id),
    uid     TEXT    NOT NULL,
    changes BLOB                         -- a payload of Notify; absent for a new object
) STRICT;
CREATE INDEX outbox_in_order ON outbox (scope, id);
