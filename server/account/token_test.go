package account

import (
	"strings"
	"testing"
	"time"

	"hailong/internal/survey"
	"hailong/server/access"
)

// A token lets its program in at every server, an exchanged one for a day more,
// and none once the account is off.
func TestToken(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	x := a.person(access.Program, "")
	check := func(n *node, token string, want bool) {
		t.Helper()
		p, ok, err := n.Token(t.Context(), token)
		if err != nil || ok != want || ok && (p.Account != x.ID || p.Role != access.Program || p.Unit != "SXD" || p.Session+p.CSRF != "") {
			t.Errorf("%+v %v %v", p, ok, err)
		}
	}
	if !b.LastUse(t.Context(), x.ID).IsZero() {
		t.Error("used before there is one")
	}
	one, err := a.NewToken(t.Context(), x.ID, false)
	if err != nil {
		t.Fatal(err)
	}
	check(b, one, true)
	w.eventually("its use is known at the other server", func() bool {
		return w.now().Sub(a.LastUse(t.Context(), x.ID)) < time.Minute
	})
	two, err := b.NewToken(t.Context(), x.ID, false)
	if err != nil {
		t.Fatal(err)
	}
	check(a, one, true)
	check(a, two, true)
	if got := a.get(x.ID).Tokens; len(got) != 2 || got[0].Until.Sub(w.now()) > Overlap || got[0].Until.Sub(w.now()) < Overlap-time.Minute || !got[1].Until.IsZero() {
		t.Errorf("%+v", got)
	}
	w.pass(Overlap)
	check(a, one, false)
	check(b, two, true)
	if got := a.get(x.ID).Tokens; len(got) != 1 {
		t.Errorf("%+v", got)
	}
	three, err := a.NewToken(t.Context(), x.ID, true)
	if err != nil {
		t.Fatal(err)
	}
	check(b, two, false)
	check(b, three, true)
	other, err := a.NewToken(t.Context(), a.person(access.Program, "").ID, false)
	if err != nil {
		t.Fatal(err)
	}
	mixed := other[:strings.LastIndexByte(other, '.')] + three[strings.LastIndexByte(three, '.'):]
	for _, bad := range []string{"", "hl1.", "hl1..", three[:len(three)-1], three + "A", three[1:], strings.ToUpper(three), mixed, "hl1." + strings.Repeat("a", 1<<20), "Bearer " + three} {
		check(a, bad, false)
	}
	_, err = a.NewToken(t.Context(), a.person(access.Administrator, "root1").ID, false)
	wants(t, err, survey.CodeUnknownAccount)
	if _, err := b.TurnOff(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	check(a, three, false)
	_, err = a.NewToken(t.Context(), x.ID, false)
	wants(t, err, survey.CodeUnknownAccount)
}

// The token itself is nowhere: not in the facts, and not in what is sealed.
func TestTokenIsNotKept(t *testing.T) {
	n := newWorld(t, 1).nodes[0]
	x := n.person(access.Program, "")
	text, err := n.NewToken(t.Context(), x.ID, false)
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := n.byID(t.Context(), x.ID)
	if err != nil {
		t.Fatal(err)
	}
	sealed, _, err := n.words.Get(t.Context(), s.row.digest)
	if err != nil {
		t.Fatal(err)
	}
	plain, ok := n.w.ring.OpenWords(sealed)
	if !ok || strings.Contains(string(plain), text[strings.LastIndexByte(text, '.')+1:]) {
		t.Errorf("%v %s", ok, plain)
	}
}
