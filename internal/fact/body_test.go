package fact_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"hailong/internal/fact"
)

const when = 1_790_000_000_000

func key(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }

func rating() *fact.Rating {
	return &fact.Rating{Receipt: key(1), Session: key(2)[:16], Score: 5, Channel: 1, Language: "vi", Nonce: key(3)[:16],
		Answers: []fact.Answer{{Question: "q1", Score: 1}}, Reasons: []string{"r1"}}
}

func dossier() *fact.Dossier {
	return &fact.Dossier{Ballot: key(1), Desk: "D", Unit: "U", Service: 1, Field: "Đất đai", Received: when, Due: when + 1}
}

func slip() *fact.Slip { return &fact.Slip{Hash: key(1), Unit: "U", Service: 2, Issued: when} }

func event() *fact.Event { return &fact.Event{Ballot: key(1), Step: 4, At: when} }

func closing() *fact.Closing {
	return &fact.Closing{From: 20727, To: 20758, By: "s1",
		Holds: []fact.Hold{{Origin: fact.OriginID{1}, Number: 7, Hash: fact.Hash{8}}, {Origin: fact.OriginID{2}, Number: 1, Hash: fact.Hash{9}}},
		Cells: []fact.CellSpan{{Unit: "U", Desk: "D", Service: 1, After: 20700, Last: 20750}},
		Back:  []fact.HeldBack{{Ballot: key(4), Unit: "U", Desk: "D", Service: 1, Day: 20740, Score: 5, Channel: 1, Binding: 1, Origin: key(5)[:16], Number: 3}},
		Left:  []fact.LeftOut{{Unit: "U", Service: 1, By: []string{"hour"}}}}
}

type body interface{ Validate() error }

// with spoils one body, or mends it, in one way.
func with[T any](b *T, change func(b *T)) *T {
	change(b)
	return b
}

