package account

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/access"
)

// An account made on one server is the same on another, and its sign-in name is
// found however it is typed.
func TestAccountIsEverywhere(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	x, err := a.Create(t.Context(), Particulars{Role: access.Unit, Unit: "SXD", Login: " Nguyễn.An ", Name: "Nguyễn An", Email: "an@example.vn"})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range w.nodes {
		for _, login := range []string{"nguyễn.an", "NGUYỄN.AN", "\tnguye\u0302\u0303n.an "} {
			got, ok, err := n.ByLogin(t.Context(), login)
			if err != nil || !ok || got.ID != x.ID {
				t.Fatal(login, got, ok, err)
			}
			if got.Login != "nguyễn.an" || got.Name != "Nguyễn An" || got.Role != access.Unit || got.Unit != "SXD" || !got.Readable || got.HasPassword {
				t.Errorf("%+v", got)
			}
		}
	}
	if _, ok, err := b.ByLogin(t.Context(), "nguyen.an"); ok || err != nil {
		t.Error("another name lets in", err)
	}
	if _, ok, err := b.ByID(t.Context(), [16]byte{1}); ok || err != nil {
		t.Error("an account out of nothing", err)
	}
	y, err := b.Change(t.Context(), x.ID, Particulars{Role: access.Auditor, Login: "an", Name: "An"})
	if err != nil || y.ID != x.ID {
		t.Fatal(y, err)
	}
	if got := a.get(x.ID); got.Role != access.Auditor || got.Unit != "" || got.Login != "an" || got.Email != "" {
		t.Errorf("%+v", got)
	}
	if _, ok, err := a.ByLogin(t.Context(), "nguyễn.an"); ok || err != nil {
		t.Error("the former name lets in", err)
	}
}

