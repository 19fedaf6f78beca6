package projection

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hailong/internal/fact"
)

// dumped picks from a dump what recount gives.
func dumped(dump string) []string {
	var out []string
	for line := range strings.Lines(dump) {
		f := strings.Fields(line)
		switch f[0] {
		case "ballot":
			v := func(i int) string { return strings.Trim(f[i], `"`) }
			if v(17) != "0" {
				out = append(out, fmt.Sprintf("ballot %s %s %s %s %s", v(1), v(17), v(21), strings.ToLower(v(15)), v(16)))
			}
		case "cell_day", "dossier_day", "walkin_day", "return_day", "said", "text", "questionnaire", "closing",
			"account", "act", "erased", "checkpoint", "void", "voided", "void_day":
			out = append(out, strings.Join(f, " "))
		}
	}
	slices.Sort(out)
	return out
}

// TestRecount compares ballots and rollups with a recount from the raw facts.
func TestRecount(t *testing.T) {
	ring := newRing(t)
	var ballots, forks, back, held, comments int
	kinds := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := generate(t, ring)
		got := dumped(deliver(t, ring, w.batches))
		n := newNaive(w)
		want := n.recount()
		if !slices.Equal(got, want) {
			t.Fatalf("the projection differs from a recount (-recount +projection):\n%s", cmp.Diff(want, got))
		}
		ballots += len(want)
		for _, e := range n.inEffect {
			if r, ok := e.body.(*fact.Rating); ok && n.takenBack(e, r) {
				back++
			}
		}
		for _, line := range want {
			kinds[strings.Fields(line)[0]]++
			if strings.HasPrefix(line, "text ") && strings.Fields(line)[8] == `"1"` {
				held++
				if strings.Fields(line)[5] == `"1"` {
					comments++
				}
			}
		}
		for id, s := range n.byOrigin {
			if len(s) > len(n.chainOf(id)) {
				forks++
			}
		}
	})
	for _, kind := range []string{"account", "act", "erased", "checkpoint", "void", "voided", "void_day"} {
		if kinds[kind] == 0 {
			t.Errorf("the generated worlds had no line of %s: they test nothing of it", kind)
		}
	}
	if ballots == 0 || forks == 0 || back == 0 || held == 0 || comments == 0 {
		t.Errorf("the generated worlds had %d lines, %d forks, %d ratings taken back, %d texts that hold, %d of them comments: they test nothing",
			ballots, forks, back, held, comments)
	}
}
