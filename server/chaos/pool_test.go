package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"hailong/internal/fact"
	"hailong/internal/receipt"
)

// ballot is what one citizen holds, and what was answered to it.
type ballot struct {
	kind uint8 // as in the projection: 1 dossier, 2 slip, 3 walk-in
	id   receipt.ID
	code string // of the dossier
	key  [32]byte

	mu       sync.Mutex // one answer at a time
	session  string     // of a walk-in
	attempts []attempt
}

// attempt is one tap, or the wish to take back what was tapped in its sitting.
// Its number travels as the time that it took: the fact's Took is 10 seconds
// times the number, and a little more.
type attempt struct {
	number     int
	back       bool // take back
	score      uint8
	device     string
	base       string // address: another at each start of the device
	session    string // of the sitting at a kiosk; "": not known
	byCode     bool   // the dossier code was scanned
	sheet      sheet  // what was said beside the score
	sent, done time.Time
	state      uint8
	said       string // what was answered, where it was no thanks

	comment string // what was written; "": nothing
	wrote   uint8  // what became of that, and by phone of the sheet
	again   bool   // the page after the tap was sent too: that records the same answer again
}

// What became of an attempt.
const (
	thanked uint8 = iota + 1
	perhaps       // the answer was lost on the way, or spoke of a fault
	refused       // it was not taken
)

const (
	tookStep     = 10 * time.Second
	mostAttempts = 300 // of one ballot: Took is an hour at most
)

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
	issued  []*ballot // dossiers and slips
	fresh   int       // of these, how many have been handed out
	walkIns []*ballot
	byKey   map[[32]byte]*ballot
	codes   int // dossier codes drawn
}

func newPool() *pool { return &pool{byKey: map[[32]byte]*ballot{}} }

func (p *pool) add(b *ballot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b.kind == 3 {
		p.walkIns = append(p.walkIns, b)
	} else {
		p.issued = append(p.issued, b)
	}
	p.byKey[b.key] = b
}

// all gives every ballot so far.
func (p *pool) all() []*ballot {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Concat(p.issued, p.walkIns)
}

func (p *pool) code() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes++
	return fmt.Sprintf("000.17.22.H41-261123-%05d", p.codes)
}

// pick gives a ballot; n, below 100, says of which sort.
func (p *pool) pick(rng *rand.Rand, n int) *ballot {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case n < 45 && p.fresh < len(p.issued):
		p.fresh++
		return p.issued[p.fresh-1]
	case n < 60:
		b := &ballot{kind: 3}
		if n < 52 { // else the kiosk draws the sitting
			b.session = newSession(rng)
		}
		return b
	case n < 70 && len(p.walkIns) > 0:
		return p.walkIns[rng.IntN(len(p.walkIns))] // taps again
	case p.fresh > 0:
		// Often one of the last, as people do who change their mind.
		return p.issued[p.fresh-1-rng.IntN(min(p.fresh, 1+rng.IntN(400)))]
	}
	return nil
}

// thanked counts the answers that were thanked for.
func (p *pool) thanked() (n int) {
	for _, b := range p.all() {
		b.mu.Lock()
		for _, a := range b.attempts {
			if a.state == thanked && !a.back {
				n++
			}
		}
		b.mu.Unlock()
	}
	return n
}
