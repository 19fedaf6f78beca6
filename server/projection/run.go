package projection

import (
	"context"
	"strings"

	"hailong/internal/fact"
	"hailong/internal/sqlite"
)

// run is one transaction of the projection: what it has taken in, and what it
// must compute anew before it commits.
type run struct {
	*session
	ctx   context.Context
	ahead found   // what was looked up when the messages were opened
	moved touched // what this run changes
	p     *Projection
	tx    *sqlite.Tx

	queue   []*origin // whose effect may have to grow or shrink
	touched map[*origin]bool

	ballots map[int64]*ballot
	keys    map[[32]byte]*ballot
	order   []*ballot
	routes  map[[32]byte]*ballot
	// receipts bound by this run to ballots that are not written yet
	boundHere  map[[32]byte][]*ballot
	prefetched map[*origin]uint64 // first number not looked up ahead

	claims map[claimKey]bool
	rollups
	months months
	heldIn map[int64]*[]int64 // of cells, the ballots whose held state changed; some twice
	unheld [][2]int64         // cell and ballot: rows of held that are to go
	desked map[int64]bool     // desks whose figures or numbers moved
	texts  []wordsKept        // that came into effect
	erased [][32]byte         // digests of words of which an erasure came into effect

	org, accounts, revoked bool // these changed
	came                   []*came

	facts   rows
	entries rows
}

func newRun(ctx context.Context, p *Projection, tx *sqlite.Tx) *run {
	w := &run{
		session: p.writer, ctx: ctx, p: p, tx: tx,
		moved:   touched{ballots: map[int64]bool{}, hashes: map[[32]byte]bool{}},
		touched: map[*origin]bool{},
		claims:  map[claimKey]bool{},
		rollups: newRollups(),
		months:  newMonths(),
		heldIn:  map[int64]*[]int64{},
		desked:  map[int64]bool{},
	}
	w.forget()
	w.facts = rows{w: w, head: `INSERT INTO fact(id, bytes) VALUES `, width: 2}
	w.entries = rows{w: w, head: `INSERT INTO entry(ballot, fact) VALUES `, tail: ` ON CONFLICT DO NOTHING`, width: 2}
	return w
}

// forget drops the ballots in memory, once they are written.
func (w *run) forget() {
	w.ballots = map[int64]*ballot{}
	w.keys = map[[32]byte]*ballot{}
	w.routes = map[[32]byte]*ballot{}
	w.boundHere = map[[32]byte][]*ballot{}
	w.prefetched = map[*origin]uint64{}
	w.order = w.order[:0]
}

// finish writes all that is still in memory.
func (w *run) finish() error {
	for _, step := range []func() error{w.facts.flush, w.flushBallots, w.flushClaims, w.flushRollups, w.flushHeld, w.flushMonths, w.flushArrivals, w.flushOrigins, w.dropUnkept} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// change tells what the run touched.
func (w *run) change() Change {
	c := Change{Org: w.org, Erased: w.erased, Accounts: w.accounts, Revoked: w.revoked}
	for _, x := range w.texts {
		c.Texts = append(c.Texts, x.digest)
	}
	for o := range w.touched {
		c.Marks = append(c.Marks, o.mark())
	}
	for id := range w.desked {
		c.Desks = append(c.Desks, w.p.codes[id].code)
	}
	return c
}

// moveTo stores the reader's position.
func (w *run) moveTo(at Position) error {
	return w.exec(`INSERT INTO cursor(one, stream, sequence, digest) VALUES (1, ?, ?, ?)
		ON CONFLICT(one) DO UPDATE SET stream = excluded.stream, sequence = excluded.sequence, digest = excluded.digest`,
		at.Stream, int64(at.Sequence), at.Digest[:])
}

// rows collects rows of one table and writes many in one statement, which
// costs SQLite and the driver far less than one statement a row.
type rows struct {
	w          *run
	head, tail string
	width      int
	args       []any
}

const rowsAtOnce = 50

func (r *rows) add(values ...any) error {
	r.args = append(r.args, values...)
	if len(r.args) < 20*rowsAtOnce*r.width {
		return nil
	}
	return r.flush()
}

func (r *rows) flush() error {
	for a := r.args; len(a) > 0; {
		n := min(rowsAtOnce, len(a)/r.width)
		if n < rowsAtOnce {
			n = 1
		}
		row := "(" + strings.TrimSuffix(strings.Repeat("?,", r.width), ",") + ")"
		query := r.head + strings.TrimSuffix(strings.Repeat(row+",", n), ",") + r.tail
		if err := r.w.exec(query, a[:n*r.width]...); err != nil {
			return err
		}
		a = a[n*r.width:]
	}
	r.args = r.args[:0]
	return nil
}

// touch marks an origin as changed and queues it for settle.
func (w *run) touch(o *origin) {
	w.touched[o] = true
	if !o.queued {
		o.queued = true
		w.queue = append(w.queue, o)
	}
}

func id(oid int64, number uint64) int64    { return oid<<40 | int64(number) }
func split(id int64) (oid int64, n uint64) { return id >> 40, uint64(id & fact.MaxNumber) }
