-- +goose Up

-- Rollups are kept by cell: what one desk received and one unit settles, of one
-- kind of service. Each figure that is shown, of a unit or of a desk, is a sum
-- of whole blocks of cells, so that no two figures differ by fewer than five
-- ballots. The program fills these tables anew from the ballots where
-- meta.rollups says that they are those of other rules.
DROP TABLE unit_day;
DROP TABLE desk_day;
DROP TABLE held;
DELETE FROM desk_hour;
DELETE FROM dossier_day;

CREATE TABLE cell (
  id      INTEGER PRIMARY KEY,
  unit    INTEGER NOT NULL,  -- place: settling authority
  service INTEGER NOT NULL,
  desk    INTEGER NOT NULL,  -- place: receiving desk; 0 none
  UNIQUE (unit, service, desk)
);
CREATE INDEX cell_desk ON cell (desk);

-- Counted ballots by the day of their first rating. carry: ballots in the open
-- block after this day, where consecutive days are merged until they hold five;
-- 0 = a block ends here.
CREATE TABLE cell_day (
  cell    INTEGER NOT NULL,
  day     INTEGER NOT NULL,
  s1 INTEGER NOT NULL, s2 INTEGER NOT NULL, s3 INTEGER NOT NULL, s4 INTEGER NOT NULL, s5 INTEGER NOT NULL,
  kiosk   INTEGER NOT NULL,  -- given at a kiosk; the others by phone
  receipt INTEGER NOT NULL,  -- bound to a receipt or slip; the others to a dossier's code only
  changed INTEGER NOT NULL,
  carry   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (cell, day)
) WITHOUT ROWID;

-- Walk-ins by desk, which stand beside.
CREATE TABLE walkin_day (
  desk INTEGER NOT NULL,
  day  INTEGER NOT NULL,
  s1 INTEGER NOT NULL, s2 INTEGER NOT NULL, s3 INTEGER NOT NULL, s4 INTEGER NOT NULL, s5 INTEGER NOT NULL,
  PRIMARY KEY (desk, day)
) WITHOUT ROWID;

-- Timeliness: dossiers by the day of their return.
CREATE TABLE return_day (
  unit    INTEGER NOT NULL,
  service INTEGER NOT NULL,
  day     INTEGER NOT NULL,
  early   INTEGER NOT NULL,  -- before the day on which they were due
  ontime  INTEGER NOT NULL,
  late    INTEGER NOT NULL,  -- after the moment at which they were due
  nodue   INTEGER NOT NULL,  -- no date was promised
  PRIMARY KEY (unit, service, day)
) WITHOUT ROWID;

-- Counted ballots of which more is said than a score: answers to questions,
-- ticks, or a comment.
CREATE TABLE said (
  cell   INTEGER NOT NULL,
  day    INTEGER NOT NULL,
  ballot INTEGER NOT NULL,
  fact   INTEGER NOT NULL,  -- the rating
  PRIMARY KEY (cell, day, ballot)
) WITHOUT ROWID;
ALTER TABLE ballot ADD COLUMN said INTEGER NOT NULL DEFAULT 0;  -- 1: so it is of this ballot

-- Ballots that were added or changed since a cell's figures last moved, with
-- what is still shown of them: fewer than five a cell. What people see = rollup
-- − these ballots as they are + as shown. Depends on arrival, so it is in no
-- digest and nothing is computed from it.
CREATE TABLE held (
  cell     INTEGER NOT NULL,
  ballot   INTEGER NOT NULL,
  now_day  INTEGER NOT NULL, now_score INTEGER NOT NULL, now_channel INTEGER NOT NULL, now_binding INTEGER NOT NULL, now_changed INTEGER NOT NULL,
  now_fact INTEGER NOT NULL,  -- rating that says more than a score; 0 none
  was_day  INTEGER NOT NULL, was_score INTEGER NOT NULL, was_channel INTEGER NOT NULL, was_binding INTEGER NOT NULL, was_changed INTEGER NOT NULL,
  was_fact INTEGER NOT NULL,
  PRIMARY KEY (cell, ballot)
) WITHOUT ROWID;

-- +goose Down
SELECT 1;
