package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// ErrNewer is returned by Open for a file that a newer program has migrated.
var ErrNewer = errors.New("its schema is newer than this program")

// versions is the table in which goose notes what was applied.
const versions = "schema_version"

func migrate(ctx context.Context, db *sql.DB, migrations fs.FS) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, db, migrations,
		goose.WithTableName(versions), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	known := p.ListSources()
	target := known[len(known)-1].Version
	// Asked here rather than of goose, which creates its table when asked: a file
	// that is refused stays untouched, and an up-to-date one opens fast.
	have, err := version(ctx, db)
	switch {
	case err != nil:
		return fmt.Errorf("read the schema's version: %w", err)
	case have > target:
		return fmt.Errorf("%w (it has version %d, this program knows %d): start the newer program again, "+
			"or put back the copy of the file that was made before the upgrade", ErrNewer, have, target)
	case have == target:
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate from version %d to %d: %w", have, target, err)
	}
	return nil
}

func version(ctx context.Context, db *sql.DB) (v int64, err error) {
	var tables int
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", versions).Scan(&tables)
	if err != nil || tables == 0 {
		return 0, err
	}
	err = db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM "+versions+" WHERE is_applied").Scan(&v)
	return v, err
}
