-- +goose Up

-- The same rollups by month, so that a quarter of the province is three rows a
-- cell and not ninety. Whoever writes a day writes its month in the
-- same transaction. month: survey.Day of its first day.
CREATE TABLE cell_month (
  cell    INTEGER NOT NULL,
  month   INTEGER NOT NULL,
  s1 INTEGER NOT NULL, s2 INTEGER NOT NULL, s3 INTEGER NOT NULL, s4 INTEGER NOT NULL, s5 INTEGER NOT NULL,
  kiosk   INTEGER NOT NULL,
  receipt INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  PRIMARY KEY (cell, month)
) WITHOUT ROWID;

CREATE TABLE dossier_month (
  unit     INTEGER NOT NULL,
  service  INTEGER NOT NULL,
  month    INTEGER NOT NULL,
  dossiers INTEGER NOT NULL,
  rated    INTEGER NOT NULL,
  PRIMARY KEY (unit, service, month)
) WITHOUT ROWID;

CREATE TABLE walkin_month (
  desk  INTEGER NOT NULL,
  month INTEGER NOT NULL,
  n     INTEGER NOT NULL,
  PRIMARY KEY (desk, month)
) WITHOUT ROWID;

CREATE TABLE return_month (
  unit    INTEGER NOT NULL,
  service INTEGER NOT NULL,
  month   INTEGER NOT NULL,
  early   INTEGER NOT NULL,
  ontime  INTEGER NOT NULL,
  late    INTEGER NOT NULL,
  nodue   INTEGER NOT NULL,
  PRIMARY KEY (unit, service, month)
) WITHOUT ROWID;

-- What there is already. 2440587.5 is 1970-01-01 as a Julian day.
INSERT INTO cell_month
SELECT cell, CAST(julianday(day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER) AS month,
  sum(s1), sum(s2), sum(s3), sum(s4), sum(s5), sum(kiosk), sum(receipt), sum(changed) FROM cell_day GROUP BY cell, month;
INSERT INTO dossier_month
SELECT unit, service, CAST(julianday(day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER) AS month,
  sum(dossiers), sum(rated) FROM dossier_day GROUP BY unit, service, month;
INSERT INTO walkin_month
SELECT desk, CAST(julianday(day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER) AS month,
  sum(s1 + s2 + s3 + s4 + s5) FROM walkin_day GROUP BY desk, month;
INSERT INTO return_month
SELECT unit, service, CAST(julianday(day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER) AS month,
  sum(early), sum(ontime), sum(late), sum(nodue) FROM return_day GROUP BY unit, service, month;

-- +goose Down
SELECT 1;
