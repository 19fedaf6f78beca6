package projection

import (
	"database/sql"

	"hailong/internal/survey"
)

// group is a place whose shown figures move only when at least
// survey.LeastShown of its ballots were added or changed since they last moved:
// before minus after would otherwise be the person at the counter.
type group struct {
	scope   uint8 // sortUnit or sortDesk
	place   int64
	service uint8 // 0 for desks
}

// figure is what a ballot adds to a group's figures; zero: nothing.
type figure struct {
	day                     int64
	score, channel, binding uint8
	changed                 bool
}

// heldBallot is a ballot as it is, and as it is still shown.
type heldBallot struct{ now, was figure }

func (s *state) groups() (unit, desk group, f figure) {
	if s.score == 0 {
		return
	}
	f = figure{s.day, s.score, s.channel, s.binding, s.changed}
	if s.counts() && s.unit != 0 {
		unit = group{sortUnit, s.unit, s.service}
	}
	if s.desk != 0 {
		desk = group{sortDesk, s.desk, 0}
	}
	return
}

// hold notes a ballot's change in the groups that it was and is in, and lets a
// group's figures move once enough ballots wait.
func (w *run) hold(b *ballot) {
	unitWas, deskWas, was := b.was.groups()
	unitNow, deskNow, now := b.now.groups()
	for _, g := range [2][2]group{{unitWas, unitNow}, {deskWas, deskNow}} {
		if g[0] == g[1] {
			w.holdIn(g[0], b.id, was, now)
			continue
		}
		w.holdIn(g[0], b.id, was, figure{})
		w.holdIn(g[1], b.id, figure{}, now)
	}
}

func (w *run) holdIn(g group, ballot int64, was, now figure) {
	if g.scope == 0 || was == now {
		return
	}
	held := w.p.held[g]
	if held == nil {
		held = map[int64]heldBallot{}
		w.p.held[g] = held
	}
	if before, ok := held[ballot]; ok {
		was = before.was
	}
	if was == now {
		delete(held, ballot)
	} else {
		held[ballot] = heldBallot{now: now, was: was}
	}
	if len(held) >= survey.LeastShown {
		clear(held)
	}
	w.groups[g] = true
}

// flushHeld writes the groups that changed.
func (w *run) flushHeld() error {
	insert := rows{w: w, width: 14, head: `INSERT INTO held(scope, place, service, ballot, now_day, now_score, now_channel, now_binding, now_changed,
		was_day, was_score, was_channel, was_binding, was_changed) VALUES `}
	for g := range w.groups {
		if err := w.exec(`DELETE FROM held WHERE scope = ? AND place = ? AND service = ?`, g.scope, g.place, g.service); err != nil {
			return err
		}
		for ballot, h := range w.p.held[g] {
			n, s := h.now, h.was
			err := insert.add(g.scope, g.place, g.service, ballot, n.day, n.score, n.channel, n.binding, bit(n.changed), s.day, s.score, s.channel, s.binding, bit(s.changed))
			if err != nil {
				return err
			}
		}
		if len(w.p.held[g]) == 0 {
			delete(w.p.held, g)
		}
	}
	return insert.flush()
}

func (p *Projection) loadHeld(scan func(string, func(*sql.Rows) error) error) error {
	return scan(`SELECT scope, place, service, ballot, now_day, now_score, now_channel, now_binding, now_changed,
		was_day, was_score, was_channel, was_binding, was_changed FROM held`, func(r *sql.Rows) error {
		var g group
		var ballot int64
		var h heldBallot
		n, s := &h.now, &h.was
		err := r.Scan(&g.scope, &g.place, &g.service, &ballot, &n.day, &n.score, &n.channel, &n.binding, &n.changed, &s.day, &s.score, &s.channel, &s.binding, &s.changed)
		if p.held[g] == nil {
			p.held[g] = map[int64]heldBallot{}
		}
		p.held[g][ballot] = h
		return err
	})
}
