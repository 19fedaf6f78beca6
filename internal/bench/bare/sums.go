package main

import (
	"bufio"
	"database/sql"
	"errors"
	"flag"
	"os"
	"time"
)

func sumsProgram(flags *flag.FlagSet) func() error {
	path := flags.String("db", "", "the projection's database")
	from := flags.Int64("from", 0, "first day, since 1970-01-01")
	to := flags.Int64("to", 0, "day after the last")
	return func() error {
		if *path == "" {
			return errNoFile
		}
		return sums(*path, *from, *to)
	}
}

// allSums adds up the rows of the period, in the order of the primary keys.
const allSums = `
SELECT c.unit, sum(s1), sum(s2), sum(s3), sum(s4), sum(s5), sum(kiosk), sum(receipt), sum(changed)
FROM cell c CROSS JOIN cell_day d WHERE d.cell = c.id AND d.day >= $from AND d.day < $to GROUP BY c.id
UNION ALL
SELECT u.id, sum(dossiers), sum(rated), 0, 0, 0, 0, 0, 0
FROM unit u CROSS JOIN dossier_day d WHERE d.unit = u.id AND d.service = 1 AND d.day >= $from AND d.day < $to GROUP BY u.id
UNION ALL
SELECT k.id, sum(s1), sum(s2), sum(s3), sum(s4), sum(s5), 0, 0, 0
FROM desk k CROSS JOIN walkin_day d WHERE d.desk = k.id AND d.day >= $from AND d.day < $to GROUP BY k.code`

func sums(path string, from, to int64) (err error) {
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro&_query_only=1&_cache_size=-65536")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		start := time.Now()
		n, err := addUp(db, from, to)
		if err != nil {
			return err
		}
		if err := (figures{Took: int64(time.Since(start)), Rows: n}).print(); err != nil {
			return err
		}
	}
	return nil
}

func addUp(db *sql.DB, from, to int64) (n int, err error) {
	rows, err := db.Query(allSums, sql.Named("from", from), sql.Named("to", to))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var v [9]int64
	for rows.Next() {
		if err := rows.Scan(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8]); err != nil {
			return 0, err
		}
		n++
	}
	return n, rows.Err()
}
