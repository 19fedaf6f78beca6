package projection

import (
	"database/sql"

	"hailong/internal/survey"
)

// A cell's shown figures move only when at least survey.LeastShown of its
// ballots were added or changed since they last moved: before minus after would
// otherwise be the person at the counter.

// figure is what a ballot adds to its cell's figures; zero: nothing.
type figure struct {
	day                     int64
	score, channel, binding uint8
	changed                 bool
	said                    int64 // fact id of the rating, where it says more than a score
}

// heldBallot is a ballot as it is, and as it is still shown.
type heldBallot struct{ now, was figure }

func (s *state) figure() (f figure) {
	if s.counts() && s.unit != 0 {
		f = figure{day: s.day, score: s.score, channel: s.channel, binding: s.binding, changed: s.changed}
		if s.said {
			f.said = s.fact
		}
	}
	return f
}

// hold notes a ballot's change in the cells that it was and is in, and lets a
// cell's figures move once enough ballots wait.
func (w *run) hold(b *ballot) error {
	was, now := b.was.figure(), b.now.figure()
	if was == now && b.was.unit == b.now.unit && b.was.service == b.now.service && b.was.desk == b.now.desk {
		return nil
	}
	from, err := w.cellOf(&b.was)
	if err != nil {
		return err
	}
	to, err := w.cellOf(&b.now)
	if err != nil {
		return err
	}
	if from == to {
		w.holdIn(to, b.id, was, now)
		return nil
	}
	w.holdIn(from, b.id, was, figure{})
	w.holdIn(to, b.id, figure{}, now)
	return nil
}

func (w *run) holdIn(cell, ballot int64, was, now figure) {
	if cell == 0 || was == now {
		return
	}
	held := w.p.held[cell]
	if held == nil {
		held = map[int64]heldBallot{}
		w.p.held[cell] = held
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
	w.heldIn[cell] = true
}

// flushHeld writes the cells that changed.
func (w *run) flushHeld() error {
	insert := rows{w: w, width: 14, head: `INSERT INTO held(cell, ballot, now_day, now_score, now_channel, now_binding, now_changed, now_fact,
		was_day, was_score, was_channel, was_binding, was_changed, was_fact) VALUES `}
	for cell := range w.heldIn {
		if err := w.exec(`DELETE FROM held WHERE cell = ?`, cell); err != nil {
			return err
		}
		for ballot, h := range w.p.held[cell] {
			n, s := h.now, h.was
			err := insert.add(cell, ballot, n.day, n.score, n.channel, n.binding, bit(n.changed), n.said, s.day, s.score, s.channel, s.binding, bit(s.changed), s.said)
			if err != nil {
				return err
			}
		}
		if len(w.p.held[cell]) == 0 {
			delete(w.p.held, cell)
		}
	}
	return insert.flush()
}

func (p *Projection) loadHeld(scan func(string, func(*sql.Rows) error) error) error {
	return scan(`SELECT cell, ballot, now_day, now_score, now_channel, now_binding, now_changed, now_fact,
		was_day, was_score, was_channel, was_binding, was_changed, was_fact FROM held`, func(r *sql.Rows) error {
		var cell, ballot int64
		var h heldBallot
		n, s := &h.now, &h.was
		err := r.Scan(&cell, &ballot, &n.day, &n.score, &n.channel, &n.binding, &n.changed, &n.said, &s.day, &s.score, &s.channel, &s.binding, &s.changed, &s.said)
		if p.held[cell] == nil {
			p.held[cell] = map[int64]heldBallot{}
		}
		p.held[cell][ballot] = h
		return err
	})
}
