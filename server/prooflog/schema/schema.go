// Package schema holds the migrations of the database of a server's log: what
// package prooflog writes and package verify reads.
package schema

import "embed"

// Files are the goose migrations, at the root of the file system.
//
//go:embed *.sql
var Files embed.FS
