package projection

import (
	"context"

	"pgregory.net/rapid"
)

// monthsOff gives the months that are not the sums of their days, in which the
// month is reckoned anew by another road than the program's.
const monthsOff = `
WITH days AS (
  SELECT 'cell' AS of, cell AS a, 0 AS b, day, s1 AS v1, s2 AS v2, s3 AS v3, s4 AS v4, s5 AS v5, kiosk AS v6, receipt AS v7, changed AS v8 FROM cell_day
  UNION ALL SELECT 'block', cell, 0, last, s1, s2, s3, s4, s5, kiosk, receipt, changed FROM block
  UNION ALL SELECT 'dossier', unit, service, day, dossiers, rated, 0, 0, 0, 0, 0, 0 FROM dossier_day
  UNION ALL SELECT 'walkin', desk, 0, day, s1 + s2 + s3 + s4 + s5, 0, 0, 0, 0, 0, 0, 0 FROM walkin_day
  UNION ALL SELECT 'return', unit, service, day, early, ontime, late, nodue, 0, 0, 0, 0 FROM return_day),
sums AS (
  SELECT of, a, b, strftime('%Y-%m', date('1970-01-01', day || ' days')) AS month,
    sum(v1) AS v1, sum(v2) AS v2, sum(v3) AS v3, sum(v4) AS v4, sum(v5) AS v5, sum(v6) AS v6, sum(v7) AS v7, sum(v8) AS v8 FROM days GROUP BY of, a, b, 4),
kept AS (
  SELECT 'cell' AS of, cell AS a, 0 AS b, month, s1, s2, s3, s4, s5, kiosk, receipt, changed FROM cell_month
  UNION ALL SELECT 'block', cell, 0, month, s1, s2, s3, s4, s5, kiosk, receipt, changed FROM block_month
  UNION ALL SELECT 'dossier', unit, service, month, dossiers, rated, 0, 0, 0, 0, 0, 0 FROM dossier_month WHERE dossiers <> 0 OR rated <> 0
  UNION ALL SELECT 'walkin', desk, 0, month, n, 0, 0, 0, 0, 0, 0, 0 FROM walkin_month WHERE n <> 0
  UNION ALL SELECT 'return', unit, service, month, early, ontime, late, nodue, 0, 0, 0, 0 FROM return_month WHERE early + ontime + late + nodue <> 0),
said AS (
  SELECT of, a, b, strftime('%Y-%m', date('1970-01-01', month || ' days')) AS m, s1, s2, s3, s4, s5, kiosk, receipt, changed FROM kept)
SELECT (SELECT count(*) FROM (SELECT * FROM sums EXCEPT SELECT * FROM said)) + (SELECT count(*) FROM (SELECT * FROM said EXCEPT SELECT * FROM sums))
  + (SELECT count(*) FROM kept WHERE date('1970-01-01', month || ' days') NOT LIKE '%-01')`

// checkMonths: whatever was written, moved and taken back, each month is the
// sum of its days.
func checkMonths(t *rapid.T, p *Projection) {
	var off int
	if err := p.Reader().QueryRowContext(context.Background(), monthsOff).Scan(&off); err != nil {
		t.Fatal(err)
	}
	if off != 0 {
		t.Fatalf("%d months differ from the sums of their days", off)
	}
}
