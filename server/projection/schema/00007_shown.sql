-- +goose Up

-- Where blocks end is told by table block alone.
ALTER TABLE cell_day DROP COLUMN carry;

-- Blocks by the month in which they end: a quarter of the province is three rows
-- a cell. month: survey.Day of its first day.
CREATE TABLE block_month (
  cell    INTEGER NOT NULL,
  month   INTEGER NOT NULL,
  s1 INTEGER NOT NULL, s2 INTEGER NOT NULL, s3 INTEGER NOT NULL, s4 INTEGER NOT NULL, s5 INTEGER NOT NULL,
  kiosk   INTEGER NOT NULL,
  receipt INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  PRIMARY KEY (cell, month)
) WITHOUT ROWID;

INSERT INTO block_month
SELECT cell, CAST(julianday(last * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER) AS month,
  sum(s1), sum(s2), sum(s3), sum(s4), sum(s5), sum(kiosk), sum(receipt), sum(changed) FROM block GROUP BY cell, month;

-- +goose Down
SELECT 1;
