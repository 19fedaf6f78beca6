package chaos

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/receipt"
)

// ballot is what one citizen holds, and what was answered to it.
type ballot struct {
	kind uint8 // as in the projection: 1 dossier, 2 slip, 3 walk-in
	id   receipt.ID
	code string // of the dossier
	key  [32]byte
	late bool // registered only while the test runs: a kiosk takes it before

	mu       sync.Mutex // one answer at a time
	session  string     // of a walk-in
	attempts []attempt
}

// attempt is one tap. Its number travels as the time that it took: the fact's
// Took is 10 seconds times the number, and a little more.
type attempt struct {
	number     int
	score      uint8
	device     string
	byCode     bool // the dossier code was scanned
	sent, done time.Time
	state      uint8
	said       string // what was answered, where it was no thanks
}

// What became of an attempt.
const (
	thanked uint8 = iota + 1
	perhaps       // the answer was lost on the way, or spoke of a fault
	refused       // it was not taken
)

const tookStep = 10 * time.Second

// attemptOf is the number of the attempt that became a rating.
func attemptOf(r *fact.Rating) int {
	return int(time.Duration(r.Took) * time.Millisecond / tookStep)
}

// subject names what an attempt's rating is about, as world.subject does.
func (b *ballot) subject(a attempt) string {
	switch hash := b.id.Hash(); {
	case b.kind == 3:
		return "sitting " + b.session
	case a.byCode:
		return "code " + b.code
	default:
		return fmt.Sprintf("receipt %x", hash)
	}
}

// subject names what a rating is about.
func (w *world) subject(r *fact.Rating) (string, error) {
	switch {
	case len(r.Receipt) > 0:
		return fmt.Sprintf("receipt %x", r.Receipt), nil
	case len(r.Sealed) > 0:
		code, err := w.keys.OpenCode(r.Sealed)
		return "code " + code, err
	}
	return fmt.Sprintf("sitting %x", r.Session), nil
}

// pool is all ballots of a world.
type pool struct {
	mu      sync.Mutex
	ballots []*ballot
	byKey   map[[32]byte]*ballot
	issued  int       // the first of ballots: slips and dossiers; then walk-ins
	fresh   int       // of these, how many have been handed out
	late    []*ballot // not registered yet
	forged  []receipt.ID
}

func (p *pool) add(b *ballot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ballots = append(p.ballots, b)
	p.byKey[b.key] = b
}

// serverOutbox opens a server's outbox, which must be down.
func (w *world) serverOutbox(d *device) *outbox.Outbox {
	w.t.Helper()
	key, err := outbox.LoadKey(filepath.Join(d.data, "server.key"))
	if err != nil {
		w.t.Fatal(err)
	}
	public := key.Public().(ed25519.PublicKey)
	box, err := outbox.Open(w.t.Context(), filepath.Join(d.data, "outbox.db"),
		outbox.Options{Key: key, Role: fact.RoleServer, Name: d.name, Member: w.keys.Member(public)})
	if err != nil {
		w.t.Fatal(err)
	}
	return box
}

func (w *world) record(d *device, entries []fact.Entry) {
	w.t.Helper()
	box := w.serverOutbox(d)
	if _, err := box.Append(w.t.Context(), entries...); err != nil {
		w.t.Fatal(err)
	}
	if err := box.Close(); err != nil {
		w.t.Fatal(err)
	}
}

// register has server a record an organisation, the kiosks' admission, and
// ballots: two dossiers for each slip. One in twenty is registered later.
func (w *world) register(ballots int) {
	w.t.Helper()
	entries := []fact.Entry{
		{Kind: fact.KindUnitKind, Body: &fact.UnitKind{Code: "so", Name: "Sở"}},
		{Kind: fact.KindUnitKind, Body: &fact.UnitKind{Code: "su-nghiep", Name: "Đơn vị sự nghiệp công lập"}},
		{Kind: fact.KindUnit, Body: &fact.Unit{Code: "U1", Name: "Sở Nội vụ", Kind: "so"}},
		{Kind: fact.KindUnit, Body: &fact.Unit{Code: "U2", Name: "Bệnh viện Hữu nghị Đa khoa", Kind: "su-nghiep", Parent: "U1"}},
		{Kind: fact.KindDesk, Body: &fact.Desk{Code: "D1", Unit: "U1", Name: "Bộ phận một cửa", Service: 1}},
		{Kind: fact.KindDesk, Body: &fact.Desk{Code: "D2", Unit: "U2", Name: "Quầy đón tiếp", Service: 2}},
		{Kind: fact.KindTarget, Body: &fact.Target{Kind: "so", Service: 1, Operator: 1, Hundredths: 9500}},
	}
	for i, k := range w.kiosks {
		key, err := hex.DecodeString(run(w.t, "hailong-kiosk", "key", "--data="+k.data))
		if err != nil {
			w.t.Fatal(err)
		}
		k.public = key
		entries = append(entries,
			fact.Entry{Kind: fact.KindKiosk, Body: &fact.Kiosk{Code: k.name, Desk: fmt.Sprintf("D%d", i+1), Name: k.name}},
			fact.Entry{Kind: fact.KindAdmission, Body: &fact.Admission{Public: key, Kiosk: k.name}})
	}
	w.pool = &pool{byKey: map[[32]byte]*ballot{}}
	for i := range ballots {
		b := &ballot{kind: 1 + uint8(i%3/2), late: i%20 == 19}
		b.id = w.newID()
		if b.kind == 1 {
			b.code = fmt.Sprintf("000.17.22.H41-261123-%05d", i)
			b.key = w.keys.Ballot(b.code)
		} else {
			b.key = b.id.Hash()
		}
		w.pool.add(b)
		if b.late {
			w.pool.late = append(w.pool.late, b)
		} else {
			entries = append(entries, registration(b)...)
		}
	}
	w.pool.issued = ballots
	w.record(w.servers[0], entries)
}

func (w *world) newID() receipt.ID {
	id, err := receipt.NewID(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// registration is what a server records of a ballot.
func registration(b *ballot) []fact.Entry {
	hash, at := b.id.Hash(), time.Now().Add(-time.Hour).UnixMilli()
	if b.kind == 2 {
		return []fact.Entry{{Kind: fact.KindSlip, Body: &fact.Slip{Hash: hash[:], Desk: "D2", Unit: "U2", Service: 2, Issued: at}}}
	}
	return []fact.Entry{
		{Kind: fact.KindDossier, Body: &fact.Dossier{Ballot: b.key[:], Desk: "D1", Unit: "U1", Service: 1, Received: at}},
		{Kind: fact.KindReceipt, Body: &fact.Receipt{Hash: hash[:], Ballot: b.key[:]}},
	}
}

// registerLate has a server that is down record ballots that kiosks may have
// met before.
func (w *world) registerLate(d *device, most int) {
	w.t.Helper()
	n := min(most, len(w.pool.late))
	var entries []fact.Entry
	for _, b := range w.pool.late[:n] {
		entries = append(entries, registration(b)...)
	}
	w.pool.late = w.pool.late[n:]
	if n > 0 {
		w.record(d, entries)
	}
}
