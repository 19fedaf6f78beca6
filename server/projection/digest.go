package projection

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
)

// parts are the projection's results in an order and with names that every
// server shares: local numbers are translated, and what depends on arrival
// (position, signatures, held figures, last contact) is left out.
var parts = []struct{ name, query string }{
	{"origin", `SELECT hex(id), role, name, head, hex(head_hash), applied FROM origin ORDER BY id`},
	{"quarantine", `SELECT hex(o.id), q.id & 1099511627775, q.reason FROM quarantine q JOIN origin o ON o.oid = q.id >> 40 ORDER BY o.id, 2`},
	{"unit_kind", `SELECT code, name, name_en FROM unit_kind ORDER BY 1`},
	{"unit", `SELECT code, name, name_en, kind, parent, since, until FROM unit ORDER BY 1`},
	{"desk", `SELECT code, unit, name, name_en, service FROM desk ORDER BY 1`},
	{"kiosk", `SELECT code, desk, name FROM kiosk ORDER BY 1`},
	{"target", `SELECT kind, unit, service, since, operator, hundredths FROM target ORDER BY 1, 2, 3, 4`},
	{"setting", `SELECT key, value FROM setting ORDER BY 1`},
	{"ballot", `SELECT hex(b.key), b.kind, coalesce(u.code, ''), coalesce(d.code, ''), b.service, b.field, b.procedure, b.officer, b.received, b.due, b.last, b.returned, hex(b.events),
		b.ratings, coalesce(hex(o.id), ''), b.fact & 1099511627775, b.score, b.binding, b.channel, b.step, b.at, b.first, b.day, b.estimated, b.changed, b.beside, b.said
		FROM ballot b LEFT JOIN place u ON u.id = b.unit LEFT JOIN place d ON d.id = b.desk LEFT JOIN origin o ON o.oid = b.fact >> 40
		WHERE b.kind <> 0 OR b.ratings <> 0 OR b.beside <> 0 ORDER BY b.key`},
	{"questionnaire", `SELECT version, since, hex(document) FROM questionnaire ORDER BY 1`},
	{"text", `SELECT hex(b.key), hex(o.id), t.fact & 1099511627775, hex(t.session), t.purpose, hex(t.digest), t.size, t.holds, t.at
		FROM text t JOIN ballot b ON b.id = t.ballot JOIN origin o ON o.oid = t.fact >> 40 ORDER BY b.key, o.id, t.fact`},
	{"cell_day", `SELECT u.code, c.service, coalesce(d.code, ''), r.day, s1, s2, s3, s4, s5, kiosk, receipt, changed
		FROM cell_day r JOIN cell c ON c.id = r.cell JOIN place u ON u.id = c.unit LEFT JOIN place d ON d.id = c.desk ORDER BY 1, 2, 3, 4`},
	{"walkin_day", `SELECT p.code, r.day, s1, s2, s3, s4, s5 FROM walkin_day r JOIN place p ON p.id = r.desk ORDER BY 1, 2`},
	{"return_day", `SELECT p.code, r.service, r.day, early, ontime, late, nodue FROM return_day r JOIN place p ON p.id = r.unit ORDER BY 1, 2, 3`},
	{"said", `SELECT u.code, c.service, coalesce(d.code, ''), r.day, hex(b.key), hex(o.id), r.fact & 1099511627775
		FROM said r JOIN cell c ON c.id = r.cell JOIN place u ON u.id = c.unit LEFT JOIN place d ON d.id = c.desk
		JOIN ballot b ON b.id = r.ballot JOIN origin o ON o.oid = r.fact >> 40 ORDER BY 1, 2, 3, 4, 5`},
	{"closing", `SELECT hex(o.id), c.fact & 1099511627775, c.since, c.until, c.wall FROM closing c JOIN origin o ON o.oid = c.fact >> 40 ORDER BY o.id, 2`},
	{"account", `SELECT hex(a.id), hex(login), a.role, unit, desk, off, hex(digest), size, hex(o.id), a.fact & 1099511627775, since FROM account a JOIN origin o ON o.oid = a.fact >> 40 ORDER BY a.id`},
	{"act", `SELECT hex(o.id), a.fact & 1099511627775, at, hex(account), via, action, subject, facts, hex(digest), size FROM act a JOIN origin o ON o.oid = a.fact >> 40 ORDER BY o.id, 2`},
	{"erased", `SELECT hex(digest), hex(o.id), e.fact & 1099511627775, reason FROM erased e JOIN origin o ON o.oid = e.fact >> 40 ORDER BY digest, o.id, 3`},
	{"checkpoint", `SELECT hex(o.id), c.fact & 1099511627775, hex(log), size, hex(root), hex(note), at FROM checkpoint c JOIN origin o ON o.oid = c.fact >> 40 ORDER BY o.id, 2`},
	{"void", `SELECT hex(v.origin), first, last, lift, reason, hex(o.id), v.fact & 1099511627775, at FROM void v JOIN origin o ON o.oid = v.fact >> 40 ORDER BY v.origin, first, last`},
	{"voided", `SELECT hex(o.id), v.fact & 1099511627775, coalesce(u.code, ''), coalesce(d.code, ''), v.service, v.day
		FROM voided v JOIN origin o ON o.oid = v.fact >> 40 LEFT JOIN place u ON u.id = v.unit LEFT JOIN place d ON d.id = v.desk ORDER BY o.id, 2`},
	{"void_day", `SELECT coalesce(u.code, ''), coalesce(d.code, ''), v.service, v.day, v.n FROM void_day v LEFT JOIN place u ON u.id = v.unit LEFT JOIN place d ON d.id = v.desk ORDER BY 1, 2, 3, 4`},
	{"desk_hour", `SELECT p.code, r.day, hour, n FROM desk_hour r JOIN place p ON p.id = r.desk ORDER BY 1, 2, 3`},
	{"dossier_day", `SELECT p.code, r.service, r.day, dossiers, rated FROM dossier_day r JOIN place p ON p.id = r.unit ORDER BY 1, 2, 3`},
}

// Dump writes the projection's results as text: one line a row, byte for byte
// the same on every server that holds the same set of facts.
func Dump(ctx context.Context, db *sql.DB, to io.Writer) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return DumpTx(ctx, tx, to)
}

// DumpTx is Dump of what a transaction sees.
func DumpTx(ctx context.Context, tx *sql.Tx, to io.Writer) error {
	for _, part := range parts {
		if err := dumpPart(ctx, tx, part.name, part.query, to); err != nil {
			return fmt.Errorf("projection: dump %s: %w", part.name, err)
		}
	}
	return nil
}

func dumpPart(ctx context.Context, tx *sql.Tx, name, query string, to io.Writer) error {
	r, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer r.Close()
	columns, err := r.Columns()
	if err != nil {
		return err
	}
	values := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for r.Next() {
		if err := r.Scan(into...); err != nil {
			return err
		}
		line := name
		for _, v := range values {
			line += fmt.Sprintf(" %q", v.String)
		}
		if _, err := io.WriteString(to, line+"\n"); err != nil {
			return err
		}
	}
	return r.Err()
}

// Digest is the SHA-256 of Dump, in hexadecimal digits.
func Digest(ctx context.Context, db *sql.DB) (string, error) {
	h := sha256.New()
	if err := Dump(ctx, db, h); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
