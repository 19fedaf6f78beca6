package projection

import (
	"bytes"
	"fmt"
	"slices"
	"sort"

	"hailong/internal/fact"
	"hailong/internal/receipt"
	"hailong/internal/survey"
)

// naive is a second implementation of the rules, of another shape and without
// a database: all facts are at hand, everything is looked up by searching.
type naive struct {
	w         *world
	byOrigin  map[fact.OriginID][]stored
	inEffect  []effective
	decisions []effective
	withdrawn map[string]bool
}

type effective struct {
	f    fact.Fact
	role uint8
	body any
}

func (n *naive) roleOf(s stored) uint8 {
	var o fact.Opened
	if s.f.Kind != fact.KindOpened || fact.Unmarshal(s.f.Body, &o) != nil {
		return 0
	}
	if o.Role == fact.RoleServer && !n.w.ring.IsMember(s.public, o.Member) {
		return 0
	}
	return o.Role
}

// chainOf walks an origin's facts from number 1, choosing at forks.
func (n *naive) chainOf(id fact.OriginID) (chain []stored) {
	var prev fact.Hash
	for number := uint64(1); ; number++ {
		var here []stored
		for _, s := range n.byOrigin[id] {
			if s.f.Number == number && s.f.Prev == prev {
				here = append(here, s)
			}
		}
		if len(here) == 0 {
			return chain
		}
		var decided fact.Hash
		if number > 1 && n.roleOf(chain[0]) != fact.RoleServer {
			for _, d := range n.decisions { // sorted, the latest last
				if b := d.body.(*fact.Decision); b.Origin == id && b.Number == number {
					decided = b.Hash
				}
			}
		}
		rank := func(s stored) string {
			a, b := "1", "0"
			if s.hash == decided {
				a = "0"
			}
			if n.withdrawn[fmt.Sprint(id, number, s.hash, s.public)] {
				b = "1"
			}
			return a + b + s.hash.String()
		}
		sort.Slice(here, func(i, j int) bool { return rank(here[i]) < rank(here[j]) })
		chain = append(chain, here[0])
		prev = here[0].hash
	}
}

func (n *naive) take(chain []stored, role uint8, limit int) {
	for _, s := range chain[:min(limit, len(chain))] {
		f := s.f
		if _, body, err := judge(role, &fact.Record{Number: f.Number, Fact: &f}); err == nil {
			n.inEffect = append(n.inEffect, effective{f, role, body})
		}
	}
}

func serverOrder(a, b effective) int {
	if later(a.f.Wall, a.f.Origin, a.f.Number, b.f.Wall, b.f.Origin, b.f.Number) {
		return 1
	}
	return -1
}

func newNaive(w *world) *naive {
	n := &naive{w: w, byOrigin: map[fact.OriginID][]stored{}, withdrawn: map[string]bool{}}
	seen := map[fact.Hash]bool{}
	for _, s := range w.facts {
		if seen[s.hash] {
			continue
		}
		seen[s.hash] = true
		n.byOrigin[s.f.Origin] = append(n.byOrigin[s.f.Origin], s)
		var o fact.Opened
		if s.f.Kind == fact.KindOpened && fact.Unmarshal(s.f.Body, &o) == nil && o.Withdrawn > 0 {
			n.withdrawn[fmt.Sprint(fact.OriginID(o.Previous), o.Withdrawn, fact.Hash(o.WithdrawnHash), s.public)] = true
		}
	}
	for id := range n.byOrigin {
		if c := n.chainOf(id); len(c) > 0 && n.roleOf(c[0]) == fact.RoleServer {
			n.take(c, fact.RoleServer, len(c))
		}
	}
	slices.SortFunc(n.inEffect, serverOrder)
	servers := slices.Clone(n.inEffect)
	for _, e := range servers {
		if e.f.Kind == fact.KindDecision {
			n.decisions = append(n.decisions, e)
		}
	}
	for id := range n.byOrigin {
		c := n.chainOf(id)
		if len(c) == 0 || n.roleOf(c[0]) != fact.RoleKiosk {
			continue
		}
		admitted, limit := false, len(c)
		for _, e := range servers {
			switch b := e.body.(type) {
			case *fact.Admission:
				admitted = admitted || bytes.Equal(b.Public, c[0].public)
			case *fact.Revocation:
				if bytes.Equal(b.Public, c[0].public) {
					holds := 0
					for _, h := range b.Holds {
						if h.Origin == id && (int(h.Number) > len(c) || c[h.Number-1].hash == h.Hash) {
							holds = max(holds, int(h.Number))
						}
					}
					limit = min(limit, holds)
				}
			}
		}
		if admitted {
			n.take(c, fact.RoleKiosk, limit)
		}
	}
	return n
}

