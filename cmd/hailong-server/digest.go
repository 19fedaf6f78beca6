package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"hailong/internal/sqlite"
	"hailong/server/projection"
)

// digestCmd is `hailong-server digest`.
type digestCmd struct {
	Data string `help:"Folder of the server's data." default:"data/server" env:"HAILONG_DATA"`
	Dump bool   `help:"Print what the digest is over instead: one line a row."`
}

// Run prints the digest of the results in the data folder, also while the
// server runs.
func (c *digestCmd) Run(ctx context.Context) error {
	db, err := sqlite.OpenReader(ctx, filepath.Join(c.Data, "server.db"), 1, 2048)
	if err != nil {
		return err
	}
	defer db.Close()
	if c.Dump {
		return projection.Dump(ctx, db, os.Stdout)
	}
	d, err := projection.Digest(ctx, db)
	if err == nil {
		fmt.Println(d)
	}
	return err
}
