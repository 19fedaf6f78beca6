package chaos

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"hailong/internal/fact"
)

// walkInKey is the ballot key of a sitting.
func walkInKey(session string) [32]byte {
	raw, err := hex.DecodeString(session)
	if err != nil {
		panic(err) // a kiosk gave it
	}
	return sha256.Sum256(append([]byte("hailong/walkin\x00"), raw...))
}

// cast is one rating as a server's table of facts has it.
type cast struct {
	origin    fact.OriginID
	number    uint64
	at        int64 // corrected, Unix ms
	estimated bool
	dated     bool
	score     uint8
	binding   uint8 // 1 receipt, 2 dossier, 3 walk-in
	desk      string
	attempt   int // see attempt
	nonce     string
	sheet     string // see sheet
	sitting
	back bool // it was taken back
}

func (c cast) String() string {
	return fmt.Sprintf("%s/%d attempt %d score %d binding %d at %s estimated %v dated %v",
		c.origin, c.number, c.attempt, c.score, c.binding, time.UnixMilli(c.at).Format("2006-01-02 15:04:05.000"), c.estimated, c.dated)
}

// registered is what a ballot's registration says.
type registered struct {
	kind       uint8
	unit, desk string
	service    uint8
	last       int64
}

// truth is what follows from a server's table of facts, worked out without the
// projection: by the rules of ARCHITECTURE.md, as plainly as can be.
type truth struct {
	casts    map[[32]byte][]cast
	register map[[32]byte]registered
	receipts map[[32]byte][32]byte // hash → ballot
	facts    int
	aside    []string // what stands aside at forks

	withdrawals map[[32]byte][]sitting // by ballot
	comments    map[[32]byte][]remark
}

type chainFacts struct {
	id     fact.OriginID
	server bool
	facts  []fact.Fact
	clocks []clockFact
}

type clockFact struct {
	number uint64
	fact.Clock
}

