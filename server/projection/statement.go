package projection

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/mattn/go-sqlite3"

	"hailong/internal/fact"
)

// The writer speaks to the driver itself: a backlog is a million rows of a
// dozen values, and database/sql looks at each value by reflection.

// statement is a prepared statement of the writing connection.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// cells is one row of a query; blobs among them are the caller's.
type cells []driver.Value

// Scan copies the row's values, as (*sql.Rows).Scan does, into pointers of the
// types that the projection uses.
func (c cells) Scan(to ...any) error {
	if len(to) != len(c) {
		return fmt.Errorf("%d columns for %d values", len(c), len(to))
	}
	for i, p := range to {
		n, isInt := c[i].(int64)
		switch p := p.(type) {
		case *int64:
			*p = n
		case *int:
			*p = int(n)
		case *uint8:
			*p = uint8(n)
		case *bool:
			*p = n != 0
		case *string:
			s, ok := c[i].(string)
			if isInt = ok; ok {
				*p = s
			}
		case *[]byte:
			b, ok := c[i].([]byte)
			if isInt = ok; ok {
				*p = b
			}
		default:
			return fmt.Errorf("a pointer of type %T", p)
		}
		if !isInt {
			return fmt.Errorf("column %d is a %T", i+1, c[i])
		}
	}
	return nil
}

// value gives what the driver knows to bind.
func value(x any) driver.Value {
	switch x := x.(type) {
	case int:
		return int64(x)
	case int32:
		return int64(x)
	case uint8:
		return int64(x)
	case fact.Kind:
		return int64(x)
	}
	return x
}

// stmt prepares a query once for the projection's life.
func (w *run) stmt(query string) (statement, error) {
	if s := w.p.stmts[query]; s != nil {
		return s, nil
	}
	var s statement
	err := w.tx.Conn.Raw(func(c any) error {
		prepared, err := c.(*sqlite3.SQLiteConn).Prepare(query)
		if err != nil {
			return err
		}
		s = prepared.(statement)
		return nil
	})
	if err == nil {
		w.p.stmts[query] = s
	}
	return s, err
}

// arguments is good until the next call.
func (w *run) arguments(args []any) []driver.NamedValue {
	w.named = w.named[:0]
	for i, x := range args {
		w.named = append(w.named, driver.NamedValue{Ordinal: i + 1, Value: value(x)})
	}
	return w.named
}

// exec runs a statement. A transaction once begun is not cancelled: with a
// context that can end, the driver would start a goroutine for each statement.
func (w *run) exec(query string, args ...any) error {
	s, err := w.stmt(query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(context.Background(), w.arguments(args))
	return err
}

// each calls scan for every row of a query.
func (w *run) each(scan func(r cells) error, query string, args ...any) (err error) {
	s, err := w.stmt(query)
	if err != nil {
		return err
	}
	r, err := s.QueryContext(context.Background(), w.arguments(args))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	row := make(cells, len(r.Columns()))
	for {
		if err := r.Next(row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := scan(row); err != nil {
			return err
		}
	}
}

// one reads a single row; found is false where there is none.
func (w *run) one(to []any, query string, args ...any) (found bool, err error) {
	err = w.each(func(r cells) error {
		found = true
		return r.Scan(to...)
	}, query, args...)
	return found, err
}
