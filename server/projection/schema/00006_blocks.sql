-- +goose Up

-- What is shown of a cell: blocks of days with the figures that are shown of
-- them. A block is made of the first days of a cell that are in none, once they
-- hold five ballots; it moves only when five or more of its ballots were added
-- or changed, else together with blocks beside it, with which it is then one.
-- Blocks are never parted again. So each figure that ever was shown has at least
-- five ratings in it that were in none before, and no sum or difference of
-- figures is a single person (server/projection/block.go). Depends on arrival,
-- as `held` does: in no digest, and nothing is computed from it but what is shown.
CREATE TABLE block (
  cell    INTEGER NOT NULL,
  last    INTEGER NOT NULL,  -- survey.Day: it reaches from the day after the block before up to here
  first   INTEGER NOT NULL,  -- the earliest day on which a ballot was shown in it
  s1 INTEGER NOT NULL, s2 INTEGER NOT NULL, s3 INTEGER NOT NULL, s4 INTEGER NOT NULL, s5 INTEGER NOT NULL,
  kiosk   INTEGER NOT NULL,
  receipt INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  PRIMARY KEY (cell, last)
) WITHOUT ROWID;

-- Which ballots came into a block together: the least that can be told apart by
-- who watches a page. For the audit of breakdowns.
CREATE TABLE batch (
  cell    INTEGER NOT NULL,
  last    INTEGER NOT NULL,  -- block
  number  INTEGER NOT NULL,  -- 1, 2, 3 … in the block
  ballots BLOB NOT NULL,     -- ids in order: the first, then each one's distance from the one before, as uvarints
  PRIMARY KEY (cell, last, number)
) WITHOUT ROWID;

-- The rating of a held ballot, as it is and as it is still shown.
ALTER TABLE held ADD COLUMN now_rating INTEGER NOT NULL DEFAULT 0;
ALTER TABLE held ADD COLUMN was_rating INTEGER NOT NULL DEFAULT 0;

-- Closings in effect; their bodies are in the facts.
CREATE TABLE closing (
  fact  INTEGER PRIMARY KEY,
  since INTEGER NOT NULL,  -- survey.Day
  until INTEGER NOT NULL,  -- survey.Day after the last
  wall  INTEGER NOT NULL   -- Unix ms of the server that closed
);

-- +goose Down
SELECT 1;
