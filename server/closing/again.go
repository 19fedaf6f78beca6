package closing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"hailong/internal/fact"
	"hailong/server/projection"
)

// Again computes what a closing published from a replay of the facts up to it,
// in a folder of its own below dir ("": the system's). db is the projection's
// that has them.
func Again(ctx context.Context, db *sql.DB, c *fact.Closing, dir string, o projection.Options, progress func(done, total uint64)) (_ *Published, err error) {
	folder, err := os.MkdirTemp(dir, "replay-")
	if err != nil {
		return nil, fmt.Errorf("closing: make a folder for the replay: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	p, err := projection.Replay(ctx, db, c.Holds, filepath.Join(folder, "replay.db"), o, progress)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	tx, err := p.Reader().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	return Figures(ctx, tx, c)
}

// Compare gives an error that names the first figure in which what was published
// differs from what is computed again; nil where they are the same.
func Compare(published, again *Published) error {
	for i := range max(len(published.Figures), len(again.Figures)) {
		a, b := nth(published.Figures, i), nth(again.Figures, i)
		if a != b {
			return fmt.Errorf("published %s, computed again %s", a, b)
		}
	}
	if !slices.Equal(published.Merged, again.Merged) {
		return errors.New("the values that were put together differ")
	}
	return nil
}

func nth(all []Figure, i int) Figure {
	if i < len(all) {
		return all[i]
	}
	return Figure{}
}

func (f Figure) String() string {
	if f.By == "" {
		return "nothing"
	}
	return fmt.Sprintf("%s/%d/%s %s=%q %v", f.Unit, f.Service, f.Desk, f.By, f.Value, f.N)
}
