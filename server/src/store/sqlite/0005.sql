-- Scopes, roles and credentials that were made through the administration interface.
CREATE TABLE directory_scope (
    name    TEXT    PRIMARY KEY,
    made_at INTEGER NOT NULL             -- seconds since 1970, here and below
) STRICT, WITHOUT ROWID;
-- A role's scope may be one that the configuration declares.
CREATE TABLE role (
    scope    TEXT NOT NULL,
    name     TEXT NOT NULL,
    document TEXT NOT NULL,              -- JSON
    PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;
-- Certificates that were issued to clients, until long after they expire: who is revoked stays so.
CREATE TABLE credential (
    certificate_sha256 BLOB    PRIMARY KEY,
    serial             BLOB    NOT NULL UNIQUE,
    scope              TEXT    NOT NULL,
    role               TEXT    NOT NULL,
    certificate        BLOB    NOT NULL, -- DER
    made_at            INTEGER NOT NULL,
    not_after          INTEGER NOT NULL,
    revoked_at         INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX credential_of_role ON credential (scope, role);
