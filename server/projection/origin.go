package projection

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"math"

	"hailong/internal/fact"
)

// origin is what is kept in memory of one chain of facts.
type origin struct {
	oid      int64
	id       fact.OriginID
	public   []byte
	salt     [16]byte
	role     uint8
	name     string
	head     uint64
	headHash fact.Hash
	applied  uint64 // facts in effect
	aside    int    // rows of this origin in aside
	seen     int64

	clocks    []clockPoint // by number
	boots     map[[16]byte]clockPoint
	estimated map[[16]byte]bool

	fresh     []fact.Record // taken in by this run, from number freshFrom
	freshFrom uint64
	came      *came // the last of the run's runs of this origin
	queued    bool
}

func (o *origin) mark() fact.Mark {
	return fact.Mark{Origin: o.id, Number: o.head, Hash: o.headHash}
}

// record gives the fact's record where this run took it in.
func (o *origin) record(n uint64) *fact.Record {
	if i := n - o.freshFrom; n >= o.freshFrom && i < uint64(len(o.fresh)) {
		return &o.fresh[i]
	}
	return nil
}

func newOrigin(oid int64, id fact.OriginID, public []byte, salt [16]byte) *origin {
	return &origin{
		oid: oid, id: id, public: bytes.Clone(public), salt: salt,
		boots: map[[16]byte]clockPoint{}, estimated: map[[16]byte]bool{},
	}
}

// origin finds the batch's origin, or makes it.
func (w *run) origin(b *fact.Batch) *origin {
	if o := w.p.origins[b.Origin]; o != nil {
		return o
	}
	o := newOrigin(int64(len(w.p.byOID)+1), b.Origin, b.Public, b.Salt)
	w.p.origins[o.id], w.p.byOID[o.oid] = o, o
	return o
}

// flushOrigins writes the origins that the run touched.
func (w *run) flushOrigins() error {
	for o := range w.touched {
		o.fresh, o.freshFrom, o.came = nil, 0, nil
		err := w.exec(`INSERT INTO origin(oid, id, public, salt, role, name, head, head_hash, applied, seen) VALUES (?,?,?,?,?,?,?,?,?,?)
			ON CONFLICT(oid) DO UPDATE SET role = excluded.role, name = excluded.name, head = excluded.head,
			head_hash = excluded.head_hash, applied = excluded.applied, seen = excluded.seen`,
			o.oid, o.id[:], o.public, o.salt[:], o.role, o.name, int64(o.head), o.headHash[:], int64(o.applied), o.seen)
		if err != nil {
			return err
		}
	}
	return nil
}

// limit says up to which number of its chain an origin is in effect: a server
// that proves membership and an admitted kiosk without end, a revoked kiosk up
// to the fact that the revocation names.
func (w *run) limit(o *origin) (uint64, error) {
	switch o.role {
	case fact.RoleServer:
		return math.MaxUint64, nil
	case fact.RoleKiosk:
	default:
		return 0, nil
	}
	var n int
	if _, err := w.one([]any{&n}, `SELECT count(*) FROM admission WHERE public = ?`, o.public); err != nil || n == 0 {
		return 0, err
	}
	limit := uint64(math.MaxUint64)
	ids, err := w.ids(`SELECT fact FROM revocation WHERE public = ?`, o.public)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		var body fact.Revocation
		if err := w.body(id, &body); err != nil {
			return 0, err
		}
		held := uint64(0)
		for _, h := range body.Holds {
			if h.Origin != o.id {
				continue
			}
			// Where the named fact is not on the chain that counts, nothing of
			// that chain is what the revocation meant.
			hash, err := w.hashAt(o, h.Number)
			if err != nil {
				return 0, err
			}
			if h.Number > o.head || hash == h.Hash {
				held = max(held, h.Number)
			}
		}
		limit = min(limit, held)
	}
	return limit, nil
}

