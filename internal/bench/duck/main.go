// Command duck counts raw ballots by unit and score in DuckDB, for package bench
// to compare the product's index with. It is a module of its own: its library is
// some hundred megabytes, and no part of the product.
//
//	duck -rows FILE -from DAY -to DAY
//
// The file is CSV: unit, day, and the numbers of ballots by score 1 to 5. For
// each line that it reads it counts once, and prints its figures as JSON.
package main

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
)

func main() {
	rows := flag.String("rows", "", "the CSV file")
	from := flag.Int64("from", 0, "first day, since 1970-01-01")
	to := flag.Int64("to", 0, "day after the last")
	flag.Parse()
	if err := run(*rows, *from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "duck:", err)
		os.Exit(1)
	}
}

// One row a ballot, in the order of their days, as they would have come.
const load = `CREATE TABLE ballot AS
SELECT unit::SMALLINT AS unit, day::INTEGER AS day, score::TINYINT AS score
FROM (SELECT unit, day, unnest([1, 2, 3, 4, 5]) AS score, unnest([s1, s2, s3, s4, s5]) AS n
  FROM read_csv('FILE', header = false, columns = {'unit': 'INTEGER', 'day': 'INTEGER', 's1': 'INTEGER', 's2': 'INTEGER', 's3': 'INTEGER', 's4': 'INTEGER', 's5': 'INTEGER'})) c,
  LATERAL (SELECT unnest(range(c.n))) one
ORDER BY day`

const counts = `SELECT unit, score, count(*) FROM ballot WHERE day >= ? AND day < ? GROUP BY unit, score`

func run(file string, from, to int64) (err error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.Exec(strings.Replace(load, "FILE", strings.ReplaceAll(file, "'", "''"), 1)); err != nil {
		return err
	}
	count, err := db.Prepare(counts)
	if err != nil {
		return err
	}
	defer count.Close()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		start := time.Now()
		var ballots int64
		rows, err := count.Query(from, to)
		if err != nil {
			return err
		}
		for rows.Next() {
			var unit, score, n int64
			if err := rows.Scan(&unit, &score, &n); err != nil {
				return err
			}
			ballots += n
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		took := time.Since(start).Nanoseconds()
		if err := json.NewEncoder(os.Stdout).Encode(map[string]int64{"took_ns": took, "rows": ballots}); err != nil {
			return err
		}
	}
	return nil
}
