package chaos

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/questionnaire"
)

// sheet is what was said beside the score: answers by question, and ticks.
type sheet struct {
	answers map[string]uint8
	reasons []string
}

// sheetVersion is that of the example.
const sheetVersion = 1

func (s sheet) empty() bool { return len(s.answers)+len(s.reasons) == 0 }

// String gives the same text for what says the same.
func (s sheet) String() string {
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(s.answers)) {
		parts = append(parts, fmt.Sprintf("%s=%d", code, s.answers[code]))
	}
	return strings.Join(append(parts, slices.Sorted(slices.Values(s.reasons))...), " ")
}

// sheetOf is what a rating says beside its score.
func sheetOf(r *fact.Rating) string {
	s := sheet{answers: map[string]uint8{}, reasons: r.Reasons}
	for _, a := range r.Answers {
		s.answers[a.Question] = a.Score
	}
	if text := s.String(); text == "" || r.Questionnaire == sheetVersion {
		return text
	}
	return fmt.Sprintf("version %d: %s", r.Questionnaire, s)
}

// more is what the next screen adds, or changes.
func (s sheet) more(rng *rand.Rand, asked *survey.ServiceSheet) sheet {
	next := sheet{maps.Clone(s.answers), slices.Clone(s.reasons)}
	if next.answers == nil {
		next.answers = map[string]uint8{}
	}
	for range 1 + rng.IntN(3) {
		next.answers[asked.Questions[rng.IntN(len(asked.Questions))].Code] = score(rng)
	}
	for range rng.IntN(3) {
		tick := []string{"+", "-"}[rng.IntN(2)] + asked.Reasons[rng.IntN(len(asked.Reasons))].Code
		if i := slices.Index(next.reasons, tick); i >= 0 {
			next.reasons = slices.Delete(next.reasons, i, i+1)
		} else {
			next.reasons = append(next.reasons, tick)
		}
	}
	return next
}

func score(rng *rand.Rand) uint8 { return uint8(1 + rng.IntN(5)) }

// loadSheet has a server load the example questionnaire.
func (w *world) loadSheet(operator []string) {
	w.t.Helper()
	file := filepath.Join("..", "..", "deploy", "example", "questionnaire.yaml")
	run(w.t, "hailong-server", append([]string{"questionnaire", "load", file}, operator...)...)
	v, err := questionnaire.Load(file)
	if err != nil {
		w.t.Fatal(err)
	}
	if v.Version != sheetVersion {
		w.t.Fatalf("the example is version %d", v.Version)
	}
	w.asked = v.For(survey.ServiceAdministrative)
}

// atKiosk is one sitting at a kiosk: a tap, after which many leave; some take it
// back, and choose again or leave; others go on, screen by screen.
func (w *world) atKiosk(rng *rand.Rand, d *device, b *ballot) {
	scan, byCode := b.scan(rng)
	session := b.session
	if b.kind != 3 && rng.IntN(2) == 0 { // else the kiosk draws it
		session = newSession(rng)
	}
	// do sends one thing, and says whether the sitting can go on.
	do := func(a attempt) bool {
		a.number, a.device, a.base, a.byCode = len(b.attempts)+1, d.name, d.address(), byCode
		if a.base == "" || a.number > mostAttempts {
			return false
		}
		a.sent = time.Now()
		if a.back {
			a.state, a.said = withdraw(a.base, scan, session)
		} else {
			a.state, a.said, session = tapKiosk(a.base, scan, session, a)
			a.wrote = a.state
		}
		a.done, a.session = time.Now(), session
		if b.kind == 3 && session == "" {
			return false // nobody knows the sitting: it cannot be asked for later
		}
		b.attempts = append(b.attempts, a)
		if b.kind == 3 && len(b.attempts) == 1 {
			b.session, b.key = session, walkInKey(session)
			w.pool.add(b)
		}
		return session != ""
	}
	first := attempt{score: score(rng), comment: comment(rng)}
	if b.kind == 3 && b.session == "" {
		first.comment = "" // it could not be told whose it is, where the answer is lost
	}
	if !do(first) {
		return
	}
	switch n := rng.IntN(10); {
	case n < 5:
	case n < 7:
		for do(attempt{back: true}) && rng.IntN(2) == 0 && do(attempt{score: score(rng)}) && rng.IntN(3) == 0 {
		}
	default:
		next := attempt{score: first.score}
		for range 1 + rng.IntN(3) {
			next.sheet = next.sheet.more(rng, w.asked)
			if rng.IntN(6) == 0 {
				next.score = score(rng)
			}
			if !do(next) {
				return
			}
		}
		if rng.IntN(8) == 0 {
			do(attempt{back: true})
		}
	}
}

// scan is what a scanner reads of what the citizen holds.
func (b *ballot) scan(rng *rand.Rand) (scan string, byCode bool) {
	switch k := rng.IntN(4); {
	case b.kind == 3:
		return "", false
	case b.kind == 1 && k == 0:
		return b.code, true
	case k == 1:
		return "HTTPS://HAILONG.EXAMPLE/R/" + b.id.String(), false
	case k == 2:
		return b.id.Grouped(), false
	}
	return b.id.String(), false
}