// load reads what is kept in memory; whatever was there is dropped.
func (p *Projection) load(ctx context.Context) error {
	p.origins, p.byOID = map[fact.OriginID]*origin{}, map[int64]*origin{}
	p.places, p.codes = map[place]int64{}, map[int64]place{}
	p.cells = map[cellKey]int64{}
	p.held = map[int64]map[int64]heldBallot{}
	p.retired = map[int64]bool{}
	p.ends = map[int64]int64{}
	p.position = Position{}
	db := p.db.Read()
	scan := func(query string, fn func(r *sql.Rows) error) error {
		r, err := db.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer r.Close()
		for r.Next() {
			if err := fn(r); err != nil {
				return err
			}
		}
		return r.Err()
	}
	var raw []byte
	err := errors.Join(
		scan(`SELECT value FROM meta WHERE key = 'incarnation'`, func(r *sql.Rows) error {
			err := r.Scan(&raw)
			copy(p.incarnation[:], raw)
			return err
		}),
		scan(`SELECT stream, sequence, digest FROM cursor`, func(r *sql.Rows) error {
			err := r.Scan(&p.position.Stream, &p.position.Sequence, &raw)
			copy(p.position.Digest[:], raw)
			return err
		}),
		scan(`SELECT id, sort, code FROM place`, func(r *sql.Rows) error {
			var id int64
			var x place
			err := r.Scan(&id, &x.sort, &x.code)
			p.places[x], p.codes[id] = id, x
			return err
		}),
		scan(`SELECT id, unit, service, desk FROM cell`, func(r *sql.Rows) error {
			var id int64
			var k cellKey
			err := r.Scan(&id, &k.unit, &k.service, &k.desk)
			p.cells[k] = id
			return err
		}),
		scan(`SELECT rating FROM retired`, func(r *sql.Rows) error {
			var rating int64
			err := r.Scan(&rating)
			p.retired[rating] = true
			return err
		}),
		scan(`SELECT coalesce(max(id), 0) + 1 FROM ballot`, func(r *sql.Rows) error { return r.Scan(&p.nextBallot) }),
		scan(`SELECT oid, id, public, salt, role, name, head, head_hash, applied, seen FROM origin`, func(r *sql.Rows) error {
			var oid, head, applied, seen int64
			var id, public, salt, hash []byte
			var role uint8
			var name string
			if err := r.Scan(&oid, &id, &public, &salt, &role, &name, &head, &hash, &applied, &seen); err != nil {
				return err
			}
			o := newOrigin(oid, fact.OriginID(id), public, [16]byte(salt))
			o.role, o.name, o.head, o.applied, o.seen = role, name, uint64(head), uint64(applied), seen
			o.headHash = fact.Hash(hash)
			p.origins[o.id], p.byOID[oid] = o, o
			return nil
		}),
		scan(`SELECT oid, count(*) FROM aside GROUP BY oid`, func(r *sql.Rows) error {
			var oid int64
			var n int
			err := r.Scan(&oid, &n)
			p.byOID[oid].aside = n
			return err
		}),
		scan(`SELECT id, boot, mono, server FROM clock ORDER BY id`, func(r *sql.Rows) error {
			var id int64
			var c clockPoint
			if err := r.Scan(&id, &raw, &c.mono, &c.server); err != nil {
				return err
			}
			oid, n := split(id)
			c.number, c.boot = n, [16]byte(raw)
			p.byOID[oid].addClock(c)
			return nil
		}),
		scan(`SELECT oid, boot FROM estimated`, func(r *sql.Rows) error {
			var oid int64
			if err := r.Scan(&oid, &raw); err != nil {
				return err
			}
			p.byOID[oid].estimated[[16]byte(raw)] = true
			return nil
		}),
		p.loadHeld(scan),
		p.loadEnds(scan),
		p.loadVoids(scan),
	)
	return err
}

// stampMark completes an origin's watermark with who says it and when.
func (p *Projection) stampMark(m *fact.Mark) {
	m.Server, m.Incarnation = p.o.Server, p.incarnation
	m.Stream, m.Sequence, m.CaughtUp = p.position.Stream, p.position.Sequence, p.caughtUp
}

// Mark gives this server's watermark for an origin; number 0 where it holds
// nothing of it.
func (p *Projection) Mark(origin fact.OriginID) fact.Mark {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := fact.Mark{Origin: origin}
	if o := p.origins[origin]; o != nil {
		m = o.mark()
	}
	p.stampMark(&m)
	return m
}

// Marks gives the watermarks of all known origins.
func (p *Projection) Marks() []fact.Mark {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]fact.Mark, 0, len(p.origins))
	for _, o := range p.origins {
		m := o.mark()
		p.stampMark(&m)
		out = append(out, m)
	}
	return out
}