func (n *naive) timeOf(e effective) (int64, bool) {
	if e.role == fact.RoleServer {
		return e.f.Wall, true
	}
	var own, next *effective
	for i := range n.inEffect {
		c := &n.inEffect[i]
		b, ok := c.body.(*fact.Clock)
		if !ok || c.f.Origin != e.f.Origin {
			continue
		}
		if b.Boot == e.f.Boot && (own == nil || c.f.Number < own.f.Number) {
			own = c
		}
		if c.f.Number > e.f.Number && (next == nil || c.f.Number < next.f.Number) {
			next = c
		}
	}
	if own != nil {
		b := own.body.(*fact.Clock)
		return b.Server - b.Mono + e.f.Mono, true
	}
	if next != nil {
		return next.body.(*fact.Clock).Server, true
	}
	return 0, false
}

// ballotOf finds the ballot of a rating, text or withdrawal.
func (n *naive) ballotOf(hash, sealed, session []byte) (key [32]byte) {
	switch {
	case len(hash) > 0:
		var keys []string
		for _, e := range n.inEffect {
			if b, ok := e.body.(*fact.Receipt); ok && bytes.Equal(b.Hash, hash) {
				keys = append(keys, string(b.Ballot))
			}
		}
		if len(keys) == 0 {
			return [32]byte(hash)
		}
		return [32]byte([]byte(slices.Min(keys)))
	case len(sealed) > 0:
		code, err := n.w.ring.OpenCode(sealed)
		if err != nil {
			panic(err)
		}
		return n.w.ring.Ballot(code)
	}
	return receipt.BallotOfWalkIn([16]byte(session))
}

