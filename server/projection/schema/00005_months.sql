-- +goose Up

-- The same rollups by month, so that a quarter of the province is three rows a
-- cell and not ninety. Triggers keep them: whoever writes a day writes its month
-- in the same transaction. month: survey.Day of its first day.
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

-- +goose StatementBegin
CREATE TRIGGER cell_day_insert AFTER INSERT ON cell_day BEGIN
  INSERT INTO cell_month VALUES (new.cell, CAST(julianday(new.day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER),
    new.s1, new.s2, new.s3, new.s4, new.s5, new.kiosk, new.receipt, new.changed)
  ON CONFLICT (cell, month) DO UPDATE SET s1 = s1 + excluded.s1, s2 = s2 + excluded.s2, s3 = s3 + excluded.s3, s4 = s4 + excluded.s4, s5 = s5 + excluded.s5,
    kiosk = kiosk + excluded.kiosk, receipt = receipt + excluded.receipt, changed = changed + excluded.changed;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cell_day_update AFTER UPDATE OF s1, s2, s3, s4, s5, kiosk, receipt, changed ON cell_day BEGIN
  UPDATE cell_month SET s1 = s1 + new.s1 - old.s1, s2 = s2 + new.s2 - old.s2, s3 = s3 + new.s3 - old.s3, s4 = s4 + new.s4 - old.s4, s5 = s5 + new.s5 - old.s5,
    kiosk = kiosk + new.kiosk - old.kiosk, receipt = receipt + new.receipt - old.receipt, changed = changed + new.changed - old.changed
  WHERE cell = new.cell AND month = CAST(julianday(new.day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cell_day_delete AFTER DELETE ON cell_day BEGIN
  UPDATE cell_month SET s1 = s1 - old.s1, s2 = s2 - old.s2, s3 = s3 - old.s3, s4 = s4 - old.s4, s5 = s5 - old.s5,
    kiosk = kiosk - old.kiosk, receipt = receipt - old.receipt, changed = changed - old.changed
  WHERE cell = old.cell AND month = CAST(julianday(old.day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER);
  DELETE FROM cell_month WHERE cell = old.cell AND month = CAST(julianday(old.day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER)
    AND s1 = 0 AND s2 = 0 AND s3 = 0 AND s4 = 0 AND s5 = 0;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER dossier_day_insert AFTER INSERT ON dossier_day BEGIN
  INSERT INTO dossier_month VALUES (new.unit, new.service, CAST(julianday(new.day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER), new.dossiers, new.rated)
  ON CONFLICT (unit, service, month) DO UPDATE SET dossiers = dossiers + excluded.dossiers, rated = rated + excluded.rated;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER dossier_day_update AFTER UPDATE ON dossier_day BEGIN
  UPDATE dossier_month SET dossiers = dossiers + new.dossiers - old.dossiers, rated = rated + new.rated - old.rated
  WHERE unit = new.unit AND service = new.service AND month = CAST(julianday(new.day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER dossier_day_delete AFTER DELETE ON dossier_day BEGIN
  UPDATE dossier_month SET dossiers = dossiers - old.dossiers, rated = rated - old.rated
  WHERE unit = old.unit AND service = old.service AND month = CAST(julianday(old.day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER walkin_day_insert AFTER INSERT ON walkin_day BEGIN
  INSERT INTO walkin_month VALUES (new.desk, CAST(julianday(new.day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER), new.s1 + new.s2 + new.s3 + new.s4 + new.s5)
  ON CONFLICT (desk, month) DO UPDATE SET n = n + excluded.n;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER walkin_day_update AFTER UPDATE ON walkin_day BEGIN
  UPDATE walkin_month SET n = n + new.s1 + new.s2 + new.s3 + new.s4 + new.s5 - old.s1 - old.s2 - old.s3 - old.s4 - old.s5
  WHERE desk = new.desk AND month = CAST(julianday(new.day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER walkin_day_delete AFTER DELETE ON walkin_day BEGIN
  UPDATE walkin_month SET n = n - old.s1 - old.s2 - old.s3 - old.s4 - old.s5
  WHERE desk = old.desk AND month = CAST(julianday(old.day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER return_day_insert AFTER INSERT ON return_day BEGIN
  INSERT INTO return_month VALUES (new.unit, new.service, CAST(julianday(new.day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER), new.early, new.ontime, new.late, new.nodue)
  ON CONFLICT (unit, service, month) DO UPDATE SET early = early + excluded.early, ontime = ontime + excluded.ontime, late = late + excluded.late, nodue = nodue + excluded.nodue;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER return_day_update AFTER UPDATE ON return_day BEGIN
  UPDATE return_month SET early = early + new.early - old.early, ontime = ontime + new.ontime - old.ontime, late = late + new.late - old.late, nodue = nodue + new.nodue - old.nodue
  WHERE unit = new.unit AND service = new.service AND month = CAST(julianday(new.day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER return_day_delete AFTER DELETE ON return_day BEGIN
  UPDATE return_month SET early = early - old.early, ontime = ontime - old.ontime, late = late - old.late, nodue = nodue - old.nodue
  WHERE unit = old.unit AND service = old.service AND month = CAST(julianday(old.day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER);
END;
-- +goose StatementEnd

-- +goose Down
SELECT 1;
