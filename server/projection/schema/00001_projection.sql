-- +goose Up

-- Row ids: a fact's id is oid << 40 | number, where oid is this database's own
-- small number for an origin. Such local numbers (oid, place, ballot id) differ
-- between servers; the digest of the projection translates them.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

-- Where the reader of the stream stands; written in the transaction of what it read.
CREATE TABLE cursor (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  stream   INTEGER NOT NULL,  -- identity: creation, Unix nanoseconds
  sequence INTEGER NOT NULL,
  digest   BLOB NOT NULL      -- SHA-256 of the message there
);

CREATE TABLE origin (
  oid       INTEGER PRIMARY KEY,
  id        BLOB NOT NULL UNIQUE,        -- 16 bytes
  public    BLOB NOT NULL,               -- 32 bytes
  salt      BLOB NOT NULL,               -- 16 bytes
  role      INTEGER NOT NULL DEFAULT 0,  -- 0 not known yet, 1 kiosk, 2 server
  name      TEXT NOT NULL DEFAULT '',
  head      INTEGER NOT NULL DEFAULT 0,  -- the chain that counts is held up to here: the watermark
  head_hash BLOB NOT NULL,
  applied   INTEGER NOT NULL DEFAULT 0,  -- and is in effect up to here (0: not admitted)
  seen      INTEGER NOT NULL DEFAULT 0   -- Unix ms by this server's clock when it last heard of it; display only
);
CREATE INDEX origin_public ON origin (public);

-- The chain of each origin that counts, without gaps from 1 to origin.head.
CREATE TABLE fact (
  id    INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
);

-- Validly signed, but not on that chain: beyond a gap (number > head), or on
-- the losing branch of a fork (number <= head).
CREATE TABLE aside (
  oid    INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hash   BLOB NOT NULL,
  prev   BLOB NOT NULL,
  bytes  BLOB NOT NULL,
  PRIMARY KEY (oid, number, hash)
) WITHOUT ROWID;

-- Signatures over heads, as the batches brought them.
CREATE TABLE seal (
  oid       INTEGER NOT NULL,
  number    INTEGER NOT NULL,
  hash      BLOB NOT NULL,
  signature BLOB NOT NULL,
  PRIMARY KEY (oid, number, hash)
) WITHOUT ROWID;

-- Facts on the chain that do not count, for a reason; judged again by a newer program.
CREATE TABLE quarantine (
  id     INTEGER PRIMARY KEY,  -- fact id
  reason TEXT NOT NULL
);

CREATE TABLE clock (
  id     INTEGER PRIMARY KEY,  -- fact id
  boot   BLOB NOT NULL,
  mono   INTEGER NOT NULL,
  server INTEGER NOT NULL
);

-- Boots of which ratings were dated by a later boot's clock fact.
CREATE TABLE estimated (
  oid  INTEGER NOT NULL,
  boot BLOB NOT NULL,
  PRIMARY KEY (oid, boot)
) WITHOUT ROWID;

-- Branches that their own device gave up, from `opened` facts wherever they stand.
CREATE TABLE withdrawal (
  origin BLOB NOT NULL,    -- 16 bytes, the earlier origin
  number INTEGER NOT NULL, -- first fact of the branch
  hash   BLOB NOT NULL,
  public BLOB NOT NULL,    -- who said so: holds only for origins of this key
  PRIMARY KEY (origin, number, hash, public)
) WITHOUT ROWID;

-- Facts about one thing of the organisation, of which the latest counts.
CREATE TABLE claim (
  kind INTEGER NOT NULL,   -- fact.Kind
  key  TEXT NOT NULL,
  fact INTEGER NOT NULL,
  PRIMARY KEY (kind, key, fact)
) WITHOUT ROWID;

