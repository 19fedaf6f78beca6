package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// Kiosk is a device of a desk, as this server knows it.
type Kiosk struct {
	Code, Name string
	Public     []byte        // key that speaks for it; nil: none ever did
	Admitted   bool          // what it records counts
	Seen       time.Time     // when facts of it came last; zero: never
	Waiting    uint64        // facts held that are not in effect
	Missing    bool          // facts are missing between others: it sends them again
	Ahead      time.Duration // its clock before the true time, where it was measured
}

// DeskKiosks gives the devices of a desk and its opening hours. Errors:
// CodeUnknownDesk.
func (x *Index) DeskKiosks(ctx context.Context, code string) (all []Kiosk, hours survey.Hours, err error) {
	err = x.read(ctx, func(tx *sql.Tx) error {
		var one int
		err := tx.QueryRowContext(ctx, `SELECT 1 FROM desk WHERE code = ?`, code).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return survey.New(survey.CodeUnknownDesk, clip(code))
		}
		if err != nil {
			return err
		}
		all, hours, err = readKiosks(ctx, tx, code)
		return err
	})
	return all, hours, err
}

func readKiosks(ctx context.Context, tx *sql.Tx, desk string) (all []Kiosk, hours survey.Hours, err error) {
	err = each(ctx, tx, func(scan scanner) error {
		var k Kiosk
		err := scan(&k.Code, &k.Name)
		all = append(all, k)
		return err
	}, `SELECT code, name FROM kiosk WHERE desk = ? ORDER BY code`, desk)
	if err != nil {
		return nil, hours, err
	}
	for i := range all {
		if err := all[i].read(ctx, tx); err != nil {
			return nil, hours, fmt.Errorf("kiosk: %w", err)
		}
	}
	err = each(ctx, tx, func(scan scanner) error {
		var set string
		if err := scan(&set); err != nil {
			return err
		}
		if h, err := survey.ParseHours(set); err == nil { // checked when it was set; else always open
			hours = h
		}
		return nil
	}, `SELECT value FROM setting WHERE key IN ('opening_hours', ?) ORDER BY key DESC LIMIT 1`, "opening_hours/"+desk)
	return all, hours, err
}

// read finds the origin that speaks for the kiosk: of the keys admitted for it,
// or else of its name, the one that was heard of last.
func (k *Kiosk) read(ctx context.Context, tx *sql.Tx) error {
	var oid, seen int64
	var head, applied uint64
	err := tx.QueryRowContext(ctx, `SELECT oid, public, seen, head, applied, 1 FROM origin
WHERE public IN (SELECT public FROM admission WHERE kiosk = ?) ORDER BY seen DESC, oid DESC LIMIT 1`, k.Code).
		Scan(&oid, &k.Public, &seen, &head, &applied, &k.Admitted)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.QueryRowContext(ctx, `SELECT oid, public, seen, head, applied FROM origin
WHERE name = ? AND role = ? ORDER BY seen DESC, oid DESC LIMIT 1`, k.Code, fact.RoleKiosk).Scan(&oid, &k.Public, &seen, &head, &applied)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if seen > 0 {
		k.Seen = time.UnixMilli(seen)
	}
	k.Waiting = head - min(head, applied)
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM aside WHERE oid = ? AND number > ?)`, oid, head).Scan(&k.Missing)
	if err != nil {
		return err
	}
	var server int64
	var data []byte
	err = tx.QueryRowContext(ctx, `SELECT c.server, f.bytes FROM clock c CROSS JOIN fact f
WHERE c.id > ? AND c.id < ? AND f.id = c.id ORDER BY c.id DESC LIMIT 1`, oid<<40, (oid+1)<<40).Scan(&server, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := fact.Decode(data)
	if err != nil {
		return err
	}
	const most = int64(1) << 40 // milliseconds: a clock may say anything
	k.Ahead = time.Duration(min(max(f.Wall-server, -most), most)) * time.Millisecond
	return nil
}
