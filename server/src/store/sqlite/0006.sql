-- Tokens of the administration interface. A token itself is nowhere: only its SHA-256.
CREATE TABLE admin_token (
    hash         BLOB    PRIMARY KEY,
    accessor     TEXT    NOT NULL UNIQUE,
    parent       TEXT,                    -- accessor of the token that made it
    policies     TEXT    NOT NULL,        -- names, separated by commas
    display_name TEXT    NOT NULL,
    origin       TEXT    NOT NULL,        -- what made it: a path, or a command
    made_at      INTEGER NOT NULL,        -- seconds since 1970, here and below
    ttl          INTEGER NOT NULL,        -- seconds for which it was made; 0: without end
    expires_at   INTEGER,
    ends_at      INTEGER,                 -- beyond which nothing renews it
    renewable    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX admin_token_parent ON admin_token (parent);