// walk reads the facts of a server that is down.
func (w *world) walk(s *device) (*truth, error) {
	tr := &truth{casts: map[[32]byte][]cast{}, register: map[[32]byte]registered{}, receipts: map[[32]byte][32]byte{}, withdrawals: map[[32]byte][]sitting{}, comments: map[[32]byte][]remark{}}
	var chains []*chainFacts
	err := reading(filepath.Join(s.data, "server.db"), func(tx *sql.Tx) (err error) {
		chains, err = readChains(tx)
		if err == nil {
			err = each(tx, func(r *sql.Rows) error {
				var line string
				err := r.Scan(&line)
				tr.aside = append(tr.aside, line)
				return err
			}, `SELECT o.name || ' ' || hex(o.id) || ' number ' || a.number FROM aside a JOIN origin o ON o.oid = a.oid`)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, c := range chains {
		tr.facts += len(c.facts)
		for i := range c.facts {
			if err := tr.registration(&c.facts[i]); err != nil {
				return nil, err
			}
		}
	}
	for _, c := range chains {
		for i := range c.facts {
			var err error
			switch c.facts[i].Kind {
			case fact.KindRating:
				err = w.cast(tr, c, i)
			case fact.KindWithdrawal:
				err = w.withdrawal(tr, &c.facts[i])
			case fact.KindText:
				err = w.commented(tr, &c.facts[i])
			}
			if err != nil {
				return nil, err
			}
		}
	}
	tr.takeBack()
	return tr, nil
}

// readChains reads every chain, and checks that it hangs together and is in
// effect as a whole.
func readChains(tx *sql.Tx) (chains []*chainFacts, err error) {
	byOID := map[int64]*chainFacts{}
	heads := map[int64]uint64{}
	err = each(tx, func(r *sql.Rows) error {
		var oid int64
		var id []byte
		var head, applied uint64
		if err := r.Scan(&oid, &id, &head, &applied); err != nil {
			return err
		}
		if head != applied {
			return fmt.Errorf("origin %x is held up to %d and in effect up to %d", id, head, applied)
		}
		c := &chainFacts{id: fact.OriginID(id)}
		byOID[oid], heads[oid] = c, head
		chains = append(chains, c)
		return nil
	}, `SELECT oid, id, head, applied FROM origin ORDER BY id`)
	if err != nil {
		return nil, err
	}
	prev := map[int64]fact.Hash{}
	err = each(tx, func(r *sql.Rows) error {
		var id int64
		var raw []byte
		if err := r.Scan(&id, &raw); err != nil {
			return err
		}
		c := byOID[id>>40]
		f, err := fact.Decode(raw)
		if err != nil {
			return err
		}
		if c == nil || f.Origin != c.id || f.Number != uint64(len(c.facts)+1) || f.Prev != prev[id>>40] {
			return fmt.Errorf("the chain of origin %s is broken at %d", f.Origin, f.Number)
		}
		prev[id>>40] = sha256.Sum256(raw)
		if f.Number == 1 {
			var o fact.Opened
			if err := fact.Unmarshal(f.Body, &o); err != nil {
				return err
			}
			c.server = o.Role == fact.RoleServer
		}
		if f.Kind == fact.KindClock {
			k := clockFact{number: f.Number}
			if err := fact.Unmarshal(f.Body, &k.Clock); err != nil {
				return err
			}
			c.clocks = append(c.clocks, k)
		}
		c.facts = append(c.facts, f)
		return nil
	}, `SELECT id, bytes FROM fact ORDER BY id`)
	for oid, c := range byOID {
		if err == nil && uint64(len(c.facts)) != heads[oid] {
			err = fmt.Errorf("origin %s has head %d and %d facts", c.id, heads[oid], len(c.facts))
		}
	}
	return chains, err
}

// registration notes what a server's fact says of a ballot.
func (tr *truth) registration(f *fact.Fact) error {
	switch f.Kind {
	case fact.KindDossier:
		var b fact.Dossier
		if err := fact.Unmarshal(f.Body, &b); err != nil {
			return err
		}
		tr.register[[32]byte(b.Ballot)] = registered{1, b.Unit, b.Desk, b.Service, b.Received}
	case fact.KindSlip:
		var b fact.Slip
		if err := fact.Unmarshal(f.Body, &b); err != nil {
			return err
		}
		tr.register[[32]byte(b.Hash)] = registered{2, b.Unit, b.Desk, b.Service, b.Issued}
	case fact.KindReceipt:
		var b fact.Receipt
		if err := fact.Unmarshal(f.Body, &b); err != nil {
			return err
		}
		tr.receipts[[32]byte(b.Hash)] = [32]byte(b.Ballot)
	}
	return nil
}

// cast notes a rating.
func (w *world) cast(tr *truth, c *chainFacts, i int) error {
	f := &c.facts[i]
	var b fact.Rating
	if err := fact.Unmarshal(f.Body, &b); err != nil {
		return err
	}
	x := cast{origin: c.id, number: f.Number, score: b.Score, desk: b.Desk, nonce: string(b.Nonce),
		attempt: attemptOf(&b), sheet: sheetOf(&b), sitting: sittingOf(f, b.Session)}
	key, binding, err := w.ballotOf(tr, b.Receipt, b.Sealed, b.Session)
	if err != nil {
		return err
	}
	x.binding = binding
	x.at, x.estimated, x.dated = c.timeOf(i)
	tr.casts[key] = append(tr.casts[key], x)
	return nil
}

// ballotOf gives the ballot of a receipt, a sealed code or a sitting, and which
// of them it was.
func (w *world) ballotOf(tr *truth, receipt, sealed, session []byte) (key [32]byte, binding uint8, err error) {
	switch {
	case len(receipt) > 0:
		key = [32]byte(receipt)
		if to, ok := tr.receipts[key]; ok {
			key = to
		}
		return key, 1, nil
	case len(sealed) > 0:
		code, err := w.keys.OpenCode(sealed)
		return w.keys.Ballot(code), 2, err
	}
	return walkInKey(hex.EncodeToString(session)), 3, nil
}

// timeOf corrects a fact's time: by the first clock fact of its boot, else by
// the next clock fact after it.
func (c *chainFacts) timeOf(i int) (at int64, estimated, dated bool) {
	f := &c.facts[i]
	if c.server {
		return f.Wall, false, true
	}
	for _, k := range c.clocks {
		if k.Boot == f.Boot {
			return k.Server + f.Mono - k.Mono, false, true
		}
	}
	for _, k := range c.clocks {
		if k.number > f.Number {
			return k.Server, true, true
		}
	}
	return 0, false, false
}

// result is what counts of a ballot.
type result struct {
	cast
	first   int64
	changed bool
	said    bool // more than a score
	known   registered
}

// count applies the order rule to a ballot; ok is false where nothing counts.
func (tr *truth) count(key [32]byte) (r result, ok bool) {
	known, isKnown := tr.register[key]
	r.known = known
	var competing, back []cast
	for _, c := range tr.casts[key] {
		switch {
		case !c.dated,
			c.binding != 3 && !isKnown,
			c.binding != 3 && c.at > known.last+30*24*time.Hour.Milliseconds():
			continue
		case c.back:
			back = append(back, c)
			continue
		case len(competing) > 0 && c.binding > competing[0].binding:
			continue // a code never goes before a receipt
		case len(competing) > 0 && c.binding < competing[0].binding:
			competing = competing[:0]
		}
		competing = append(competing, c)
	}
	for i, c := range competing {
		if i == 0 || c.at < r.first {
			r.first = c.at
		}
		if i == 0 || cmp.Or(cmp.Compare(c.at, r.at), bytes.Compare(c.origin[:], r.origin[:]), cmp.Compare(c.number, r.number)) > 0 {
			r.cast = c
		}
		r.changed = r.changed || c.score != competing[0].score
	}
	// What was taken back is an answer that changed.
	for _, c := range back {
		r.changed = r.changed || c.binding == r.binding
	}
	r.said = r.sheet != "" || tr.comment(key, r.origin, r.session)
	return r, len(competing) > 0
}
