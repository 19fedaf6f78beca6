// Package schema holds the migrations of the projection's database: what the
// projection writes and the index and pages read.
package schema

import "embed"

// Files are the goose migrations, at the root of the file system.
//
//go:embed *.sql
var Files embed.FS
