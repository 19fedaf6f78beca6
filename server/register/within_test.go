package register_test

import (
	"testing"

	"hailong/internal/survey"
	"hailong/server/register"
	"hailong/server/register/registertest"
)

// What is recorded for one unit: its dossiers are those that it settles and those
// that its desks receive, its slips its own at its own desks; no other is told of
// or touched.
func TestWithinOneUnit(t *testing.T) {
	w := registertest.New(t, nil)
	of := func(n string, desk, unit string) register.Row {
		return register.Row{Code: "000.00.06.H41-261120-00" + n, Desk: desk, Unit: unit, Received: "20/11/2026 09:30"}
	}
	ours, theirs := register.Within(ctx, "SXD"), register.Within(ctx, "H41")
	results, err := w.Register.Register(ours, []register.Row{of("01", "D1", ""), of("02", "D1", "H41"), of("03", "D2", "SXD"), of("04", "D2", ""), of("05", "D2", "H41"), of("06", "DBV", "BV")})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []survey.Code{"", "", "", survey.CodeForbidden, survey.CodeForbidden, survey.CodeForbidden} {
		if got := fault(results[i].Fault); got != want {
			t.Errorf("row %d: %q, want %q", i+1, got, want)
		}
	}
	head := w.Facts()
	if results, err = w.Register.Register(register.Within(ctx, ""), []register.Row{of("07", "D1", "")}); err != nil || fault(results[0].Fault) != survey.CodeForbidden {
		t.Errorf("a token without a unit: %+v %v", results, err)
	}
	if w.Facts() != head {
		t.Error("something was recorded")
	}

	// A dossier of the one alone, and one that both have to do with.
	for _, c := range []struct {
		code         string
		ours, theirs survey.Code
	}{{of("01", "", "").Code, "", survey.CodeForbidden}, {of("02", "", "").Code, "", ""}, {of("99", "", "").Code, survey.CodeUnknownDossier, survey.CodeUnknownDossier}} {
		for _, who := range []struct {
			unit string
			want survey.Code
		}{{"SXD", c.ours}, {"H41", c.theirs}} {
			in := register.Within(ctx, who.unit)
			if _, err := w.Register.Reprint(in, c.code); survey.CodeOf(err) != who.want {
				t.Errorf("reprint of %s for %s: %v", c.code, who.unit, err)
			}
			done, err := w.Register.Events(in, []register.EventRow{{Code: c.code, Step: "returned", At: "21/11/2026 09:00"}})
			if err != nil || fault(done[0].Fault) != who.want {
				t.Errorf("event of %s for %s: %+v %v", c.code, who.unit, done, err)
			}
		}
	}
	all, err := w.Register.Register(ctx, []register.Row{of("08", "D1", "")})
	if err != nil || all[0].Fault != nil {
		t.Fatal(all, err)
	}
	hash := all[0].ID.Hash()
	if err := w.Register.Belongs(ours, hash, all[0].Code); err != nil {
		t.Error(err)
	}
	if err := w.Register.Belongs(theirs, hash, all[0].Code); survey.CodeOf(err) != survey.CodeForbidden {
		t.Error(err)
	}

	for _, c := range []struct {
		unit, desk string
		want       survey.Code
	}{{"SXD", "D1", ""}, {"SXD", "", ""}, {"SXD", "D2", survey.CodeForbidden}, {"H41", "D1", survey.CodeForbidden}, {"BV", "DBV", survey.CodeForbidden}} {
		if _, err := w.Register.IssueSlips(ours, c.unit, c.desk, 0, 1); survey.CodeOf(err) != c.want {
			t.Errorf("slips of %s at %s: %v", c.unit, c.desk, err)
		}
	}
}
