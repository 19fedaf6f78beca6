package closing

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"

	"hailong/internal/sqlite"
	"hailong/server/projection"
)

// Record is a server's data as a command reads it, whether the server runs or
// not: the facts, and what closings published.
type Record struct{ facts, closed *sql.DB }

// OpenRecord opens the data in a server's folder for reading.
func OpenRecord(ctx context.Context, folder string) (_ *Record, err error) {
	r := &Record{}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	const readers, cacheKiB = 2, 64 << 10
	if r.closed, err = sqlite.OpenReader(ctx, filepath.Join(folder, "closed.db"), readers, cacheKiB); err != nil {
		return nil, err
	}
	r.facts, err = sqlite.OpenReader(ctx, filepath.Join(folder, "server.db"), readers, cacheKiB)
	return r, err
}

// Close gives the files back.
func (r *Record) Close() error {
	var errs []error
	for _, db := range []*sql.DB{r.facts, r.closed} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Months lists the closed months, the oldest first.
func (r *Record) Months(ctx context.Context) ([]Kept, error) { return Months(ctx, r.closed) }

// Check computes what a month published again, from the facts up to its closing,
// and compares: see Compare. It gives the number of figures that are the same.
func (r *Record) Check(ctx context.Context, m Kept, o projection.Options, progress func(done, total uint64)) (figures int, different, err error) {
	body, err := projection.ReadClosing(ctx, r.facts, m.Ref)
	if err != nil {
		return 0, nil, err
	}
	published, err := Get(ctx, r.closed, m.Period)
	if err != nil {
		return 0, nil, err
	}
	again, err := Again(ctx, r.facts, body, "", o, progress)
	if err != nil {
		return 0, nil, err
	}
	return len(published.Figures), Compare(published, again), nil
}
