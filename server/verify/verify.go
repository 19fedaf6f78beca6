// Package verify reads everything that a server keeps and says whether it still
// hangs together: each origin's chain and signatures, the log of the facts with
// its checkpoints, the results, what closed months published, and the stream.
// Nothing of the server's data is written; the server may run.
package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/internal/sqlite"
	"hailong/server/projection"
)

// Options of Run; all but Since, Stream and Progress are required.
type Options struct {
	Data string          // folder of the server's data
	Keys projection.Keys // the servers' shared secrets
	// Since takes as given what a checkpoint before that time says of chains and
	// the log, and leaves months alone that were closed before; zero: nothing.
	// Results depend on all facts, and are always computed from all.
	Since time.Time
	// Stream opens the stream to be read, once the database has been; nil: it is
	// left out.
	Stream func(ctx context.Context) (Stream, error)
	Dir    string    // for the replay; "": the system's folder for such files
	Out    io.Writer // one line an origin, and one a part
	// Progress is told how much of a part is done; nil: nobody is.
	Progress func(part string, done, total uint64)
}

// Stream is the stream of facts as it is on the disk.
type Stream interface {
	State() bus.Stream
	// Message gives one by its sequence; ok is false where there is none that can
	// be read.
	Message(ctx context.Context, sequence uint64) (m bus.Stored, ok bool, err error)
	Close() error
}

// Break is the first thing that does not hold, in one sentence.
type Break struct{ Text string }

func (b *Break) Error() string { return b.Text }

func broken(format string, a ...any) error { return &Break{fmt.Sprintf(format, a...)} }

// Run verifies. The error is a *Break where something does not hold; any other
// says why it could not be told.
func Run(ctx context.Context, o Options) (err error) {
	if o.Progress == nil {
		o.Progress = func(string, uint64, uint64) {}
	}
	const readers, cacheKiB = 3, 64 << 10
	db, err := sqlite.OpenReader(ctx, filepath.Join(o.Data, "server.db"), readers, cacheKiB)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	v := &verifier{o: o, ctx: ctx, db: db}
	if err := v.openLog(); err != nil {
		return err
	}
	if v.reader != nil {
		defer func() { err = errors.Join(err, v.reader.close()) }()
	}
	// One moment of the database, whatever the server does meanwhile.
	if v.tx, err = db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
		return err
	}
	defer v.tx.Rollback()
	for _, part := range []func() error{v.chains, v.log, v.results, v.closings, v.stream} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// verifier is one run.
type verifier struct {
	o   Options
	ctx context.Context
	db  *sql.DB
	tx  *sql.Tx

	reader *logReader // nil: there is no log

	origins []*origin // by role, name and id
	byID    map[fact.OriginID]*origin
}

// origin is a row of the database's table of that name.
type origin struct {
	oid           int64
	id            fact.OriginID
	public        []byte
	salt          [16]byte
	role          uint8
	name          string
	head, applied uint64
	headHash      fact.Hash
	given         fact.Hold // what a checkpoint before Since says; number 0: nothing
}

// String names the origin for people.
func (o *origin) String() string {
	role := "origin"
	switch o.role {
	case fact.RoleKiosk:
		role = "kiosk"
	case fact.RoleServer:
		role = "server"
	}
	if o.name != "" {
		role += " " + o.name
	}
	return fmt.Sprintf("%s (%.8s)", role, o.id)
}

func (v *verifier) say(format string, a ...any) error {
	_, err := fmt.Fprintf(v.o.Out, format+"\n", a...)
	return err
}

// each calls fn for each row.
func (v *verifier) each(fn func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := v.tx.QueryContext(v.ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// one scans one row; false where there is none.
func (v *verifier) one(into []any, query string, args ...any) (bool, error) {
	err := v.tx.QueryRowContext(v.ctx, query, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func id(oid int64, number uint64) int64 { return oid<<40 | int64(number) }
