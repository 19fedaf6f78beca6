package projection

import (
	"bytes"
	"fmt"

	"hailong/internal/fact"
)

// take stores a batch: on the chain that counts where it continues it, aside
// where it does not (a gap or a fork), nowhere where it is known already.
func (w *run) take(b *fact.Batch) error {
	o := w.origin(b)
	o.seen = w.tx.Now.UnixMilli()
	w.touched[o] = true
	news, err := w.news(o, b)
	if err != nil || len(news) == 0 {
		return err
	}
	for i := range news {
		r := &news[i]
		if err := w.withdraw(o, r); err != nil {
			return err
		}
		switch {
		case r.Number == o.head+1 && r.Prev == o.headHash && o.aside == 0:
			err = w.extend(o, *r)
		default:
			err = w.setAside(o, r)
		}
		if err != nil {
			return err
		}
	}
	last := b.Last()
	w.p.facts.Add(int64(len(news)))
	return w.exec(`INSERT INTO seal(oid, number, hash, signature) VALUES (?,?,?,?) ON CONFLICT DO NOTHING`,
		o.oid, int64(last.Number), last.Hash[:], b.Signature[:])
}

// news gives the records of a batch that are not on the chain yet. Since each
// hash covers all before it, one equal hash tells that everything up to it is
// known.
func (w *run) news(o *origin, b *fact.Batch) ([]fact.Record, error) {
	for i := len(b.Records) - 1; i >= 0; i-- {
		r := &b.Records[i]
		if r.Number > o.head {
			continue
		}
		h, err := w.hashAt(o, r.Number)
		if err != nil || h == r.Hash {
			return b.Records[i+1:], err
		}
	}
	return b.Records, nil
}

// extend puts a record at the end of the chain that counts.
func (w *run) extend(o *origin, r fact.Record) error {
	if err := w.facts.add(id(o.oid, r.Number), r.Bytes); err != nil {
		return err
	}
	if o.freshFrom+uint64(len(o.fresh)) != r.Number {
		o.fresh, o.freshFrom = o.fresh[:0], r.Number
	}
	o.fresh = append(o.fresh, r)
	w.arrive(o, r.Number)
	o.head, o.headHash = r.Number, r.Hash
	if r.Number == 1 {
		w.open(o, &r)
	}
	w.touch(o)
	return nil
}

// open learns the origin's role from its first fact.
func (w *run) open(o *origin, r *fact.Record) {
	o.role, o.name = 0, ""
	var body fact.Opened
	if r.Fact == nil || r.Fact.Kind != fact.KindOpened || fact.Unmarshal(r.Fact.Body, &body) != nil {
		return
	}
	switch {
	case body.Role == fact.RoleKiosk, body.Role == fact.RoleServer && w.p.o.Keys.IsMember(o.public, body.Member):
		o.role, o.name = body.Role, body.Name
	}
}

// setAside stores a record that does not simply continue the chain, and lets
// the chain take it up where the rules say so.
func (w *run) setAside(o *origin, r *fact.Record) error {
	var n int
	known, err := w.one([]any{&n}, `SELECT 1 FROM aside WHERE oid = ? AND number = ? AND hash = ?`, o.oid, int64(r.Number), r.Hash[:])
	if err != nil || known {
		return err
	}
	if r.Number <= o.head {
		h, err := w.hashAt(o, r.Number)
		if err != nil || h == r.Hash {
			return err
		}
	}
	if err := w.putAside(o, r); err != nil {
		return err
	}
	return w.choose(o, r.Number)
}

func (w *run) putAside(o *origin, r *fact.Record) error {
	o.aside++
	return w.exec(`INSERT INTO aside(oid, number, hash, prev, bytes) VALUES (?,?,?,?,?)`,
		o.oid, int64(r.Number), r.Hash[:], r.Prev[:], r.Bytes)
}

