package projection

import (
	"bytes"
	"fmt"

	"hailong/internal/fact"
)

// What the recount says of sittings and of what is asked.

// takenBack says whether a rating was taken back.
func (n *naive) takenBack(e effective, r *fact.Rating) bool {
	for _, x := range n.inEffect {
		y, ok := x.body.(*fact.Withdrawal)
		if !ok || x.f.Origin != e.f.Origin || x.f.Number < e.f.Number || x.f.Boot != e.f.Boot || !bytes.Equal(y.Session, r.Session) ||
			n.ballotOf(y.Receipt, y.Sealed, y.Session) != n.ballotOf(r.Receipt, r.Sealed, r.Session) {
			continue
		}
		if x.f.Mono >= e.f.Mono && x.f.Mono-e.f.Mono <= 15_000 {
			return true
		}
	}
	return false
}

// comments says whether a comment stands beside the rating that counts.
func (n *naive) comments(ballot [32]byte, win effective) bool {
	says, number := false, uint64(0)
	for _, e := range n.inEffect {
		t, ok := e.body.(*fact.Text)
		if ok && t.Purpose == 1 && e.f.Origin == win.f.Origin && string(t.Session) == string(win.body.(*fact.Rating).Session) &&
			n.ballotOf(t.Receipt, t.Sealed, t.Session) == ballot && e.f.Number > number {
			says, number = len(t.Digest) > 0, e.f.Number
		}
	}
	return says
}

// texts gives the lines of table text; counted are the ratings that count, by
// ballot.
func (n *naive) texts(counted map[[32]byte]effective) (lines []string) {
	type slot struct {
		ballot  [32]byte
		origin  fact.OriginID
		session string
		purpose uint8
	}
	last := map[slot]uint64{}
	of := func(e effective, t *fact.Text) slot {
		return slot{n.ballotOf(t.Receipt, t.Sealed, t.Session), e.f.Origin, string(t.Session), t.Purpose}
	}
	for _, e := range n.inEffect {
		if t, ok := e.body.(*fact.Text); ok {
			last[of(e, t)] = max(last[of(e, t)], e.f.Number)
		}
	}
	for _, e := range n.inEffect {
		t, ok := e.body.(*fact.Text)
		if !ok {
			continue
		}
		s := of(e, t)
		holds := len(t.Digest) > 0 && last[s] == e.f.Number
		if win, ok := counted[s.ballot]; t.Purpose == 1 && (!ok || win.f.Origin != s.origin || string(win.body.(*fact.Rating).Session) != s.session) {
			holds = false
		}
		at, _ := n.timeOf(e)
		lines = append(lines, fmt.Sprintf("text %q %q %q %q %q %q %q %q %q", fmt.Sprintf("%X", s.ballot), fmt.Sprintf("%X", s.origin[:]), fmt.Sprint(e.f.Number),
			fmt.Sprintf("%X", s.session), fmt.Sprint(t.Purpose), fmt.Sprintf("%X", t.Digest), fmt.Sprint(t.Size), fmt.Sprint(bit(holds)), fmt.Sprint(at)))
	}
	return lines
}

// sheets gives the lines of table questionnaire: of each version, the latest
// fact.
func (n *naive) sheets() (lines []string) {
	latest := map[uint16]effective{}
	for _, e := range n.inEffect {
		if c, ok := e.body.(*fact.Closing); ok {
			lines = append(lines, fmt.Sprintf("closing %q %q %q %q %q", fmt.Sprintf("%X", e.f.Origin[:]), fmt.Sprint(e.f.Number), fmt.Sprint(c.From), fmt.Sprint(c.To), fmt.Sprint(e.f.Wall)))
		}
		if q, ok := e.body.(*fact.Questionnaire); ok {
			if was, ok := latest[q.Version]; !ok || serverOrder(e, was) > 0 {
				latest[q.Version] = e
			}
		}
	}
	for _, e := range latest {
		q := e.body.(*fact.Questionnaire)
		lines = append(lines, fmt.Sprintf("questionnaire %q %q %q", fmt.Sprint(q.Version), fmt.Sprint(q.From), fmt.Sprintf("%X", q.Document)))
	}
	return lines
}