func TestValidate(t *testing.T) {
	long, broken := strings.Repeat("x", fact.MaxText+1), "\xff"
	for name, b := range map[string]body{
		"rating":                     rating(),
		"rating by dossier code":     with(rating(), func(r *fact.Rating) { r.Receipt, r.Sealed = nil, key(9) }),
		"rating of a walk-in":        with(rating(), func(r *fact.Rating) { r.Receipt, r.Desk = nil, "D" }),
		"rating, longest text":       with(rating(), func(r *fact.Rating) { r.Language = long[1:] }),
		"clock":                      &fact.Clock{Mono: 0, Server: when},
		"dossier":                    dossier(),
		"dossier without a due time": with(dossier(), func(d *fact.Dossier) { d.Due = 0 }),
		"receipt":                    &fact.Receipt{Hash: key(1), Ballot: key(2)},
		"slip":                       slip(),
		"event":                      event(),
		"supplement":                 with(event(), func(e *fact.Event) { e.Step = 2 }),
		"admission":                  &fact.Admission{Public: key(1), Kiosk: "K01"},
		"closing":                    closing(),
		"closing of a year":          with(closing(), func(c *fact.Closing) { c.To = c.From + 366 }),
		"closing, nothing shown":     with(closing(), func(c *fact.Closing) { c.Back = []fact.HeldBack{{Ballot: key(4)}} }),
	} {
		if err := b.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string]body{
		"score 0":                with(rating(), func(r *fact.Rating) { r.Score = 0 }),
		"score 6":                with(rating(), func(r *fact.Rating) { r.Score = 6 }),
		"receipt of 31 bytes":    with(rating(), func(r *fact.Rating) { r.Receipt = r.Receipt[1:] }),
		"two bindings":           with(rating(), func(r *fact.Rating) { r.Sealed = key(9) }),
		"sealed code too long":   with(rating(), func(r *fact.Rating) { r.Receipt, r.Sealed = nil, bytes.Repeat(key(1), 9) }),
		"no session":             with(rating(), func(r *fact.Rating) { r.Session = nil }),
		"short nonce":            with(rating(), func(r *fact.Rating) { r.Nonce = r.Nonce[1:] }),
		"no channel":             with(rating(), func(r *fact.Rating) { r.Channel = 0 }),
		"channel 3":              with(rating(), func(r *fact.Rating) { r.Channel = 3 }),
		"long language":          with(rating(), func(r *fact.Rating) { r.Language = long }),
		"desk that is no text":   with(rating(), func(r *fact.Rating) { r.Desk = broken }),
		"answer 0":               with(rating(), func(r *fact.Rating) { r.Answers[0].Score = 0 }),
		"answer 6":               with(rating(), func(r *fact.Rating) { r.Answers[0].Score = 6 }),
		"long question":          with(rating(), func(r *fact.Rating) { r.Answers[0].Question = long }),
		"too many answers":       with(rating(), func(r *fact.Rating) { r.Answers = make([]fact.Answer, 65) }),
		"too many reasons":       with(rating(), func(r *fact.Rating) { r.Reasons = make([]string, 65) }),
		"reason that is no text": with(rating(), func(r *fact.Rating) { r.Reasons = []string{broken} }),
		"clock in 1970":          &fact.Clock{Server: 5},
		"clock after 2286":       &fact.Clock{Server: 10_000_000_000_001},
		"time before the boot":   &fact.Clock{Server: when, Mono: -1},
		"up for three centuries": &fact.Clock{Server: when, Mono: 10_000_000_000_001},
		"dossier without ballot": with(dossier(), func(d *fact.Dossier) { d.Ballot = nil }),
		"dossier, service 0":     with(dossier(), func(d *fact.Dossier) { d.Service = 0 }),
		"dossier, service 3":     with(dossier(), func(d *fact.Dossier) { d.Service = 3 }),
		"dossier, received 1970": with(dossier(), func(d *fact.Dossier) { d.Received = 1 }),
		"dossier, due 1970":      with(dossier(), func(d *fact.Dossier) { d.Due = 1 }),
		"dossier, long field":    with(dossier(), func(d *fact.Dossier) { d.Field = long }),
		"receipt without ballot": &fact.Receipt{Hash: key(1)},
		"receipt without hash":   &fact.Receipt{Ballot: key(1)},
		"slip without hash":      with(slip(), func(s *fact.Slip) { s.Hash = nil }),
		"slip, service 3":        with(slip(), func(s *fact.Slip) { s.Service = 3 }),
		"slip, issued 1970":      with(slip(), func(s *fact.Slip) { s.Issued = 0 }),
		"slip, long unit":        with(slip(), func(s *fact.Slip) { s.Unit = long }),
		"event without ballot":   with(event(), func(e *fact.Event) { e.Ballot = key(1)[1:] }),
		"received is no event":   with(event(), func(e *fact.Event) { e.Step = 1 }),
		"step 5":                 with(event(), func(e *fact.Event) { e.Step = 5 }),
		"event in 1970":          with(event(), func(e *fact.Event) { e.At = 0 }),
		"event, long desk":       with(event(), func(e *fact.Event) { e.Desk = long }),
		"admission of no key":    &fact.Admission{Kiosk: "K01"},
		"admission, long kiosk":  &fact.Admission{Public: key(1), Kiosk: long},
		"closing of no day":      with(closing(), func(c *fact.Closing) { c.To = c.From }),
		"closing of two years":   with(closing(), func(c *fact.Closing) { c.To = c.From + 367 }),
		"closing of nothing":     with(closing(), func(c *fact.Closing) { c.Holds = nil }),
		"closing, number 0":      with(closing(), func(c *fact.Closing) { c.Holds[0].Number = 0 }),
		"closing, one twice":     with(closing(), func(c *fact.Closing) { c.Holds[1] = c.Holds[0] }),
		"closing, long name":     with(closing(), func(c *fact.Closing) { c.By = long }),
		"closing, backwards":     with(closing(), func(c *fact.Closing) { c.Cells[0].After = c.Cells[0].Last }),
		"closing, cell outside":  with(closing(), func(c *fact.Closing) { c.Cells[0].Last = c.To }),
		"closing, half a ballot": with(closing(), func(c *fact.Closing) { c.Back[0].Score = 0 }),
		"closing, short ballot":  with(closing(), func(c *fact.Closing) { c.Back[0].Ballot = key(1)[1:] }),
		"closing, long left out": with(closing(), func(c *fact.Closing) { c.Left[0].By = []string{long} }),
	} {
		if err := b.Validate(); !errors.Is(err, fact.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCanDate(t *testing.T) {
	for _, c := range []struct {
		wall, mono int64
		want       bool
	}{{0, 0, true}, {-5, 9, true}, {when, 1 << 40, true}, {when, -1, false}, {1 << 62, 0, false}, {-1 << 62, 0, false}, {0, 1 << 62, false}} {
		f := fact.Fact{Wall: c.wall, Mono: c.mono}
		if f.CanDate() != c.want {
			t.Errorf("%d, %d: %v", c.wall, c.mono, !c.want)
		}
	}
}

// TestBodies: every kind of body is read as it was written.
func TestBodies(t *testing.T) {
	hash := fact.Hash{1, 2, 3}
	for _, b := range []any{
		&fact.Opened{Role: fact.RoleKiosk, Name: "K01", Member: []byte{}, Previous: key(1)[:16], Agreed: 3, Withdrawn: 4, WithdrawnHash: key(2), Reason: "restored"},
		&fact.Clock{Boot: [16]byte{1}, Mono: 2, Server: when},
		with(rating(), func(r *fact.Rating) { r.Sealed = []byte{} }),
		&fact.Admission{Public: key(1), Kiosk: "K01"},
		&fact.Revocation{Public: key(1), Holds: []fact.Hold{{Origin: fact.OriginID{1}, Number: 2, Hash: hash}}, Reason: "mất máy"},
		&fact.Decision{Origin: fact.OriginID{1}, Number: 2, Hash: hash, Reason: "đã đối chiếu"},
		dossier(), &fact.Receipt{Hash: key(1), Ballot: key(2)}, slip(), event(),
		&fact.UnitKind{Code: "so", Name: "Sở", NameEN: "Department"},
		&fact.Unit{Code: "SXD", Name: "Sở Xây dựng", Kind: "so", Parent: "H41", From: 1, Until: 20270},
		&fact.Desk{Code: "D1", Unit: "SXD", Name: "Một cửa", Service: 1},
		&fact.Kiosk{Code: "K01", Desk: "D1", Name: "Máy 1"},
		&fact.Target{Kind: "so", Service: 1, Operator: 3, Hundredths: 10000, From: -1},
		&fact.Setting{Key: "sample", Value: "true"},
		closing(),
		&fact.Mark{Server: "s1", Incarnation: [16]byte{1}, Number: 9, Hash: hash, Stream: when, Sequence: 7, CaughtUp: true},
	} {
		raw, err := fact.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		got := reflect.New(reflect.TypeOf(b).Elem()).Interface()
		if err := fact.Unmarshal(raw, got); err != nil || !reflect.DeepEqual(got, b) {
			t.Errorf("%T: %+v, %v; want %+v", b, got, err, b)
		}
		if err := fact.Unmarshal(raw[:len(raw)-1], got); !errors.Is(err, fact.ErrEncoding) {
			t.Errorf("%T cut off: %v", b, err)
		}
	}
}