func newSession(rng *rand.Rand) string {
	return fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64()|1)
}

// withdraw takes back what was tapped in a sitting.
func withdraw(base, scan, session string) (state uint8, said string) {
	body, err := json.Marshal(map[string]string{"scan": scan, "session": session})
	if err != nil {
		return refused, err.Error()
	}
	status, answer, err := send(base+"/api/v1/withdrawals", "application/json", body)
	if err == nil && status == http.StatusCreated && strings.Contains(string(answer), `"withdrawn":true`) {
		return thanked, ""
	}
	return outcome(status, answer, err)
}

// sitting is where in a chain something was said, and in which sitting.
type sitting struct {
	at      fact.Fact // without its body
	session string
}

func sittingOf(f *fact.Fact, session []byte) sitting {
	at := *f
	at.Body = nil
	return sitting{at, hex.EncodeToString(session)}
}

// withdrawal notes a withdrawal.
func (w *world) withdrawal(tr *truth, f *fact.Fact) error {
	var b fact.Withdrawal
	if err := fact.Unmarshal(f.Body, &b); err != nil {
		return err
	}
	key, _, err := w.ballotOf(tr, b.Receipt, b.Sealed, b.Session)
	tr.withdrawals[key] = append(tr.withdrawals[key], sittingOf(f, b.Session))
	return err
}

// longestUndo is how long after a tap it may be taken back, in ms.
const longestUndo = 15_000

// takeBack marks the ratings that a later fact of the same sitting, chain and
// boot took back in time.
func (tr *truth) takeBack() {
	for key, withdrawals := range tr.withdrawals {
		for i := range tr.casts[key] {
			c := &tr.casts[key][i]
			for _, x := range withdrawals {
				since := x.at.Mono - c.sitting.at.Mono
				if x.session == c.session && x.at.Origin == c.origin && x.at.Number > c.number && x.at.Boot == c.sitting.at.Boot &&
					since >= 0 && since <= longestUndo {
					c.back = true
				}
			}
		}
	}
}

// takenBackBy gives what was sent after a tap to take it back.
func (b *ballot) takenBackBy(a attempt) (after []attempt) {
	for _, x := range b.attempts {
		if x.back && x.number > a.number && x.session == a.session && x.device == a.device && x.byCode == a.byCode && x.state != refused {
			after = append(after, x)
		}
	}
	return after
}

func (b *ballot) mayBeBack(a attempt) bool { return len(b.takenBackBy(a)) > 0 }

// judgeSittings asks whether what was said beside the scores, and what was taken
// back, is in the facts as people were told.
func (w *world) judgeSittings(s *device, tr *truth, b *ballot, v *verdict) {
	said := map[int]attempt{}
	withdrawn := map[string]uint8{} // by sitting
	for _, a := range b.attempts {
		said[a.number] = a
		if state := w.stateOf(a); a.back && state != refused {
			withdrawn[a.session] = max(withdrawn[a.session], 3-state) // thanked before perhaps
		}
	}
	found := map[string]bool{}
	for _, x := range tr.withdrawals[b.key] {
		found[x.session] = true
		if withdrawn[x.session] == 0 {
			v.wrong++
			v.problem("server %s: ballot %x: sitting %s was never taken back\n%s", s.name, b.key, x.session, w.story(tr, b.key))
		}
	}
	for session, state := range withdrawn {
		if state == 2 && !found[session] {
			v.lost++
			v.problem("server %s: ballot %x: that sitting %s is taken back was thanked for and is not there\n%s", s.name, b.key, session, w.story(tr, b.key))
		}
	}
	sheets := map[int]bool{}
	for _, c := range tr.casts[b.key] {
		a := said[c.attempt]
		want := a.sheet.String()
		switch {
		case c.sheet == want:
			sheets[c.attempt] = true
		case a.again && c.sheet == "": // the tap, before the page that follows
		default:
			v.wrong++
			v.problem("server %s: ballot %x: %v says %q, but %q was said\n%s", s.name, b.key, c, c.sheet, want, w.story(tr, b.key))
		}
		after := b.takenBackBy(a)
		if c.back && len(after) == 0 {
			v.wrong++
			v.problem("server %s: ballot %x: %v was never taken back\n%s", s.name, b.key, c, w.story(tr, b.key))
		}
		for _, x := range after {
			if w.stateOf(x) == thanked && x.base == a.base && x.done.Sub(a.sent) < longestUndo*time.Millisecond && !c.back {
				v.wrong++
				v.problem("server %s: ballot %x: %v was taken back and counts\n%s", s.name, b.key, c, w.story(tr, b.key))
			}
		}
	}
	for _, a := range b.attempts {
		switch state := w.stateOf(a); {
		case state != thanked:
		case a.back:
			v.back++
		case a.sheet.empty() || a.again && a.wrote != thanked:
		case !sheets[a.number]:
			v.lost++
			v.problem("server %s: ballot %x: answers %q were thanked for and are not there\n%s", s.name, b.key, a.sheet, w.story(tr, b.key))
		default:
			v.sheets++
		}
	}
}
