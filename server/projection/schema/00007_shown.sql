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

-- +goose StatementBegin
CREATE TRIGGER block_insert AFTER INSERT ON block BEGIN
  INSERT INTO block_month VALUES (new.cell, CAST(julianday(new.last * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER),
    new.s1, new.s2, new.s3, new.s4, new.s5, new.kiosk, new.receipt, new.changed)
  ON CONFLICT (cell, month) DO UPDATE SET s1 = s1 + excluded.s1, s2 = s2 + excluded.s2, s3 = s3 + excluded.s3, s4 = s4 + excluded.s4, s5 = s5 + excluded.s5,
    kiosk = kiosk + excluded.kiosk, receipt = receipt + excluded.receipt, changed = changed + excluded.changed;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER block_update AFTER UPDATE OF s1, s2, s3, s4, s5, kiosk, receipt, changed ON block BEGIN
  UPDATE block_month SET s1 = s1 + new.s1 - old.s1, s2 = s2 + new.s2 - old.s2, s3 = s3 + new.s3 - old.s3, s4 = s4 + new.s4 - old.s4, s5 = s5 + new.s5 - old.s5,
    kiosk = kiosk + new.kiosk - old.kiosk, receipt = receipt + new.receipt - old.receipt, changed = changed + new.changed - old.changed
  WHERE cell = new.cell AND month = CAST(julianday(new.last * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER block_delete AFTER DELETE ON block BEGIN
  UPDATE block_month SET s1 = s1 - old.s1, s2 = s2 - old.s2, s3 = s3 - old.s3, s4 = s4 - old.s4, s5 = s5 - old.s5,
    kiosk = kiosk - old.kiosk, receipt = receipt - old.receipt, changed = changed - old.changed
  WHERE cell = old.cell AND month = CAST(julianday(old.last * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER);
  DELETE FROM block_month WHERE cell = old.cell AND month = CAST(julianday(old.last * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER)
    AND s1 = 0 AND s2 = 0 AND s3 = 0 AND s4 = 0 AND s5 = 0;
END;
-- +goose StatementEnd

-- +goose Down
SELECT 1;
