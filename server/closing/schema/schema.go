// Package schema holds the migrations of the database of what closings
// published: what package closing writes and the index reads.
package schema

import "embed"

// Files are the goose migrations, at the root of the file system.
//
//go:embed *.sql
var Files embed.FS
