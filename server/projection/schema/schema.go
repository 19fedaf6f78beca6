// Package schema holds the migrations of the projection's database: what the
// projection writes and the index and pages read.
package schema

import "embed"

// Files are the goose migrations, at the root of the file system.
//
//go:embed *.sql
var Files embed.FS

// first is the first day of the month of column day, and 2440587.5 is 1970-01-01
// as a Julian day.
const first = `CAST(julianday(day * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER)`

// Months are statements that fill the months anew from the days, for tests and
// measurements that fill a database without a projection.
var Months = []string{
	`DELETE FROM cell_month`, `DELETE FROM block_month`, `DELETE FROM dossier_month`, `DELETE FROM walkin_month`, `DELETE FROM return_month`,
	`INSERT INTO cell_month SELECT cell, ` + first + ` AS month, sum(s1), sum(s2), sum(s3), sum(s4), sum(s5), sum(kiosk), sum(receipt), sum(changed) FROM cell_day GROUP BY cell, month`,
	`INSERT INTO block_month SELECT cell, ` + first + ` AS month, sum(s1), sum(s2), sum(s3), sum(s4), sum(s5), sum(kiosk), sum(receipt), sum(changed) FROM (SELECT *, last AS day FROM block) GROUP BY cell, month`,
	`INSERT INTO dossier_month SELECT unit, service, ` + first + ` AS month, sum(dossiers), sum(rated) FROM dossier_day GROUP BY unit, service, month`,
	`INSERT INTO walkin_month SELECT desk, ` + first + ` AS month, sum(s1 + s2 + s3 + s4 + s5) FROM walkin_day GROUP BY desk, month`,
	`INSERT INTO return_month SELECT unit, service, ` + first + ` AS month, sum(early), sum(ontime), sum(late), sum(nodue) FROM return_day GROUP BY unit, service, month`,
}
