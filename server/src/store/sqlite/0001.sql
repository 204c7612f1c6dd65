-- Scopes and attribute names are kept once and numbered: they stand in every index entry.
CREATE TABLE scope (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE attribute_name (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- One row: the number of the last change to any object.
CREATE TABLE change (
    id  INTEGER PRIMARY KEY CHECK (id = 0),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO change (id, seq) VALUES (0, 0);

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The large columns come last: what is read often is found before the overflow pages.
CREATE TABLE object (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    scope       INTEGER NOT NULL REFERENCES scope (id),
    uid         TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    change_seq  INTEGER NOT NULL,
    phase       INTEGER NOT NULL CHECK (phase BETWEEN 0 AND 3), -- pending, live, destroying, failed
    lease_owner TEXT,
    lease_until INTEGER,
    object_type INTEGER NOT NULL,
    state       INTEGER,
    destroyed   INTEGER NOT NULL CHECK (destroyed IN (0, 1)),
    archived    INTEGER NOT NULL CHECK (archived IN (0, 1)),
    custody     INTEGER NOT NULL, -- 0 public, 1 token, 2 sealed
    key_id      BLOB,
    kek_id      BLOB,
    kcv         BLOB    NOT NULL,
    true_bits   INTEGER NOT NULL,
    due_at      INTEGER,
    attributes  BLOB    NOT NULL, -- all instances, each a TTLV Attribute
    blob        BLOB,
    CHECK ((phase IN (0, 2)) = (lease_owner IS NOT NULL AND lease_until IS NOT NULL)),
    UNIQUE (scope, uid)
) STRICT;

-- The objects a Locate can find, with all it has to know of them but their attributes.
CREATE INDEX object_found ON object (scope, id, archived, uid) WHERE phase = 1 AND destroyed = 0;
CREATE INDEX object_due ON object (scope, due_at)
    WHERE due_at IS NOT NULL AND phase = 1 AND destroyed = 0;
CREATE INDEX object_unsettled ON object (lease_until) WHERE phase IN (0, 2);

-- One row per searchable field of each attribute instance, for pending and live objects: what is
-- destroyed or failed is never located and holds no Name.
CREATE TABLE attribute (
    object INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
    name   INTEGER NOT NULL REFERENCES attribute_name (id),
    field  INTEGER NOT NULL, -- tag of the field; 0: the whole
    key    BLOB    NOT NULL, -- type and value; numbers sort by value
    idx    INTEGER NOT NULL, -- instance
    scope  INTEGER NOT NULL,
    number INTEGER,          -- the value, where it is one number: for masks
    PRIMARY KEY (object, name, field, key, idx)
) STRICT, WITHOUT ROWID;

-- The only index: each costs a page per row in every insert.
CREATE INDEX attribute_by_key ON attribute (scope, name, field, key, object, idx, number);