// What cannot be an account's is refused with a code, and nothing is recorded.
func TestParticularsAreRefused(t *testing.T) {
	w := newWorld(t, 1)
	n := w.nodes[0]
	n.person(access.Auditor, "taken")
	ok := Particulars{Role: access.Auditor, Login: "someone", Name: "Someone"}
	head := n.out.Head().Number
	for name, c := range map[string]struct {
		set  func(*Particulars)
		code survey.Code
	}{
		"no role":           {func(p *Particulars) { p.Role = 0 }, survey.CodeBadField},
		"the operator's":    {func(p *Particulars) { p.Role = access.Operator }, survey.CodeBadField},
		"no sign-in name":   {func(p *Particulars) { p.Login = " " }, survey.CodeBadField},
		"a space within":    {func(p *Particulars) { p.Login = "some one" }, survey.CodeBadField},
		"a line end":        {func(p *Particulars) { p.Login = "some\none" }, survey.CodeBadField},
		"not UTF-8":         {func(p *Particulars) { p.Login = "some\xffone" }, survey.CodeBadField},
		"long":              {func(p *Particulars) { p.Login = strings.Repeat("a", 65) }, survey.CodeBadField},
		"very long":         {func(p *Particulars) { p.Login = strings.Repeat("a", 1<<20) }, survey.CodeBadField},
		"taken":             {func(p *Particulars) { p.Login = "TAKEN" }, survey.CodeLoginTaken},
		"no name":           {func(p *Particulars) { p.Name = "\t" }, survey.CodeMissingField},
		"a long name":       {func(p *Particulars) { p.Name = strings.Repeat("a", 201) }, survey.CodeBadField},
		"a control":         {func(p *Particulars) { p.Name = "a\x00b" }, survey.CodeBadField},
		"a mark unseen":     {func(p *Particulars) { p.Name = "a\u202eb" }, survey.CodeBadField},
		"half a subject":    {func(p *Particulars) { p.Issuer = "https://id.example.vn" }, survey.CodeBadField},
		"a unit too many":   {func(p *Particulars) { p.Unit = "SXD" }, survey.CodeBadField},
		"a desk too many":   {func(p *Particulars) { p.Desk = "D1" }, survey.CodeBadField},
		"no unit":           {func(p *Particulars) { p.Role = access.Unit }, survey.CodeMissingField},
		"no desk":           {func(p *Particulars) { p.Role = access.Desk }, survey.CodeMissingField},
		"unknown unit":      {func(p *Particulars) { p.Role, p.Unit = access.Contact, "XXX" }, survey.CodeUnknownUnit},
		"unknown desk":      {func(p *Particulars) { p.Role, p.Desk = access.Desk, "XXX" }, survey.CodeUnknownDesk},
		"a program's name":  {func(p *Particulars) { p.Role, p.Unit = access.Program, "SXD" }, survey.CodeBadField},
		"a desk for a unit": {func(p *Particulars) { p.Role, p.Unit, p.Desk = access.Unit, "SXD", "D1" }, survey.CodeBadField},
	} {
		p := ok
		c.set(&p)
		_, err := n.Create(t.Context(), p)
		if survey.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if now := n.out.Head().Number; now != head {
		t.Errorf("%d facts were recorded", now-head)
	}
	if _, err := n.Create(t.Context(), ok); err != nil {
		t.Error(err)
	}
}

// A person's account never becomes a program's, nor the other way.
func TestProgramStaysProgram(t *testing.T) {
	n := newWorld(t, 1).nodes[0]
	program, person := n.person(access.Program, "p"), n.person(access.Auditor, "aud")
	_, err := n.Change(t.Context(), program.ID, Particulars{Role: access.Auditor, Login: "x1", Name: "X"})
	wants(t, err, survey.CodeBadField)
	_, err = n.Change(t.Context(), person.ID, Particulars{Role: access.Program, Unit: "SXD", Name: "X"})
	wants(t, err, survey.CodeBadField)
}

// The last account that lets an administrator in stays one.
func TestLastAdministrator(t *testing.T) {
	w := newWorld(t, 2)
	n := w.nodes[0]
	one, two := n.person(access.Administrator, "one"), w.nodes[1].person(access.Administrator, "two")
	if _, err := n.TurnOff(t.Context(), two.ID); err != nil {
		t.Fatal(err)
	}
	_, err := w.nodes[1].TurnOff(t.Context(), one.ID)
	wants(t, err, survey.CodeLastAdministrator)
	_, err = n.Change(t.Context(), one.ID, Particulars{Role: access.Auditor, Login: "one", Name: "One"})
	wants(t, err, survey.CodeLastAdministrator)
	_, err = n.Change(t.Context(), one.ID, Particulars{Role: access.Administrator, Off: true, Login: "one", Name: "One"})
	wants(t, err, survey.CodeLastAdministrator)
	if _, err = n.Change(t.Context(), one.ID, Particulars{Role: access.Administrator, Login: "uno", Name: "Uno"}); err != nil {
		t.Error(err)
	}
	if _, err := n.TurnOff(t.Context(), n.person(access.Auditor, "aud").ID); err != nil {
		t.Error(err)
	}
	if has, err := n.HasAdministrator(t.Context()); !has || err != nil {
		t.Error(has, err)
	}
}

// Of two accounts that two servers gave one name at once, the one with the
// smaller id lets in, at both.
func TestOneNameTwice(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	a.deaf, b.deaf = true, true
	x, y := a.person(access.Auditor, "same"), b.person(access.Auditor, "same")
	a.deaf, b.deaf = false, false
	w.deliver()
	first := x
	if bytes.Compare(y.ID[:], x.ID[:]) < 0 {
		first = y
	}
	for _, n := range w.nodes {
		got, ok, err := n.ByLogin(t.Context(), "same")
		if err != nil || !ok || got.ID != first.ID {
			t.Errorf("%x %v %v, want %x", got.ID, ok, err, first.ID)
		}
		all, err := n.List(t.Context())
		if err != nil || len(all) != 2 {
			t.Fatal(all, err)
		}
		for _, each := range all {
			if each.Shadowed != (each.ID != first.ID) {
				t.Errorf("%x is shadowed: %v", each.ID, each.Shadowed)
			}
		}
	}
	if _, err := a.TurnOff(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := b.ByLogin(t.Context(), "same"); err != nil || !ok || got.ID == first.ID {
		t.Error("the other does not let in once the first is off", ok, err)
	}
}

// What this server recorded holds here at once, also while its projection does
// not get it; and what another recorded later goes before.
func TestRecordedAndNotApplied(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	a.deaf = true
	x := a.person(access.Auditor, "slow") // two changes in a row
	if got := a.get(x.ID); !got.HasPassword {
		t.Error("the second change forgot the first")
	}
	if _, ok, err := a.CheckPassword(t.Context(), "slow", good); !ok || err != nil {
		t.Error(ok, err)
	}
	if all, err := a.List(t.Context()); err != nil || len(all) != 1 {
		t.Error(all, err)
	}
	if _, err := b.TurnOff(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	a.deaf = false
	w.deliver()
	if got := a.get(x.ID); !got.Off {
		t.Error("what is recorded here hides what another recorded later")
	}
	if len(a.recent) != 0 {
		t.Error("what was applied is kept")
	}
}

// While an account's words have not come here it lets nobody in here, and
// nothing of it can be changed here, but that it can be turned off.
func TestWordsAreMissing(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	a.person(access.Administrator, "root1")
	b.wordless = true
	x := a.person(access.Unit, "manager")
	if got := b.get(x.ID); got.Readable || got.Name != "" {
		t.Errorf("%+v", got)
	}
	_, _, err := b.CheckPassword(t.Context(), "manager", good)
	wants(t, err, survey.CodeAccountNotHere)
	wants(t, b.Accounts.SetPassword(t.Context(), x.ID, good), survey.CodeAccountNotHere)
	_, err = b.NewLink(t.Context(), x.ID)
	wants(t, err, survey.CodeAccountNotHere)
	if all, err := b.List(t.Context()); err != nil || len(all) != 2 {
		t.Error(all, err)
	}
	if _, err := b.TurnOff(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := a.CheckPassword(t.Context(), "manager", good); ok || err != nil {
		t.Error("it lets in", err)
	}
}

// A change holds also where the account was dated by a clock that is ahead; where
// it is too far ahead to wait, it is refused.
func TestOutlast(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	w.runs = true
	b.ahead.Store(300)
	x, err := b.Create(t.Context(), Particulars{Role: access.Auditor, Login: "early", Name: "X"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.TurnOff(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	for _, n := range w.nodes {
		if !n.get(x.ID).Off {
			t.Error("what was recorded later does not hold")
		}
	}
	b.ahead.Store(3_600_000)
	y, err := b.Create(t.Context(), Particulars{Role: access.Auditor, Login: "far", Name: "X"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.TurnOff(t.Context(), y.ID)
	wants(t, err, survey.CodeBusy)
}

// Each change erases the words before it: no former password's hash stays.
func TestFormerWordsAreErased(t *testing.T) {
	n := newWorld(t, 1).nodes[0]
	x := n.person(access.Auditor, "someone")
	s, _, err := n.byID(t.Context(), x.ID)
	if err != nil {
		t.Fatal(err)
	}
	before := s.row.digest
	if err := n.Accounts.SetPassword(t.Context(), x.ID, good+"!"); err != nil {
		t.Fatal(err)
	}
	var reason int
	err = n.proj.Reader().QueryRowContext(t.Context(), `SELECT reason FROM erased WHERE digest = ?`, before[:]).Scan(&reason)
	if err != nil || reason != int(fact.ErasedReplaced) {
		t.Error(reason, err)
	}
	s, _, err = n.byID(t.Context(), x.ID)
	if err != nil || s.row.digest == before {
		t.Fatal(err)
	}
	if err := n.proj.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM erased WHERE digest = ?`, s.row.digest[:]).Scan(&reason); err != nil || reason != 0 {
		t.Error("the words that hold are erased", err)
	}
	if _, err := n.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, kept := n.secrets[before]; kept {
		t.Error("they stay in memory")
	}
}

// What the audit gets to read of an account holds no hash and no secret.
func TestAuditTellsNoSecret(t *testing.T) {
	n := newWorld(t, 1).nodes[0]
	x := n.person(access.Administrator, "root1")
	s, _, err := n.byID(t.Context(), x.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.TOTP, s.Recovery, s.Tokens = "SECRETSECRET", [][]byte{[]byte("recovery")}, []token{{Hash: []byte("hash of a token")}}
	var out map[string]any
	if err := json.Unmarshal(told(&s), &out); err != nil || out["login"] != "root1" || out["totp"] != true {
		t.Fatal(out, err)
	}
	for _, secret := range []string{s.Password, s.TOTP, "hash of"} {
		if strings.Contains(string(told(&s)), secret) {
			t.Errorf("%s tells %q", told(&s), secret)
		}
	}
}

// Many who change accounts at once, on two servers, end with the same accounts,
// and none has two of a name on one server's watch.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t, 1)
	n := w.nodes[0]
	var wg sync.WaitGroup
	made := make(chan Account, 20)
	for range 20 {
		wg.Go(func() {
			x, err := n.Create(context.Background(), Particulars{Role: access.Auditor, Login: "one.name", Name: "X"})
			if err == nil {
				made <- x
			} else if survey.CodeOf(err) != survey.CodeLoginTaken {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(made) != 1 {
		t.Errorf("%d of a name", len(made))
	}
}

// NormalLogin gives the same for whatever people may take for the same, and
// changes nothing that it gave.
func TestNormalLogin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		once, err := NormalLogin(name)
		if err != nil {
			return
		}
		for _, like := range []string{once, strings.ToUpper(once), " " + name + " "} {
			if got, err := NormalLogin(like); err != nil || got != once && strings.ToLower(strings.ToUpper(once)) == once {
				t.Fatalf("%q gives %q, %q gives %q, %v", name, once, like, got, err)
			}
		}
	})
}
