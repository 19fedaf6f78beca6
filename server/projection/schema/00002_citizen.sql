-- +goose Up

-- Versions of what is asked: claims, as the organisation's things are.
CREATE TABLE questionnaire (
  version  INTEGER PRIMARY KEY,
  since    INTEGER NOT NULL,  -- survey.Day from which it is shown; 0 always
  document BLOB NOT NULL      -- JSON, for survey.ParseQuestionnaire
);

-- Words that were written in a sitting, by their digest; the words themselves
-- are kept elsewhere, where they can be erased. A sitting is an origin's
-- session; of one purpose, its last text holds, unless it took the words back.
-- A comment holds only while the rating that counts is of the same sitting.
CREATE TABLE text (
  fact    INTEGER PRIMARY KEY,
  ballot  INTEGER NOT NULL,
  session BLOB NOT NULL,             -- 16 bytes
  purpose INTEGER NOT NULL,          -- survey.Purpose
  digest  BLOB NOT NULL,             -- 32 bytes; empty: taken back
  size    INTEGER NOT NULL,          -- bytes of the sealed words
  holds   INTEGER NOT NULL DEFAULT 0 -- 1: it holds
);

-- 1: texts or withdrawals are about the ballot, so that a rating of it is not
-- simply the latest.
ALTER TABLE ballot ADD COLUMN beside INTEGER NOT NULL DEFAULT 0;

-- +goose Down
SELECT 1;
