package main

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"hailong/internal/enrolment"
	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/receipt"
	"hailong/internal/sqlite"
	"hailong/server/keyring"
	"hailong/server/natsauth"
)

// world is the data of one server and one kiosk: 500 units with a desk each, and
// dossiers with their receipts, in the order of their times.
type world struct {
	dir    string
	public ed25519.PublicKey // the kiosk's
	start  int64             // Unix milliseconds
	step   int64             // between two dossiers
}

const (
	unitCount = 500
	hourMS    = 3_600_000
	dayMS     = 24 * hourMS
	yearMS    = 365 * dayMS
)

func (w *world) serverDir() string { return filepath.Join(w.dir, "server") }
func (w *world) kioskDir() string  { return filepath.Join(w.dir, "kiosk") }
func (w *world) database() string  { return filepath.Join(w.serverDir(), "server.db") }

// in is the same world after its folder was copied.
func (w *world) in(dir string) *world {
	c := *w
	c.dir = dir
	return &c
}

// at is when the i-th dossier is rated.
func (w *world) at(i int) int64 { return w.start + int64(i)*w.step }

// shuffled gives the i-th of numbers in no order.
func shuffled(i int) uint64 {
	h := (uint64(i) + 1) * 0x9e3779b97f4a7c15
	h ^= h >> 31
	h *= 0x94d049bb133111eb
	return h ^ h>>29
}

// receiptID is the i-th dossier's.
func (w *world) receiptID(i int) (id receipt.ID) {
	binary.BigEndian.PutUint64(id[:], shuffled(i))
	binary.BigEndian.PutUint16(id[8:], uint16(i))
	return id
}

// enrol gives the kiosk its credential, as a server does that lets it in.
func (w *world) enrol(ring *keyring.Ring) error {
	realm, err := natsauth.New(ring)
	if err != nil {
		return err
	}
	var told enrolment.Credential
	if told.JWT, err = realm.Kiosk(w.public); err != nil {
		return err
	}
	data, err := json.Marshal(&told)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.kioskDir(), "enrolment.json"), data, 0o600)
}

// world makes the server's outbox with the organisation and dossiers that are
// rated in the span of time before now, and the kiosk's with its backlog.
func (b *bench) world(ctx context.Context, dir string, dossiers, backlog int, span int64) (_ *world, err error) {
	w := &world{dir: dir, step: span / int64(dossiers), start: time.Now().UnixMilli() - span - hourMS}
	for _, d := range []string{w.serverDir(), w.kioskDir()} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	device, err := outbox.LoadKey(filepath.Join(w.kioskDir(), "kiosk.key"))
	if err != nil {
		return nil, err
	}
	w.public = device.Public().(ed25519.PublicKey)
	ring, err := keyring.Open(w.serverDir()+".keys", true)
	if err != nil {
		return nil, err
	}
	if err := w.enrol(ring); err != nil {
		return nil, err
	}
	key, err := outbox.LoadKey(filepath.Join(w.serverDir(), "server.key"))
	if err != nil {
		return nil, err
	}
	err = b.record(ctx, filepath.Join(w.serverDir(), "outbox.db"), outbox.Options{
		Key: key, Role: fact.RoleServer, Name: "s1", Member: ring.Member(key.Public().(ed25519.PublicKey)),
	}, "dossiers and receipts", dossiers, 200, w.organisation(), func(i int) []fact.Entry { return w.dossier(ring, i) })
	if err != nil || backlog == 0 {
		return w, err
	}
	// The kiosk knew the time when it was started, then lost the link for a year.
	// What is recorded together is so within two hours.
	together := int(min(200, max(1, 2*hourMS/w.step)))
	now := fact.Stamp{Wall: w.start, Boot: [16]byte{1}}
	return w, b.record(ctx, filepath.Join(w.kioskDir(), "outbox.db"), outbox.Options{
		Key: device, Role: fact.RoleKiosk, Name: "kiosk", Stamp: func() fact.Stamp { return now },
	}, "ratings", backlog, together, []fact.Entry{{Kind: fact.KindClock, Body: &fact.Clock{Boot: now.Boot, Server: w.start}}}, func(i int) []fact.Entry {
		now.Mono = w.at(i) - w.start
		now.Wall = w.at(i)
		return []fact.Entry{{Kind: fact.KindRating, Body: w.rating(i)}}
	})
}

