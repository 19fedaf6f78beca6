-- +goose Up

-- Accounts of people and programs, as the latest fact of each holds. Name,
-- password hash and the like are words, kept elsewhere, where they can be erased.
CREATE TABLE account (
  id     BLOB PRIMARY KEY,   -- 16 bytes
  login  BLOB NOT NULL,      -- HMAC of the sign-in name, 32 bytes; empty: a program
  role   INTEGER NOT NULL,   -- access.Role
  unit   TEXT NOT NULL,
  desk   TEXT NOT NULL,
  off    INTEGER NOT NULL,   -- 1: it lets nobody in
  digest BLOB NOT NULL,      -- SHA-256 of the sealed words
  size   INTEGER NOT NULL,   -- of the sealed words, in bytes
  fact   INTEGER NOT NULL,   -- the one that holds
  since  INTEGER NOT NULL    -- its wall time, Unix ms
) WITHOUT ROWID;
CREATE INDEX account_login ON account (login);

-- Who changed what: table fact has the facts of which an act speaks, right
-- before it.
CREATE TABLE act (
  fact    INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,  -- wall time of the server that recorded it, Unix ms
  account BLOB NOT NULL,     -- 16 bytes; empty: nobody's account
  via     INTEGER NOT NULL,  -- fact.ViaPage …
  action  TEXT NOT NULL,
  subject TEXT NOT NULL,
  facts   INTEGER NOT NULL,  -- how many facts right before it it speaks of
  digest  BLOB NOT NULL,     -- SHA-256 of the sealed words
  size    INTEGER NOT NULL
);
CREATE INDEX act_at ON act (at);

-- Words that are to be kept nowhere any more.
CREATE TABLE erased (
  digest BLOB NOT NULL,      -- 32 bytes
  fact   INTEGER NOT NULL,
  reason INTEGER NOT NULL,   -- fact.ErasedOnRequest …
  PRIMARY KEY (digest, fact)
) WITHOUT ROWID;

-- Signed states of the servers' logs of facts.
CREATE TABLE checkpoint (
  fact INTEGER PRIMARY KEY,
  log  BLOB NOT NULL,        -- 16 bytes
  size INTEGER NOT NULL,     -- leaves
  root BLOB NOT NULL,        -- 32 bytes
  note BLOB NOT NULL,        -- the signed text
  at   INTEGER NOT NULL      -- wall time of the server, Unix ms
);
CREATE INDEX checkpoint_log ON checkpoint (log, size);

-- Runs of an origin's numbers whose ratings do not count, as the latest fact
-- about each run says. A rating is void where any run that was not lifted has it.
CREATE TABLE void (
  origin BLOB NOT NULL,      -- 16 bytes
  first  INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  lift   INTEGER NOT NULL,   -- 1: they count again
  reason TEXT NOT NULL,
  fact   INTEGER NOT NULL,   -- the one that holds
  at     INTEGER NOT NULL,   -- its wall time, Unix ms
  PRIMARY KEY (origin, first, last)
) WITHOUT ROWID;

-- Void ratings that would compete in their ballots if they were not void.
CREATE TABLE voided (
  fact    INTEGER PRIMARY KEY,
  unit    INTEGER NOT NULL,  -- place: settling authority; 0: a walk-in's
  desk    INTEGER NOT NULL,  -- place: receiving desk; 0 none
  service INTEGER NOT NULL,  -- 0: a walk-in's
  day     INTEGER NOT NULL   -- survey.Day of the rating
);

-- And their numbers.
CREATE TABLE void_day (
  day     INTEGER NOT NULL,
  unit    INTEGER NOT NULL,
  service INTEGER NOT NULL,
  desk    INTEGER NOT NULL,
  n       INTEGER NOT NULL,
  PRIMARY KEY (day, unit, service, desk)
) WITHOUT ROWID;

-- Runs of facts in the order in which they came into table fact: a row is what
-- one transaction took up of one origin. Depends on arrival: in no digest. After
-- a fork the facts from the branch on come a second time, with other hashes.
CREATE TABLE arrival (
  seq   INTEGER PRIMARY KEY AUTOINCREMENT,
  oid   INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last  INTEGER NOT NULL
);
INSERT INTO arrival(oid, first, last) SELECT oid, 1, head FROM origin WHERE head > 0 ORDER BY oid;

-- When a text was written: corrected Unix ms; 0: not dated yet. Its words are
-- kept for a number of days from then. The program fills it for what there is.
ALTER TABLE text ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX text_undated ON text (fact) WHERE at = 0;
CREATE INDEX text_digest ON text (digest) WHERE digest <> x'';

-- +goose Down
SELECT 1;