CREATE TABLE place (
  id   INTEGER PRIMARY KEY,
  sort INTEGER NOT NULL,   -- 1 unit, 2 desk
  code TEXT NOT NULL,
  UNIQUE (sort, code)
);
CREATE TABLE unit_kind (code TEXT PRIMARY KEY, name TEXT NOT NULL, name_en TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE unit (
  code    TEXT PRIMARY KEY,
  id      INTEGER NOT NULL UNIQUE,  -- place
  name    TEXT NOT NULL,
  name_en TEXT NOT NULL,
  kind    TEXT NOT NULL,
  parent  TEXT NOT NULL,
  since   INTEGER NOT NULL,         -- survey.Day; 0 always
  until   INTEGER NOT NULL          -- survey.Day; 0 open
) WITHOUT ROWID;
CREATE TABLE desk (
  code    TEXT PRIMARY KEY,
  id      INTEGER NOT NULL UNIQUE,  -- place
  unit    TEXT NOT NULL,
  name    TEXT NOT NULL,
  name_en TEXT NOT NULL,
  service INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE kiosk (code TEXT PRIMARY KEY, desk TEXT NOT NULL, name TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE target (
  kind       TEXT NOT NULL,         -- kind of unit, or ''
  unit       TEXT NOT NULL,         -- or one unit's own
  service    INTEGER NOT NULL,
  since      INTEGER NOT NULL,      -- survey.Day
  operator   INTEGER NOT NULL,
  hundredths INTEGER NOT NULL,
  PRIMARY KEY (kind, unit, service, since)
) WITHOUT ROWID;
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Admissions, revocations and decisions in effect, by what they are about.
CREATE TABLE admission (
  public BLOB NOT NULL,
  fact   INTEGER NOT NULL,
  kiosk  TEXT NOT NULL,
  PRIMARY KEY (public, fact)
) WITHOUT ROWID;
CREATE TABLE revocation (
  public BLOB NOT NULL,
  fact   INTEGER NOT NULL,
  PRIMARY KEY (public, fact)
) WITHOUT ROWID;
CREATE TABLE decision (
  origin BLOB NOT NULL,
  number INTEGER NOT NULL,
  hash   BLOB NOT NULL,
  fact   INTEGER NOT NULL,
  PRIMARY KEY (origin, fact)
) WITHOUT ROWID;

-- One row a ballot: what is registered of it, and the rating that counts.
CREATE TABLE ballot (
  id        INTEGER PRIMARY KEY,
  key       BLOB NOT NULL UNIQUE,        -- 32 bytes
  kind      INTEGER NOT NULL DEFAULT 0,  -- 0 not registered (waits), 1 dossier, 2 slip, 3 walk-in
  unit      INTEGER NOT NULL DEFAULT 0,  -- place: settling authority
  desk      INTEGER NOT NULL DEFAULT 0,  -- place: receiving desk
  service   INTEGER NOT NULL DEFAULT 0,
  field     TEXT NOT NULL DEFAULT '',
  procedure TEXT NOT NULL DEFAULT '',
  officer   TEXT NOT NULL DEFAULT '',
  received  INTEGER NOT NULL DEFAULT 0,  -- Unix ms
  due       INTEGER NOT NULL DEFAULT 0,
  last      INTEGER NOT NULL DEFAULT 0,  -- Unix ms of the last event; a slip's issue
  returned  INTEGER NOT NULL DEFAULT 0,  -- Unix ms of the first return; 0 not yet
  events    BLOB NOT NULL DEFAULT x'',   -- 9 bytes each, by time: Unix ms big-endian, step
  ratings   INTEGER NOT NULL DEFAULT 0,  -- ratings in effect, counted or not
  fact      INTEGER NOT NULL DEFAULT 0,  -- fact id of the rating that counts; 0 none
  score     INTEGER NOT NULL DEFAULT 0,  -- of it; 0: nothing counts yet
  binding   INTEGER NOT NULL DEFAULT 0,
  channel   INTEGER NOT NULL DEFAULT 0,
  step      INTEGER NOT NULL DEFAULT 0,  -- of the dossier at that rating's time
  at        INTEGER NOT NULL DEFAULT 0,  -- corrected Unix ms of that rating
  first     INTEGER NOT NULL DEFAULT 0,  -- of the ballot's first rating that competes
  day       INTEGER NOT NULL DEFAULT 0,  -- survey.Day of first: the day on which it counts
  estimated INTEGER NOT NULL DEFAULT 0,  -- 1: at is estimated
  changed   INTEGER NOT NULL DEFAULT 0   -- 1: competing ratings differ in score
);

-- What waits, for the operators' page.
CREATE INDEX ballot_waiting ON ballot (id) WHERE kind = 0 AND ratings > 0;

-- Which facts are about which ballot.
CREATE TABLE entry (
  ballot INTEGER NOT NULL,
  fact   INTEGER NOT NULL,
  PRIMARY KEY (ballot, fact)
) WITHOUT ROWID;

-- Which ballot a receipt belongs to; where two facts disagree, the smaller ballot key counts.
CREATE TABLE receipt (
  hash   BLOB NOT NULL,
  fact   INTEGER NOT NULL,
  ballot INTEGER NOT NULL,
  PRIMARY KEY (hash, fact)
) WITHOUT ROWID;

-- Ratings in effect that no clock fact dates yet.
CREATE TABLE undated (
  fact   INTEGER PRIMARY KEY,
  ballot INTEGER NOT NULL
);

-- Rollups, by settling unit. carry: ballots in the open block after this day,
-- where consecutive days are merged until they hold five; 0 = a block ends here.
CREATE TABLE unit_day (
  unit    INTEGER NOT NULL,
  service INTEGER NOT NULL,
  day     INTEGER NOT NULL,
  s1 INTEGER NOT NULL, s2 INTEGER NOT NULL, s3 INTEGER NOT NULL, s4 INTEGER NOT NULL, s5 INTEGER NOT NULL,
  kiosk   INTEGER NOT NULL, phone INTEGER NOT NULL,
  receipt INTEGER NOT NULL, dossier INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  carry   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (unit, service, day)
) WITHOUT ROWID;

-- By receiving desk. w1–w5: walk-ins, which stand beside.
CREATE TABLE desk_day (
  desk    INTEGER NOT NULL,
  day     INTEGER NOT NULL,
  s1 INTEGER NOT NULL, s2 INTEGER NOT NULL, s3 INTEGER NOT NULL, s4 INTEGER NOT NULL, s5 INTEGER NOT NULL,
  w1 INTEGER NOT NULL, w2 INTEGER NOT NULL, w3 INTEGER NOT NULL, w4 INTEGER NOT NULL, w5 INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  carry   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (desk, day)
) WITHOUT ROWID;
CREATE TABLE desk_hour (
  desk INTEGER NOT NULL,
  day  INTEGER NOT NULL,
  hour INTEGER NOT NULL,  -- 0–23, of the ballot's first rating
  n    INTEGER NOT NULL,
  PRIMARY KEY (desk, day, hour)
) WITHOUT ROWID;

-- Participation: dossiers by the day of their last event (slips: of issue).
CREATE TABLE dossier_day (
  unit     INTEGER NOT NULL,
  service  INTEGER NOT NULL,
  day      INTEGER NOT NULL,
  dossiers INTEGER NOT NULL,
  rated    INTEGER NOT NULL,
  PRIMARY KEY (unit, service, day)
) WITHOUT ROWID;

-- Ballots that were added or changed since a unit's (scope 1) or a desk's
-- (scope 2) figures last moved, with what is still shown of them: fewer than
-- five a place. What people see = rollup − these ballots as they are + as shown.
-- Depends on arrival, so it is in no digest and nothing is computed from it.
CREATE TABLE held (
  scope    INTEGER NOT NULL,
  place    INTEGER NOT NULL,
  service  INTEGER NOT NULL,   -- 0 for desks
  ballot   INTEGER NOT NULL,
  now_day  INTEGER NOT NULL, now_score INTEGER NOT NULL, now_channel INTEGER NOT NULL, now_binding INTEGER NOT NULL, now_changed INTEGER NOT NULL,
  was_day  INTEGER NOT NULL, was_score INTEGER NOT NULL, was_channel INTEGER NOT NULL, was_binding INTEGER NOT NULL, was_changed INTEGER NOT NULL,
  PRIMARY KEY (scope, place, service, ballot)
) WITHOUT ROWID;

-- +goose Down
SELECT 1;
