package audit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"hailong/internal/sqlite"
	"hailong/server/audit"
	"hailong/server/keyring"
	"hailong/server/projection/schema"
)

// BenchmarkFind measures a first part of 100,000 acts, without their coming here:
// go test ./server/audit -run - -bench Find.
func BenchmarkFind(b *testing.B) {
	ctx := b.Context()
	db, err := sqlite.Open(ctx, filepath.Join(b.TempDir(), "server.db"), schema.Files, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	keys, err := keyring.Open(filepath.Join(b.TempDir(), "keys"), true)
	if err != nil {
		b.Fatal(err)
	}
	plain, err := json.Marshal(audit.Detail{Name: "Cán bộ", From: "203.0.113.9", Changes: []audit.Change{{
		Kind: "unit", Thing: "SXD", Before: json.RawMessage(`{"name":"Sở Xây dựng","parent":"H41"}`), After: json.RawMessage(`{"name":"Sở Xây dựng tỉnh","parent":"H41"}`)}}})
	if err != nil {
		b.Fatal(err)
	}
	sealed, err := keys.SealWords(plain)
	if err != nil {
		b.Fatal(err)
	}
	err = db.Write(ctx, func(tx *sqlite.Tx) error {
		for _, q := range []string{
			`INSERT INTO origin(oid, id, public, salt, head_hash) VALUES (1, randomblob(16), randomblob(32), randomblob(16), randomblob(32))`,
			`INSERT INTO fact WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT 1 << 40 | i, randomblob(120) FROM n`,
			`INSERT INTO act SELECT id, 1767225600000 + (id & 1048575) * 1000, randomblob(16), 1, iif(id % 1000, 'unit.change', 'fork.decide'), 'U' || id, 1, randomblob(32), 500 FROM fact`,
		} {
			if _, err := tx.Conn.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	l := audit.Log{DB: db.Read(), Words: func(context.Context, [32]byte) ([]byte, bool, error) {
		plain, ok := keys.OpenWords(sealed)
		return plain, ok, nil
	}}
	for name, f := range map[string]audit.Filter{"all": {}, "text": {Text: "sở xây"}, "nothing": {Text: "không có"}, "action": {Action: "fork.decide"}, "account": {Account: &[16]byte{1}}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := l.Find(ctx, f, audit.OnPage); err != nil {
					b.Fatal(fmt.Errorf("%s: %w", name, err))
				}
			}
		})
	}
}
