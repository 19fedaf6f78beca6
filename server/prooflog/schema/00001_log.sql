-- +goose Up

-- The log of the facts in the order in which this server took them up. It may be
-- deleted: the server then begins another log, which names this one's last
-- checkpoint.
CREATE TABLE log (
  one           INTEGER PRIMARY KEY CHECK (one = 1),
  id            BLOB NOT NULL,     -- 16 random bytes
  incarnation   BLOB NOT NULL,     -- of the projection's database that it follows
  seq           INTEGER NOT NULL,  -- of that one's table arrival: taken up to here
  arrived       BLOB NOT NULL,     -- what that one says: id of the origin, first and last number
  size          INTEGER NOT NULL,  -- leaves
  previous      BLOB NOT NULL,     -- id of the log before, or empty
  previous_size INTEGER NOT NULL,  -- of its last checkpoint
  previous_root BLOB NOT NULL
);

-- Hashes of the tree by height: level l holds the nodes of height 8l, 256 of them
-- a row, 32 bytes each; only the last row of a level is shorter. Leaves are of
-- level 0. Id = level << 48 | place of the row in its level.
CREATE TABLE tile (
  id     INTEGER PRIMARY KEY,
  hashes BLOB NOT NULL
);

-- Which facts the leaves are of: consecutive numbers of one origin.
CREATE TABLE run (
  start  INTEGER PRIMARY KEY,  -- leaf of the first
  origin BLOB NOT NULL,        -- 16 bytes
  first  INTEGER NOT NULL,
  last   INTEGER NOT NULL
);
CREATE INDEX run_origin ON run (origin, first);

-- Up to which number facts of each origin were in effect at the last checkpoint.
CREATE TABLE held (
  origin BLOB PRIMARY KEY,
  number INTEGER NOT NULL
) WITHOUT ROWID;

-- +goose Down
SELECT 1;