// choose applies the rule of forks at one number: of the facts there that
// follow the chain, one that an administrator named counts, else one that its
// device did not give up, else the one with the smallest hash; then the chain
// is continued from it. Only a fact that directly follows the chain can change
// the choice, so this is called for each that arrives, and where a decision or
// withdrawal says something of a number.
func (w *run) choose(o *origin, n uint64) error {
	if n > o.head+1 {
		return nil
	}
	prev, err := w.hashAt(o, n-1)
	if err != nil {
		return err
	}
	best, err := w.best(o, n, prev)
	if err != nil || best == nil {
		return err
	}
	if n <= o.head {
		standing, err := w.record(o, n)
		if err != nil {
			return err
		}
		better, err := w.better(o, best, standing)
		if err != nil || !better {
			return err
		}
		if err := w.cut(o, n); err != nil {
			return err
		}
	}
	for best != nil {
		o.aside--
		if err := w.exec(`DELETE FROM aside WHERE oid = ? AND number = ? AND hash = ?`, o.oid, int64(best.Number), best.Hash[:]); err != nil {
			return err
		}
		if err := w.extend(o, *best); err != nil {
			return err
		}
		if best, err = w.best(o, o.head+1, o.headHash); err != nil {
			return err
		}
	}
	return nil
}

// best finds the best record set aside that follows the given hash.
func (w *run) best(o *origin, n uint64, prev fact.Hash) (*fact.Record, error) {
	if o.aside == 0 {
		return nil, nil
	}
	var found []fact.Record
	err := w.each(func(r cells) error {
		var raw []byte
		if err := r.Scan(&raw); err != nil {
			return err
		}
		found = append(found, recordOf(n, raw))
		return nil
	}, `SELECT bytes FROM aside WHERE oid = ? AND number = ? AND prev = ?`, o.oid, int64(n), prev[:])
	if err != nil {
		return nil, err
	}
	var best *fact.Record
	for i := range found {
		better := best == nil
		if !better {
			if better, err = w.better(o, &found[i], best); err != nil {
				return nil, err
			}
		}
		if better {
			best = &found[i]
		}
	}
	return best, nil
}

// better says whether a goes before b at a fork.
func (w *run) better(o *origin, a, b *fact.Record) (bool, error) {
	decided, err := w.decided(o, a.Number)
	if err != nil {
		return false, err
	}
	if x, y := decided == a.Hash, decided == b.Hash; x != y {
		return x, nil
	}
	x, err := w.withdrawn(o, a)
	if err != nil {
		return false, err
	}
	y, err := w.withdrawn(o, b)
	if err != nil {
		return false, err
	}
	if x != y {
		return y, nil
	}
	return bytes.Compare(a.Hash[:], b.Hash[:]) < 0, nil
}

// decided gives the hash that the latest decision in effect names at a number
// of a kiosk's chain; zero where there is none. Decisions about servers have no
// effect: a decision is a server's fact, and none may choose its own ground.
func (w *run) decided(o *origin, n uint64) (h fact.Hash, err error) {
	if o.role == fact.RoleServer || n == 1 { // number 1 tells the role
		return h, nil
	}
	var best *fact.Fact
	var bestOf fact.OriginID
	ids, err := w.ids(`SELECT fact FROM decision WHERE origin = ? AND number = ?`, o.id[:], int64(n))
	for _, id := range ids {
		f, ferr := w.fact(id)
		if ferr != nil {
			return h, ferr
		}
		var body fact.Decision
		if ferr := fact.Unmarshal(f.Body, &body); ferr != nil {
			return h, ferr
		}
		if best == nil || later(f.Wall, f.Origin, f.Number, best.Wall, bestOf, best.Number) {
			best, bestOf, h = f, f.Origin, body.Hash
		}
	}
	return h, err
}

// withdraw notes what an `opened` fact, wherever it stands, says its device
// gave up, and lets the earlier origin choose again.
func (w *run) withdraw(o *origin, r *fact.Record) error {
	var body fact.Opened
	if r.Number != 1 || r.Fact == nil || r.Fact.Kind != fact.KindOpened || fact.Unmarshal(r.Fact.Body, &body) != nil ||
		len(body.Previous) != 16 || body.Withdrawn == 0 || body.Withdrawn > fact.MaxNumber || len(body.WithdrawnHash) != 32 {
		return nil
	}
	err := w.exec(`INSERT INTO withdrawal(origin, number, hash, public) VALUES (?,?,?,?) ON CONFLICT DO NOTHING`,
		body.Previous, int64(body.Withdrawn), body.WithdrawnHash, o.public)
	if earlier := w.p.origins[fact.OriginID(body.Previous)]; err == nil && earlier != nil {
		return w.choose(earlier, body.Withdrawn)
	}
	return err
}

