package projection

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"

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

// session is a connection with the statements that were prepared on it.
type session struct {
	conn  *sql.Conn
	stmts map[string]statement
	named []driver.NamedValue
}

func newSession(conn *sql.Conn) *session {
	return &session{conn: conn, stmts: map[string]statement{}}
}

// close gives the statements back; the connection is its owner's.
func (s *session) close() error {
	var errs []error
	for _, st := range s.stmts {
		errs = append(errs, st.Close())
	}
	s.stmts = map[string]statement{}
	return errors.Join(errs...)
}

// stmt prepares a query once.
func (s *session) stmt(query string) (statement, error) {
	if st := s.stmts[query]; st != nil {
		return st, nil
	}
	var st statement
	err := s.conn.Raw(func(c any) error {
		prepared, err := c.(*sqlite3.SQLiteConn).Prepare(query)
		if err != nil {
			return err
		}
		st = prepared.(statement)
		return nil
	})
	if err == nil {
		s.stmts[query] = st
	}
	return st, err
}

// arguments is good until the next call.
func (s *session) arguments(args []any) []driver.NamedValue {
	s.named = s.named[:0]
	for i, x := range args {
		s.named = append(s.named, driver.NamedValue{Ordinal: i + 1, Value: value(x)})
	}
	return s.named
}

// exec runs a statement. A transaction once begun is not cancelled: with a
// context that can end, the driver would start a goroutine for each statement.
func (s *session) exec(query string, args ...any) error {
	st, err := s.stmt(query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(context.Background(), s.arguments(args))
	return err
}

// each calls scan for every row of a query.
func (s *session) each(scan func(r cells) error, query string, args ...any) (err error) {
	st, err := s.stmt(query)
	if err != nil {
		return err
	}
	r, err := st.QueryContext(context.Background(), s.arguments(args))
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

// among runs a query that ends in IN for many values, some at a time.
func (s *session) among(query string, values []any, scan func(r cells) error) error {
	const atOnce = 128
	for len(values) > 0 {
		n := atOnce
		if len(values) < atOnce {
			n = 1
		}
		err := s.each(scan, query+"("+strings.TrimSuffix(strings.Repeat("?,", n), ",")+")", values[:n]...)
		if err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

// one reads a single row; found is false where there is none.
func (s *session) one(to []any, query string, args ...any) (found bool, err error) {
	err = s.each(func(r cells) error {
		found = true
		return r.Scan(to...)
	}, query, args...)
	return found, err
}

// ids reads one column of whole numbers.
func (s *session) ids(query string, args ...any) (ids []int64, err error) {
	err = s.each(func(r cells) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, query, args...)
	return ids, err
}
