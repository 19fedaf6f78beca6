-- +goose Up

-- Derived: what closings published, computed anew from the facts where the file
-- is lost. month.id is this file's own.
CREATE TABLE month (
  id     INTEGER PRIMARY KEY,
  since  INTEGER NOT NULL,  -- survey.Day
  until  INTEGER NOT NULL,  -- survey.Day after the last
  origin BLOB NOT NULL,     -- of the closing that counts, 16 bytes
  number INTEGER NOT NULL,
  wall   INTEGER NOT NULL,  -- Unix ms of the server that closed
  name   TEXT NOT NULL,     -- of that server
  UNIQUE (since, until)
);

-- dim and value are package closing's By and Value; n0–n5 its N.
CREATE TABLE figure (
  unit    TEXT NOT NULL,
  service INTEGER NOT NULL,
  dim     TEXT NOT NULL,
  month   INTEGER NOT NULL,
  desk    TEXT NOT NULL,  -- of a cell; else empty
  value   TEXT NOT NULL,
  n0 INTEGER NOT NULL, n1 INTEGER NOT NULL, n2 INTEGER NOT NULL, n3 INTEGER NOT NULL, n4 INTEGER NOT NULL, n5 INTEGER NOT NULL,
  PRIMARY KEY (unit, service, dim, month, desk, value)
) WITHOUT ROWID;
CREATE INDEX figure_month ON figure (month, dim);

-- Values that were put under closing.Other.
CREATE TABLE merged (
  unit    TEXT NOT NULL,
  service INTEGER NOT NULL,
  dim     TEXT NOT NULL,
  month   INTEGER NOT NULL,
  value   TEXT NOT NULL,
  PRIMARY KEY (unit, service, dim, month, value)
) WITHOUT ROWID;
CREATE INDEX merged_month ON merged (month);

-- +goose Down
SELECT 1;