// record writes an outbox: what comes first, then n times what each gives, so
// many together under one stamp.
func (b *bench) record(ctx context.Context, path string, o outbox.Options, what string, n, together int, first []fact.Entry, each func(i int) []fact.Entry) (err error) {
	out, err := outbox.Open(ctx, path, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := out.Append(ctx, first...); err != nil {
		return err
	}
	var entries []fact.Entry
	for i := range n {
		entries = append(entries, each(i)...)
		if (i+1)%together == 0 || i == n-1 {
			if _, err := out.Append(ctx, entries...); err != nil {
				return err
			}
			entries = entries[:0]
		}
		if (i+1)%max(n/4, 1000) == 0 {
			b.say("recording %s: %d of %d", what, i+1, n)
		}
	}
	return nil
}

func unitCode(i int) string { return fmt.Sprintf("U%03d", i%unitCount) }
func deskCode(i int) string { return fmt.Sprintf("D%03d", i%unitCount) }

func (w *world) organisation() []fact.Entry {
	entries := []fact.Entry{{Kind: fact.KindUnitKind, Body: &fact.UnitKind{Code: "xa", Name: "Xã", NameEN: "Commune"}}}
	for u := range unitCount {
		entries = append(entries,
			fact.Entry{Kind: fact.KindUnit, Body: &fact.Unit{Code: unitCode(u), Name: "Xã " + unitCode(u), NameEN: unitCode(u), Kind: "xa"}},
			fact.Entry{Kind: fact.KindDesk, Body: &fact.Desk{Code: deskCode(u), Unit: unitCode(u), Name: "Một cửa " + unitCode(u), Service: 1}})
	}
	return append(entries,
		fact.Entry{Kind: fact.KindKiosk, Body: &fact.Kiosk{Code: "K", Desk: deskCode(0), Name: "K"}},
		fact.Entry{Kind: fact.KindAdmission, Body: &fact.Admission{Public: w.public, Kiosk: "K"}})
}

func (w *world) dossier(ring *keyring.Ring, i int) []fact.Entry {
	ballot, hash, unit := ring.Ballot(fmt.Sprintf("H41.%08d", i)), w.receiptID(i).Hash(), int(shuffled(i)>>20%unitCount)
	return []fact.Entry{
		{Kind: fact.KindDossier, Body: &fact.Dossier{Ballot: ballot[:], Desk: deskCode(unit), Unit: unitCode(unit), Service: 1,
			Field: "ho-tich", Procedure: "dang-ky-khai-sinh", Officer: "CB-017", Received: w.at(i) - dayMS, Due: w.at(i)}},
		{Kind: fact.KindReceipt, Body: &fact.Receipt{Hash: hash[:], Ballot: ballot[:]}},
	}
}

func (w *world) rating(i int) *fact.Rating {
	hash, random := w.receiptID(i).Hash(), make([]byte, 32)
	binary.BigEndian.PutUint64(random, shuffled(i))
	binary.BigEndian.PutUint64(random[16:], shuffled(-i))
	return &fact.Rating{Receipt: hash[:], Session: random[:16], Nonce: random[16:], Score: uint8(shuffled(i)%5) + 1, Channel: 1,
		Language: "vi", Took: 2300}
}

// view reads a server's database while the server runs.
type view struct {
	db      *sql.DB
	applied *sql.Stmt
}

func (w *world) view(ctx context.Context) (*view, error) {
	db, err := sqlite.OpenReader(ctx, w.database(), 1, 4096)
	if err != nil {
		return nil, err
	}
	v := &view{db: db}
	if v.applied, err = db.PrepareContext(ctx, `SELECT coalesce(max(applied), 0) FROM origin WHERE role = ? AND (role = 2 OR public = ?)`); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return v, nil
}

func (v *view) close() error { return errors.Join(v.applied.Close(), v.db.Close()) }

// await polls until the server has applied the numbered fact of its own, or of
// the kiosk.
func (v *view) await(ctx context.Context, role uint8, w *world, number int64, pause time.Duration, seen func(int64)) error {
	for {
		var n int64
		if err := v.applied.QueryRowContext(ctx, role, []byte(w.public)).Scan(&n); err != nil {
			return err
		}
		seen(n)
		if n >= number {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// counted is the number of ballots in the rollup.
func (v *view) counted(ctx context.Context) (n int, err error) {
	err = v.db.QueryRowContext(ctx, `SELECT coalesce(sum(s1 + s2 + s3 + s4 + s5), 0) FROM cell_day`).Scan(&n)
	return n, err
}

// facts of the server's outbox, with its opening.
func (w *world) registered(dossiers int) int64 { return int64(2 + 2*unitCount + 2 + 2*dossiers) }
