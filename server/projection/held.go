package projection

import (
	"database/sql"
)

// A ballot that was added or changed is held back until it may be shown: see
// block.go for when that is. p.held is in memory what table held is on disk.

// figure is what a ballot adds to its cell's figures; zero: nothing.
type figure struct {
	day                     int64
	score, channel, binding uint8
	changed                 bool
	rating                  int64 // fact id of the rating
	said                    int64 // the same where it says more than a score, else 0
}

func (f figure) shown() bool { return f.score != 0 }

// heldBallot is a ballot as it is, and as it is still shown.
type heldBallot struct {
	now, was figure
	stored   bool // there is a row of it
}

// newsOf says whether the ballot has a rating that was not shown yet, or loses
// one that was: what counts towards five.
func (h *heldBallot) news() bool { return h.now.rating != h.was.rating }

// fresh says whether the ballot has a rating that was in no figure before.
func (p *Projection) fresh(h *heldBallot) bool {
	return h.now.shown() && h.news() && !p.retired[h.now.rating]
}

// gone says whether the ballot leaves its cell.
func (h *heldBallot) gone() bool { return h.was.shown() && !h.now.shown() }

// retire notes that a rating was in a figure, and leaves it.
func (w *run) retire(rating int64) error {
	if w.p.retired[rating] {
		return nil
	}
	w.p.retired[rating] = true
	return w.exec(`INSERT INTO retired(rating) VALUES (?)`, rating)
}

// at is the day under which the ballot is held back: where it is still shown,
// else where it is to be.
func (h *heldBallot) at() int64 {
	if h.was.shown() {
		return h.was.day
	}
	return h.now.day
}

func (s *state) figure() (f figure) {
	if s.counts() && s.unit != 0 {
		f = figure{day: s.day, score: s.score, channel: s.channel, binding: s.binding, changed: s.changed, rating: s.fact}
		if s.said {
			f.said = s.fact
		}
	}
	return f
}

// hold notes a ballot's change in the cells that it was and is in.
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
	// It is shown in the cell that it leaves, if what is held of it there says so.
	if h, held := w.p.held[from][b.id]; was.shown() && (!held || h.was.rating == was.rating) {
		if err := w.retire(was.rating); err != nil {
			return err
		}
	}
	w.holdIn(from, b.id, was, figure{})
	w.holdIn(to, b.id, figure{}, now)
	return nil
}

func (w *run) holdIn(cell, ballot int64, was, now figure) {
	if cell == 0 || was == now {
		return
	}
	h, ok := w.p.held[cell][ballot]
	if !ok {
		h.was = was
	}
	h.now = now
	w.setHeld(cell, ballot, h)
}

// setHeld keeps what is held of a ballot; nothing where it is shown as it is.
func (w *run) setHeld(cell, ballot int64, h heldBallot) {
	held := w.p.held[cell]
	if held == nil {
		held = map[int64]heldBallot{}
		w.p.held[cell] = held
	}
	touched := at(w.heldIn, cell)
	*touched = append(*touched, ballot)
	if h.was == h.now {
		if h.stored {
			w.unheld = append(w.unheld, [2]int64{cell, ballot})
		}
		delete(held, ballot)
		return
	}
	held[ballot] = h
}

// ballots is a set of them.
type ballots map[int64]bool

func (b *ballots) add(id int64) {
	if *b == nil {
		*b = ballots{}
	}
	(*b)[id] = true
}

// flushHeld shows what may be shown, and writes what is still held.
func (w *run) flushHeld() error {
	for _, cell := range sorted(w.heldIn, func(c int64) [3]int64 { return [3]int64{c} }) {
		if err := w.release(cell); err != nil {
			return err
		}
	}
	for _, x := range w.unheld {
		if err := w.exec(`DELETE FROM held WHERE cell = ? AND ballot = ?`, x[0], x[1]); err != nil {
			return err
		}
	}
	w.unheld = w.unheld[:0]
	insert := rows{w: w, width: 16, head: `REPLACE INTO held(cell, ballot, now_day, now_score, now_channel, now_binding, now_changed, now_fact, now_rating,
		was_day, was_score, was_channel, was_binding, was_changed, was_fact, was_rating) VALUES `}
	for cell, touched := range w.heldIn {
		held := w.p.held[cell]
		for _, ballot := range *touched {
			h, ok := held[ballot]
			if !ok {
				continue
			}
			h.stored = true
			held[ballot] = h
			n, s := h.now, h.was
			err := insert.add(cell, ballot, n.day, n.score, n.channel, n.binding, bit(n.changed), n.said, n.rating,
				s.day, s.score, s.channel, s.binding, bit(s.changed), s.said, s.rating)
			if err != nil {
				return err
			}
		}
		if len(held) == 0 {
			delete(w.p.held, cell)
		}
	}
	clear(w.heldIn)
	return insert.flush()
}

func (p *Projection) loadHeld(scan func(string, func(*sql.Rows) error) error) error {
	return scan(`SELECT cell, ballot, now_day, now_score, now_channel, now_binding, now_changed, now_fact, now_rating,
		was_day, was_score, was_channel, was_binding, was_changed, was_fact, was_rating FROM held`, func(r *sql.Rows) error {
		var cell, ballot int64
		h := heldBallot{stored: true}
		n, s := &h.now, &h.was
		err := r.Scan(&cell, &ballot, &n.day, &n.score, &n.channel, &n.binding, &n.changed, &n.said, &n.rating,
			&s.day, &s.score, &s.channel, &s.binding, &s.changed, &s.said, &s.rating)
		if p.held[cell] == nil {
			p.held[cell] = map[int64]heldBallot{}
		}
		p.held[cell][ballot] = h
		return err
	})
}