func (w *run) withdrawn(o *origin, r *fact.Record) (bool, error) {
	var n int
	return w.one([]any{&n}, `SELECT 1 FROM withdrawal WHERE origin = ? AND number = ? AND hash = ? AND public = ?`,
		o.id[:], int64(r.Number), r.Hash[:], o.public)
}

// cut takes the chain back to before number n: what was in effect from there
// is taken out, and the facts are set aside.
func (w *run) cut(o *origin, n uint64) error {
	if err := w.facts.flush(); err != nil {
		return err
	}
	if err := w.lower(o, n-1); err != nil {
		return err
	}
	for k := o.head; k >= n; k-- {
		r, err := w.record(o, k)
		if err != nil {
			return err
		}
		if err := w.putAside(o, r); err != nil {
			return err
		}
		if err := w.exec(`DELETE FROM fact WHERE id = ?`, id(o.oid, k)); err != nil {
			return err
		}
	}
	o.fresh, o.freshFrom = nil, 0
	h, err := w.hashAt(o, n-1)
	o.head, o.headHash = n-1, h
	if n == 1 {
		o.role, o.name = 0, ""
	}
	w.touch(o)
	return err
}

// recordOf makes a record of stored bytes, which were checked when they came.
func recordOf(n uint64, raw []byte) fact.Record {
	r := fact.Record{Number: n, Hash: fact.HashOf(raw), Bytes: raw}
	if f, err := fact.Decode(raw); err == nil {
		r.Fact, r.Prev = &f, f.Prev
	} else if prev, err := fact.DecodePrev(raw); err == nil {
		r.Prev = prev
	}
	return r
}

// record reads a fact of the chain that counts.
func (w *run) record(o *origin, n uint64) (*fact.Record, error) {
	if r := o.record(n); r != nil {
		return r, nil
	}
	raw, err := w.bytes(id(o.oid, n))
	if err != nil {
		return nil, err
	}
	r := recordOf(n, raw)
	return &r, nil
}

// hashAt gives the hash at a number of the chain that counts; zero for 0 and
// for numbers above its head.
func (w *run) hashAt(o *origin, n uint64) (fact.Hash, error) {
	switch {
	case n == 0 || n > o.head:
		return fact.Hash{}, nil
	case n == o.head:
		return o.headHash, nil
	}
	if r := o.record(n); r != nil {
		return r.Hash, nil
	}
	raw, err := w.bytes(id(o.oid, n))
	return fact.HashOf(raw), err
}

// bytes reads a stored fact.
func (w *run) bytes(id int64) (raw []byte, err error) {
	if err := w.facts.flush(); err != nil {
		return nil, err
	}
	found, err := w.one([]any{&raw}, `SELECT bytes FROM fact WHERE id = ?`, id)
	if err == nil && !found {
		oid, n := split(id)
		err = fmt.Errorf("fact %d of origin %s is missing from the database", n, w.p.byOID[oid].id)
	}
	return raw, err
}

// fact reads and decodes a stored fact.
func (w *run) fact(id int64) (*fact.Fact, error) {
	oid, n := split(id)
	if r := w.p.byOID[oid].record(n); r != nil && r.Fact != nil {
		return r.Fact, nil
	}
	raw, err := w.bytes(id)
	if err != nil {
		return nil, err
	}
	f, err := fact.Decode(raw)
	return &f, err
}

// body reads the body of a stored fact that is known to be decodable.
func (w *run) body(id int64, to any) error {
	f, err := w.fact(id)
	if err != nil {
		return err
	}
	return fact.Unmarshal(f.Body, to)
}

// later orders two facts of servers: by wall time, then origin, then number.
func later(wall int64, origin fact.OriginID, n uint64, wall2 int64, origin2 fact.OriginID, n2 uint64) bool {
	if wall != wall2 {
		return wall > wall2
	}
	if c := bytes.Compare(origin[:], origin2[:]); c != 0 {
		return c > 0
	}
	return n > n2
}