// recount gives the lines that Dump must have for ballots' counted ratings and
// for the rollups.
func (n *naive) recount() []string {
	type place struct {
		unit, desk string
		service    uint8
		last, due  int64
		returned   int64 // first return of a dossier; 0 none
		slip       bool
	}
	places := map[[32]byte]*place{}
	var keys [][32]byte
	servers := slices.Clone(n.inEffect)
	slices.SortFunc(servers, serverOrder)
	for _, e := range servers {
		switch b := e.body.(type) {
		case *fact.Dossier:
			places[[32]byte(b.Ballot)] = &place{b.Unit, b.Desk, b.Service, b.Received, b.Due, 0, false}
		case *fact.Slip:
			places[[32]byte(b.Hash)] = &place{b.Unit, b.Desk, b.Service, b.Issued, 0, 0, true}
		}
	}
	for _, e := range servers {
		if b, ok := e.body.(*fact.Event); ok {
			if p := places[[32]byte(b.Ballot)]; p != nil {
				p.last = max(p.last, b.At)
				if !p.slip && b.Step == uint8(survey.StepReturned) && (p.returned == 0 || b.At < p.returned) {
					p.returned = b.At
				}
			}
		}
	}
	type vote struct {
		e       effective
		r       *fact.Rating
		at      int64
		binding int
		back    bool // taken back
		void    bool
	}
	var out []string
	sums := map[string][]int64{}
	sum := func(name string, i, width int) {
		if sums[name] == nil {
			sums[name] = make([]int64, width)
		}
		sums[name][i]++
	}
	votes := map[[32]byte][]vote{}
	for _, e := range n.inEffect {
		r, ok := e.body.(*fact.Rating)
		if !ok {
			continue
		}
		key := n.ballotOf(r.Receipt, r.Sealed, r.Session)
		at, dated := n.timeOf(e)
		binding := 3
		if len(r.Receipt) > 0 {
			binding = 1
		} else if len(r.Sealed) > 0 {
			binding = 2
		}
		p := places[key]
		if !dated || (binding != 3 && (p == nil || at > p.last+30*86400*1000)) {
			continue
		}
		void := n.isVoid(e)
		votes[key] = append(votes[key], vote{e, r, at, binding, !void && n.takenBack(e, r), void})
		if void {
			if p == nil || binding == 3 {
				p = &place{desk: r.Desk}
			}
			out = append(out, fmt.Sprintf("voided %q %q %q %q %q %q", fmt.Sprintf("%X", e.f.Origin[:]), fmt.Sprint(e.f.Number), p.unit, p.desk, fmt.Sprint(p.service), fmt.Sprint(int64(survey.DayOfMilli(at)))))
			sum(fmt.Sprintf("void_day %q %q %q %q", p.unit, p.desk, fmt.Sprint(p.service), fmt.Sprint(int64(survey.DayOfMilli(at)))), 0, 1)
		}
	}
	for k := range votes {
		keys = append(keys, k)
	}
	for k := range places {
		if votes[k] == nil {
			keys = append(keys, k)
		}
	}
	counted := map[[32]byte]effective{}
	for _, k := range keys {
		vs := slices.DeleteFunc(slices.Clone(votes[k]), func(v vote) bool { return v.back || v.void })
		p := places[k]
		if p != nil {
			day := survey.DayOfMilli(p.last)
			name := fmt.Sprintf("dossier_day %q %q %q", p.unit, fmt.Sprint(p.service), fmt.Sprint(int64(day)))
			sum(name, 0, 2)
			if len(vs) > 0 {
				sum(name, 1, 2)
			}
			if p.returned != 0 {
				when := 1 // on time
				switch day, due := survey.DayOfMilli(p.returned), survey.DayOfMilli(p.due); {
				case p.due == 0:
					when = 3
				case day < due:
					when = 0
				case p.returned > p.due:
					when = 2
				}
				sum(fmt.Sprintf("return_day %q %q %q", p.unit, fmt.Sprint(p.service), fmt.Sprint(int64(survey.DayOfMilli(p.returned)))), when, 4)
			}
		}
		if len(vs) == 0 {
			continue
		}
		best := slices.MinFunc(vs, func(a, b vote) int { return a.binding - b.binding }).binding
		vs = slices.DeleteFunc(vs, func(v vote) bool { return v.binding != best })
		slices.SortFunc(vs, func(a, b vote) int {
			if a.at != b.at {
				return int(a.at - b.at)
			}
			if c := bytes.Compare(a.e.f.Origin[:], b.e.f.Origin[:]); c != 0 {
				return c
			}
			return int(a.e.f.Number) - int(b.e.f.Number)
		})
		win := vs[len(vs)-1]
		changed := slices.ContainsFunc(vs, func(v vote) bool { return v.r.Score != win.r.Score }) ||
			slices.ContainsFunc(votes[k], func(v vote) bool { return v.back && v.binding == best })
		counted[k] = win.e
		day := survey.DayOfMilli(vs[0].at)
		out = append(out, fmt.Sprintf("ballot %X %d %d %s %d", k, win.r.Score, win.at, win.e.f.Origin, win.e.f.Number))
		desk := win.r.Desk
		if p != nil && best != 3 {
			desk = p.desk
			cell := fmt.Sprintf("%q %q %q %q", p.unit, fmt.Sprint(p.service), p.desk, fmt.Sprint(int64(day)))
			sum("cell_day "+cell, int(win.r.Score)-1, 8)
			if win.r.Channel == 1 {
				sum("cell_day "+cell, 5, 8)
			}
			if best == 1 {
				sum("cell_day "+cell, 6, 8)
			}
			if changed {
				sum("cell_day "+cell, 7, 8)
			}
			if len(win.r.Answers)+len(win.r.Reasons) > 0 || n.comments(k, win.e) {
				out = append(out, fmt.Sprintf("said %s %q %q %q", cell, fmt.Sprintf("%X", k), fmt.Sprintf("%X", win.e.f.Origin[:]), fmt.Sprint(win.e.f.Number)))
			}
		}
		if desk == "" {
			continue
		}
		if best == 3 {
			sum(fmt.Sprintf("walkin_day %q %q", desk, fmt.Sprint(int64(day))), int(win.r.Score)-1, 5)
		}
	}
	for name, cells := range sums {
		for _, c := range cells {
			name += fmt.Sprintf(" %q", fmt.Sprint(c))
		}
		out = append(out, name)
	}
	out = append(out, n.texts(counted)...)
	out = append(out, n.sheets()...)
	out = append(out, n.trust()...)
	slices.Sort(out)
	return out
}
