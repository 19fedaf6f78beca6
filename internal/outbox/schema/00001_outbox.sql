-- +goose Up

-- One row for each origin that this outbox has been, oldest first.
CREATE TABLE chain (
    id        INTEGER PRIMARY KEY,
    origin    BLOB    NOT NULL UNIQUE,
    salt      BLOB    NOT NULL,
    agreed    INTEGER,            -- NULL: current; else given up above this number
    base      INTEGER NOT NULL,   -- facts up to this number were pruned
    base_hash BLOB    NOT NULL    -- hash of that fact; zeros for 0
) STRICT;

-- id = chain << 40 | number. The hash is SHA-256 of the bytes.
CREATE TABLE fact (
    id    INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

-- The first clock fact of each boot, kept when it is pruned: it corrects later
-- facts of that boot.
CREATE TABLE clock (
    chain  INTEGER NOT NULL,
    boot   BLOB    NOT NULL,
    number INTEGER NOT NULL,
    bytes  BLOB    NOT NULL,
    PRIMARY KEY (chain, boot)
) STRICT, WITHOUT ROWID;

CREATE TABLE mark (
    server TEXT NOT NULL,
    origin BLOB NOT NULL,
    bytes  BLOB NOT NULL,
    PRIMARY KEY (server, origin)
) STRICT, WITHOUT ROWID;

CREATE TABLE value (
    key   TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;
