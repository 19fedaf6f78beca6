package index

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

const (
	insertBlock = `INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertSaid  = `INSERT INTO said VALUES (?, ?, ?, ?)`
	insertFact  = `INSERT INTO fact VALUES (?, ?)`
	insertEntry = `INSERT INTO entry VALUES (?, ?)`
	insertText  = `INSERT INTO text (fact, ballot, session, purpose, digest, size, holds) VALUES (?, ?, ?, ?, ?, 1, 1)`
	insertSheet = `INSERT INTO questionnaire VALUES (?, ?, ?)`
)

// sheet asks two questions of each kind of service and offers three reasons.
func sheet(t testing.TB, version uint16, extra ...string) []byte {
	t.Helper()
	vi := func(s string) survey.Words { return survey.Words{"vi": s} }
	q := survey.Questionnaire{Version: version, Consent: vi("ừ")}
	for range 5 {
		q.Scale = append(q.Scale, vi("mức"))
	}
	for _, s := range survey.Services {
		one := survey.ServiceSheet{Service: s, Overall: vi("?"), Factors: []survey.Factor{{Code: "f", Name: vi("Yếu tố")}}}
		for _, c := range append([]string{"one", "two"}, extra...) {
			one.Questions = append(one.Questions, survey.Question{Code: c, Factor: "f", Text: vi("Câu " + c)})
		}
		for _, c := range []string{"a", "b", "c"} {
			one.Reasons = append(one.Reasons, survey.Reason{Code: c, Factor: "f", Good: vi("tốt " + c), Bad: vi("kém " + c)})
		}
		q.Services = append(q.Services, one)
	}
	d, err := q.Document()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// blockRow is a block as it is shown.
func blockRow(cell int64, first, last survey.Day, f Figures) statement {
	n := f.Counts
	return row(insertBlock, cell, last, first, n[0], n[1], n[2], n[3], n[4], f.Kiosk, f.Receipt, f.Changed)
}

// spoken is a rating as a ballot shows it; zero id: none that says more.
type spoken struct {
	id      int64
	rating  fact.Rating
	comment []byte // digest; nil: none
}

// sayer makes ratings with their facts and texts.
type sayer struct {
	next int64
	rows []statement
}

func (s *sayer) say(t *rapid.T, ballot int64, score int64) spoken {
	s.next++
	r := fact.Rating{Session: bytes.Repeat([]byte{byte(s.next)}, 16), Nonce: make([]byte, 16), Score: uint8(max(score, 1)), Channel: 1}
	for _, q := range []string{"one", "two", "old", "unknown"} {
		if n := rapid.IntRange(0, 8).Draw(t, q); n > 0 && n <= 5 {
			r.Answers = append(r.Answers, fact.Answer{Question: q, Score: uint8(n)})
		}
	}
	if len(r.Answers) > 0 && rapid.Bool().Draw(t, "again") {
		r.Answers = append(r.Answers, fact.Answer{Question: r.Answers[0].Question, Score: 1}) // counts once
	}
	for _, tick := range []string{"+a", "-a", "-b", "+c", "-unknown", "+c"} {
		if rapid.IntRange(0, 3).Draw(t, tick) == 0 {
			r.Reasons = append(r.Reasons, tick)
		}
	}
	x := spoken{id: 3<<40 | s.next, rating: r}
	body, err := fact.Marshal(&r)
	if err != nil {
		t.Fatal(err)
	}
	data, err := (&fact.Fact{Version: fact.Version, Number: uint64(s.next), Kind: fact.KindRating, Body: body}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	s.rows = append(s.rows, row(insertFact, x.id, data), row(insertEntry, ballot, x.id))
	write := func(session []byte, purpose survey.Purpose, digest []byte) {
		s.next++
		s.rows = append(s.rows, row(insertText, 3<<40|s.next, ballot, session, purpose, digest), row(insertEntry, ballot, 3<<40|s.next))
	}
	digest := func(kind string) []byte { d := sha256.Sum256(fmt.Append(nil, kind, s.next)); return d[:] }
	switch rapid.IntRange(0, 5).Draw(t, "text") {
	case 0:
		write(r.Session, survey.PurposeComment, digest("first"))
		x.comment = digest("comment")
		write(r.Session, survey.PurposeComment, x.comment)
	case 1:
		write(r.Session, survey.PurposeContact, digest("contact"))
		write(bytes.Repeat([]byte{255}, 16), survey.PurposeComment, digest("of another sitting"))
	case 2:
		write(r.Session, survey.PurposeComment, digest("taken back"))
		write(r.Session, survey.PurposeComment, []byte{})
	}
	return x
}

// shownBallot is one as it is shown.
type shownBallot struct {
	said
	spoken
}

// shownBlock is the days of one block: those after the one before it, up to last.
type shownBlock struct{ begin, last survey.Day }

// naiveBlocks cuts what is shown of a cell into blocks, some of which were put
// together with the next one.
func naiveBlocks(t *rapid.T, of []shownBallot) (all []shownBlock, figures []Figures) {
	plain := make([]said, len(of))
	for i := range of {
		plain[i] = of[i].said
	}
	begin, joined := survey.Day(-9), false
	for _, b := range blocksOf(figuresOf(plain), 999) {
		if !b.full {
			break
		}
		if i := len(all) - 1; joined {
			all[i].last, figures[i] = b.last, figures[i].add(b.Figures, 1)
		} else {
			all, figures = append(all, shownBlock{begin, b.last}), append(figures, b.Figures)
		}
		begin, joined = b.last+1, rapid.IntRange(0, 3).Draw(t, "joined") == 0
	}
	return all, figures
}

// naiveSet gives the ballots of the blocks of some cells that end in a period.
func naiveSet(all map[cell][]shownBallot, blocks map[cell][]shownBlock, p survey.Period, service survey.Service) (set []shownBallot) {
	for c, of := range all {
		for _, b := range blocks[c] {
			for _, x := range of {
				if c.service == service && b.last >= p.From && b.last < p.To && x.score != 0 && x.day >= b.begin && x.day <= b.last {
					set = append(set, x)
				}
			}
		}
	}
	return set
}

// TestSaidRecount: what a desk's page says of questions, ticks and comments
// equals a recount from single ballots, for random ballots and ballots held back.
func TestSaidRecount(t *testing.T) {
	f := newFixture(t)
	f.write(row(insertUnit, "A", 1, "A", "A", "k", "", 0, 0), row(insertUnit, "B", 2, "B", "B", "k", "A", 0, 0),
		row(insertDesk, "D10", 10, "A", "", "", 1), row(insertDesk, "D11", 11, "A", "", "", 1),
		row(insertSheet, 1, 0, sheet(t, 1, "old")), row(insertSheet, 2, 5, sheet(t, 2)), row(insertSheet, 3, 90, sheet(t, 3, "new")))
	cells := []cell{{1, 1, 10, 1}, {2, 2, 10, 1}, {3, 1, 10, 2}, {4, 1, 11, 1}}
	for _, c := range cells {
		f.write(row(insertCell, c.id, c.unit, c.service, c.desk))
	}
	rapid.Check(t, func(t *rapid.T) {
		of := &sayer{}
		for _, table := range []string{"cell_day", "held", "block", "said", "fact", "entry", "text"} {
			of.rows = append(of.rows, row(`DELETE FROM `+table))
		}
		shown, blocks := map[cell][]shownBallot{}, map[cell][]shownBlock{}
		ballot := int64(0)
		draw := func(absent bool) shownBallot {
			x := shownBallot{said: drawSaid(t, absent)}
			if x.score != 0 && rapid.Bool().Draw(t, "says more") {
				x.spoken = of.say(t, ballot, x.score)
			}
			return x
		}
		for _, c := range cells {
			var now []said
			put := func(x shownBallot) {
				now = append(now, x.said)
				if x.id != 0 {
					of.rows = append(of.rows, row(insertSaid, c.id, x.day, ballot, x.id))
				}
			}
			for range rapid.IntRange(0, 25).Draw(t, "ballots") {
				ballot++
				x := draw(false)
				put(x)
				shown[c] = append(shown[c], x)
			}
			for range rapid.IntRange(0, 4).Draw(t, "held") {
				ballot++
				is, was := draw(true), draw(true)
				if rapid.IntRange(0, 2).Draw(t, "same") == 0 {
					is.spoken = was.spoken // only the score changed
				}
				if is.score == 0 {
					is.spoken = spoken{}
				}
				put(is)
				shown[c] = append(shown[c], was)
				of.rows = append(of.rows, row(insertHeld, c.id, ballot, is.day, is.score, is.channel, is.binding, is.changed, is.id,
					was.day, was.score, was.channel, was.binding, was.changed, was.id))
			}
			for d, g := range figuresOf(now) {
				n := g.Counts
				of.rows = append(of.rows, row(insertCellDay, c.id, d, n[0], n[1], n[2], n[3], n[4], g.Kiosk, g.Receipt, g.Changed))
			}
			var figures []Figures
			blocks[c], figures = naiveBlocks(t, shown[c])
			for i, b := range blocks[c] {
				of.rows = append(of.rows, blockRow(c.id, b.begin, b.last, figures[i]))
			}
		}
		f.write(of.rows...)
		for range 3 {
			day := survey.Day(rapid.IntRange(1, 60).Draw(t, "day"))
			for desk, code := range map[int64]string{10: "D10", 11: "D11"} {
				here := map[cell][]shownBallot{}
				for c, all := range shown {
					if c.desk == desk {
						here[c] = all
					}
				}
				w, err := f.x.DeskWhole(context.Background(), code, day)
				if err != nil {
					t.Fatal(err)
				}
				checkDesk(t, &w, func(service survey.Service) []shownBallot { return naiveSet(here, blocks, monthOf(day), service) })
			}
		}
	})
}

// checkDesk compares a desk's answer with the set of ballots that it is of.
func checkDesk(t *rapid.T, w *Whole, setOf func(survey.Service) []shownBallot) {
	t.Helper()
	var month, days Figures
	var comments [][32]byte
	services := 0
	for _, service := range survey.Services {
		set := setOf(service)
		for _, x := range set {
			month = month.add(figuresOf([]said{x.said})[x.day], 1)
			if x.comment != nil {
				comments = append(comments, [32]byte(x.comment))
			}
		}
		i := slices.IndexFunc(w.Said, func(s Said) bool { return s.Service == service })
		if i < 0 != (len(set) == 0) {
			t.Fatalf("on %d: %v has %d ballots: %+v", w.Day, service, len(set), w.Said)
		}
		if i >= 0 {
			services++
			checkQuestions(t, w.Said[i], w.Day < 5, set)
		}
	}
	for _, d := range w.Days {
		days = days.add(d.Figures, 1)
	}
	if diff := cmp.Diff(month, w.Month.Figures) + cmp.Diff(month, days); diff != "" || services != len(w.Said) {
		t.Fatalf("on %d: %s", w.Day, diff)
	}
	got := slices.Clone(w.Comments)
	for _, of := range [][][32]byte{got, comments} {
		slices.SortFunc(of, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	}
	if !slices.Equal(got, comments) {
		t.Fatalf("on %d: %d comments, want %d", w.Day, len(got), len(comments))
	}
}

// checkQuestions: the questions of the sheet in force, which is the first or
// not, then those of another that were answered.
func checkQuestions(t *rapid.T, s Said, first bool, set []shownBallot) {
	t.Helper()
	count := func(is func(*fact.Rating) bool) (n int64) {
		for _, x := range set {
			if x.id != 0 && is(&x.rating) {
				n++
			}
		}
		return n
	}
	if more := count(func(*fact.Rating) bool { return true }); s.Ballots != int64(len(set)) || s.More != more {
		t.Fatalf("%d ballots, %d say more, want %d and %d", s.Ballots, s.More, len(set), more)
	}
	for _, q := range s.Questions {
		var want survey.Counts
		for score := range want {
			want[score] = count(func(r *fact.Rating) bool {
				i := slices.IndexFunc(r.Answers, func(a fact.Answer) bool { return a.Question == q.Code })
				return i >= 0 && int(r.Answers[i].Score) == score+1
			})
		}
		if diff := cmp.Diff(want, q.Counts); diff != "" || q.Skipped != s.Ballots-want.Answers() {
			t.Fatalf("question %s: skipped %d, %s", q.Code, q.Skipped, diff)
		}
	}
	codes := []string{}
	for _, q := range s.Questions {
		codes = append(codes, q.Code)
	}
	want := []string{"one", "two"}
	if first || count(func(r *fact.Rating) bool {
		return slices.ContainsFunc(r.Answers, func(a fact.Answer) bool { return a.Question == "old" })
	}) > 0 {
		want = append(want, "old")
	}
	if !slices.Equal(codes, want) {
		t.Fatalf("questions %v, want %v", codes, want)
	}
	for sign, ticks := range map[string][]Tick{"+": s.Good, "-": s.Bad} {
		if !slices.IsSortedFunc(ticks, func(a, b Tick) int { return int(b.Number - a.Number) }) {
			t.Fatalf("not ranked: %+v", ticks)
		}
		for _, code := range []string{"a", "b", "c", "unknown"} {
			n := count(func(r *fact.Rating) bool { return slices.Contains(r.Reasons, sign+code) })
			i := slices.IndexFunc(ticks, func(x Tick) bool { return x.Code == code })
			got := int64(0)
			if i >= 0 {
				got = ticks[i].Number
			}
			if code == "unknown" {
				n = 0 // nobody was asked
			}
			if got != n || i >= 0 && n == 0 {
				t.Fatalf("%s%s: %d, want %d", sign, code, got, n)
			}
		}
	}
}

// TestComments: within the blocks that end on one day comments are shuffled, in
// an order that stays; those of later blocks come first.
func TestComments(t *testing.T) {
	f := deskFixture(t)
	f.write(row(insertCell, 1, 1, 1, 5), row(insertSheet, 1, 0, sheet(t, 1)))
	const each = 40
	for i, d := range []survey.Day{today - 3, today} {
		n := survey.Counts{0, 0, 0, 0, each}
		f.write(cellDay(1, d, n), blockRow(1, d, d, kioskFigures(n)))
		for k := range int64(each) {
			at, session := 9<<40|int64(i)*1000+k*2+1, bytes.Repeat([]byte{byte(k)}, 16)
			digest := sha256.Sum256([]byte{byte(i), byte(k)})
			x := fact.Rating{Session: session, Nonce: make([]byte, 16), Score: 5, Channel: 1, Reasons: []string{"+a"}}
			f.write(row(insertFact, at, factOf(t, fact.KindRating, &x)), row(insertSaid, 1, d, at, at), row(insertEntry, at, at),
				row(insertText, at+1, at, session, survey.PurposeComment, digest[:]), row(insertEntry, at, at+1))
		}
	}
	at := func(i, k int) [32]byte { return sha256.Sum256([]byte{byte(i), byte(k)}) }
	ask := func() [][32]byte {
		w, err := f.x.DeskWhole(context.Background(), "D1", today)
		if err != nil {
			t.Fatal(err)
		}
		return w.Comments
	}
	got := ask()
	if len(got) != 2*each || !slices.Equal(got, ask()) {
		t.Fatalf("%d comments, or another order at a reload", len(got))
	}
	for i, part := range [][][32]byte{got[each:], got[:each]} {
		inOrder := 0
		for k := range each {
			if !slices.Contains(part, at(i, k)) {
				t.Fatalf("comment %d of block %d stands among others'", k, i)
			}
			if part[k] == at(i, k) || part[each-1-k] == at(i, k) {
				inOrder++
			}
		}
		if inOrder > each/2 {
			t.Errorf("block %d: %d of %d comments stand in the order in which they came", i, inOrder, each)
		}
	}
}

// factOf encodes a fact that was recorded an hour before noon by its clock.
func factOf(t testing.TB, kind fact.Kind, body any) []byte {
	t.Helper()
	raw, err := fact.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	data, err := (&fact.Fact{Version: fact.Version, Number: 1, Wall: noon().Add(-time.Hour).UnixMilli(), Kind: kind, Body: raw}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}
