package outbox

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/mattn/go-sqlite3"

	"hailong/internal/fact"
)

// row is one row of the table of facts.
type row struct {
	id    int64
	bytes []byte
}

// writer holds the statements of the writing connection. They are the driver's
// own: through database/sql a row costs about twice as much.
type writer struct {
	conn   *sqlite3.SQLiteConn
	insert driver.StmtExecContext
	many   driver.StmtExecContext // inserts wide rows at once
	begin  driver.StmtExecContext
	end    driver.StmtExecContext
	stmts  []driver.Stmt
	args   [2 * wide]driver.NamedValue
	rows   []row // reused by every commit
	words  []wordsRow
}

// wide rows in one statement: fewer crossings into C.
const wide = 8

func (w *writer) prepare(conn *sqlite3.SQLiteConn) error {
	w.conn = conn
	for i := range w.args {
		w.args[i].Ordinal = i + 1
	}
	many := "INSERT INTO fact(id, bytes) VALUES (?, ?)"
	for range wide - 1 {
		many += ", (?, ?)"
	}
	for query, to := range map[string]*driver.StmtExecContext{
		"INSERT INTO fact(id, bytes) VALUES (?, ?)": &w.insert,
		many:              &w.many,
		"BEGIN IMMEDIATE": &w.begin,
		"COMMIT":          &w.end,
	} {
		s, err := conn.Prepare(query)
		if err != nil {
			return err
		}
		w.stmts = append(w.stmts, s)
		*to = s.(driver.StmtExecContext)
	}
	return nil
}

func (w *writer) close() error {
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	w.stmts = nil
	return errors.Join(errs...)
}

func (w *writer) run(s driver.StmtExecContext, args ...driver.NamedValue) error {
	_, err := s.ExecContext(context.Background(), args)
	return err
}

func (w *writer) exec(query string, args ...driver.Value) error {
	_, err := w.conn.Exec(query, args)
	return err
}

// transact runs fn in a transaction.
func (w *writer) transact(fn func() (chain, error)) (chain, error) {
	if err := w.run(w.begin); err != nil {
		return chain{}, err
	}
	c, err := fn()
	if err == nil {
		err = w.run(w.end)
	}
	if err != nil {
		return chain{}, errors.Join(err, w.rollback())
	}
	return c, nil
}

// rollback ends a transaction that is still open: SQLite itself ends it after
// some errors, not after others.
func (w *writer) rollback() error {
	if w.conn.AutoCommit() {
		return nil
	}
	return w.exec("ROLLBACK")
}

// put commits rows, and words and marks if any. One row alone needs no BEGIN and COMMIT.
func (w *writer) put(rows []row, words []wordsRow, marks []fact.Mark) error {
	if len(rows) == 1 && len(words)+len(marks) == 0 {
		return w.insertRows(rows)
	}
	_, err := w.transact(func() (chain, error) {
		if err := w.insertRows(rows); err != nil {
			return chain{}, err
		}
		if err := w.keep(words); err != nil {
			return chain{}, err
		}
		return chain{}, w.putMarks(marks)
	})
	return err
}

func (w *writer) insertRows(rows []row) error {
	for len(rows) > 0 {
		n, s := 1, w.insert
		if len(rows) >= wide {
			n, s = wide, w.many
		}
		for i, r := range rows[:n] {
			w.args[2*i].Value, w.args[2*i+1].Value = r.id, r.bytes
		}
		if err := w.run(s, w.args[:2*n]...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// each runs a query on the writing connection; cells are valid until fn returns,
// blobs among them for good.
func (w *writer) each(query string, args []driver.Value, fn func(cells []driver.Value) error) (err error) {
	rows, err := w.conn.Query(query, args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	cells := make([]driver.Value, len(rows.Columns()))
	for {
		if err := rows.Next(cells); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := fn(cells); err != nil {
			return err
		}
	}
}

// chains reads every chain with its head.
func (w *writer) chains() (cs []chain, err error) {
	err = w.each("SELECT id, origin, salt, agreed, base, base_hash FROM chain ORDER BY id", nil, func(v []driver.Value) error {
		c := chain{id: v[0].(int64), base: uint64(v[4].(int64))}
		origin, salt, hash := v[1].([]byte), v[2].([]byte), v[5].([]byte)
		if len(origin) != len(c.origin) || len(salt) != len(c.salt) || len(hash) != len(c.baseHash) {
			return ErrDamaged
		}
		c.origin, c.salt, c.baseHash = [16]byte(origin), [16]byte(salt), [32]byte(hash)
		if agreed, ok := v[3].(int64); ok {
			c.given, c.agreed = true, uint64(agreed)
		}
		cs = append(cs, c)
		return nil
	})
	for i := range cs {
		if err == nil {
			cs[i], err = w.head(cs[i])
		}
	}
	return cs, err
}

// head gives the chain with its head as the file has it.
func (w *writer) head(c chain) (chain, error) {
	c.last, c.lastHash = c.base, c.baseHash
	err := w.each("SELECT id, bytes FROM fact WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1",
		[]driver.Value{c.row(0), c.row(fact.MaxNumber)}, func(v []driver.Value) error {
			c.last, c.lastHash = uint64(v[0].(int64))&fact.MaxNumber, fact.HashOf(v[1].([]byte))
			return nil
		})
	return c, err
}

// check looks at the end of a chain: a database file that was put back without
// its WAL, or with another's, shows there.
func (w *writer) check(c *chain) error {
	const tail = 256
	number, hash := c.last, c.lastHash
	err := w.each("SELECT id, bytes FROM fact WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT ?",
		[]driver.Value{c.row(0), c.row(fact.MaxNumber), int64(tail)}, func(v []driver.Value) error {
			bytes := v[1].([]byte)
			f, err := fact.Decode(bytes)
			if err != nil || v[0].(int64) != c.row(number) || f.Number != number || f.Origin != c.origin || fact.HashOf(bytes) != hash {
				return fmt.Errorf("fact %d: %w", number, ErrDamaged)
			}
			number, hash = number-1, f.Prev
			return nil
		})
	if err == nil && (number < c.base || c.last-number < min(tail, c.last-c.base) || number == c.base && hash != c.baseHash) {
		return fmt.Errorf("fact %d: %w", number, ErrDamaged)
	}
	return err
}
