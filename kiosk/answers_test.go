package kiosk_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/nacl/box"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/kiosk"
)

// asks gives the kiosk a questionnaire.
func (d *device) asks(q *survey.Questionnaire) {
	d.set(func() { d.config.Sheet, d.config.Service = q, survey.ServiceAdministrative })
}

// post sends a value to the API, and reads the answer.
func (d *device) post(t testing.TB, path string, in map[string]any) (status int, out struct {
	Recorded, Withdrawn, Cut bool
	Session                  string
	Code                     survey.Code
}) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	res, answer := d.ask(t, path, "application/json", string(body))
	if err := json.Unmarshal([]byte(answer), &out); err != nil {
		t.Fatalf("%d %s", res.StatusCode, answer)
	}
	return res.StatusCode, out
}

// writings opens what people wrote, with the servers' key, by its digest.
func (d *device) writings(t testing.TB) map[[32]byte]survey.Writing {
	t.Helper()
	all, err := d.outbox.UnsentWords(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	found := map[[32]byte]survey.Writing{}
	for _, sealed := range all {
		plain, ok := box.OpenAnonymous(nil, sealed, d.config.SealKey, d.private)
		var w survey.Writing
		if !ok || json.Unmarshal(plain, &w) != nil {
			t.Fatalf("words that no server can read: %q", plain)
		}
		found[sha256.Sum256(sealed)] = w
	}
	return found
}

func TestAnswersWordsAndWithdrawalByProgram(t *testing.T) {
	d := newDevice(t, nil)
	d.asks(sheet(t))
	d.ask(t, "/", "", "") // the page knows the version from here on
	id := newID(t).String()
	_, first := d.post(t, "/api/v1/ratings", map[string]any{"scan": id, "score": 2, "language": "lo", "questionnaire": 7})
	say := func(more map[string]any) (int, bool) {
		t.Helper()
		in := map[string]any{"scan": id, "score": 2, "session": first.Session, "language": "lo", "questionnaire": 7}
		for k, v := range more {
			in[k] = v
		}
		status, out := d.post(t, "/api/v1/ratings", in)
		return status, out.Cut
	}
	answers := map[string]int{"staff": 1, "access": 5}
	ticks := []string{"-r0", "+r2"}
	comment := "Cám ơn!\u202e <b>\u0000 " + strings.Repeat("dài 😀 ", 1666) // 10,000 characters
	contact := map[string]string{"name": "A", "contact": "0900 000 000", "consent": "Tôi đồng ý."}
	for i, step := range []struct {
		more map[string]any
		cut  bool
	}{
		{map[string]any{"answers": answers}, false},
		{map[string]any{"answers": answers, "reasons": ticks}, false},
		{map[string]any{"answers": answers, "reasons": ticks, "comment": comment}, true},
		{map[string]any{"answers": answers, "reasons": ticks, "contact": contact}, false},
	} {
		if status, cut := say(step.more); status != 201 || cut != step.cut {
			t.Errorf("%d: %d, cut %v", i, status, cut)
		}
	}
	got := d.ratings(t)
	last := got[len(got)-1]
	if len(got) != 5 || last.Questionnaire != 7 || !slices.Equal(last.Reasons, ticks) || len(last.Answers) != 2 || last.Answers[0].Question != "access" || last.Answers[0].Score != 5 || last.Answers[1].Score != 1 {
		t.Errorf("recorded %+v", got)
	}
	texts, words := records[fact.Text](t, d, fact.KindText), d.writings(t)
	if len(texts) != 2 || len(words) != 2 {
		t.Fatalf("%d facts of words, %d words", len(texts), len(words))
	}
	said, wish := words[[32]byte(texts[0].Digest)], words[[32]byte(texts[1].Digest)]
	if n := len([]rune(said.Comment)); n > survey.MaxComment || n < survey.MaxComment-1 || !strings.HasPrefix(said.Comment, "Cám ơn! <b> dài 😀") {
		t.Errorf("%d characters: %.60q", n, said.Comment)
	}
	if wish.Name != "A" || wish.Contact != "0900 000 000" || wish.Consent != "Tôi đồng ý." || wish.Comment != "" {
		t.Errorf("%+v", wish)
	}

	if status, out := d.post(t, "/api/v1/withdrawals", map[string]any{"scan": id, "session": first.Session}); status != 201 || !out.Withdrawn {
		t.Error(status)
	}
	taken := records[fact.Withdrawal](t, d, fact.KindWithdrawal)
	if len(taken) != 1 || !bytes.Equal(taken[0].Session, got[0].Session) || !bytes.Equal(taken[0].Receipt, got[0].Receipt) {
		t.Errorf("taken back %+v", taken)
	}
}

// A page in mid-answer finishes with the version that it began; what this process
// never had is taken by its form, since the page may be older than the process.
func TestAnswersStayWithTheirVersion(t *testing.T) {
	d := newDevice(t, nil)
	d.asks(sheet(t))
	d.ask(t, "/", "", "")
	next := sheet(t)
	next.Version = 8
	next.Services[0].Questions = next.Services[0].Questions[:1]
	d.asks(next)
	d.ask(t, "/", "", "")
	for _, test := range []struct {
		version int
		answer  string
		status  int
	}{
		{7, "staff", 201}, {7, "nothing", 400}, {8, "access", 201}, {8, "staff", 400}, {3, "of.old", 201}, {0, "access", 400},
	} {
		status, out := d.post(t, "/api/v1/ratings", map[string]any{"scan": newID(t).String(), "score": 4, "questionnaire": test.version, "answers": map[string]int{test.answer: 3}})
		if status != test.status || status == 400 && out.Code != survey.CodeBadField {
			t.Errorf("%+v: %d %s", test, status, out.Code)
		}
	}
	for _, r := range d.ratings(t) {
		if len(r.Answers) != 1 || r.Questionnaire == 0 {
			t.Errorf("recorded %+v", r)
		}
	}
}

// Without the servers' key nobody is asked for words, and none are taken; without
// consent nobody's name is.
func TestWordsThatAreNotTaken(t *testing.T) {
	d := newDevice(t, nil)
	id := newID(t).String()
	for _, contact := range []map[string]string{{"name": "A", "contact": "B"}, {"name": "A", "contact": "B", "consent": " "}, {"name": "A", "consent": "Đồng ý"}} {
		if status, out := d.post(t, "/api/v1/ratings", map[string]any{"scan": id, "score": 4, "contact": contact}); status != 400 || out.Code != survey.CodeBadField {
			t.Errorf("%v: %d %s", contact, status, out.Code)
		}
	}
	d.set(func() { d.config.SealKey = nil })
	if status, out := d.post(t, "/api/v1/ratings", map[string]any{"scan": id, "score": 4, "comment": "x"}); status != 503 || out.Code != survey.CodeUnavailable {
		t.Errorf("%d %s", status, out.Code)
	}
	if len(d.ratings(t)) != 0 {
		t.Error("recorded all the same")
	}
	if d.pageSetup(t).Words {
		t.Error("words are asked for, and can't be sealed")
	}
}

// pageSetup reads what the page tells its script.
func (d *device) pageSetup(t testing.TB) (s kiosk.Setup) {
	t.Helper()
	_, page := d.ask(t, "/", "", "")
	m := regexp.MustCompile(`<script type="application/json" id="setup">(.*?)</script>`).FindStringSubmatch(page)
	if m == nil {
		t.Fatal("no setup in", page)
	}
	if err := json.Unmarshal([]byte(m[1]), &s); err != nil {
		t.Fatal(err, m[1])
	}
	return s
}

func TestWhatThePageIsTold(t *testing.T) {
	d := newDevice(t, nil, func(o *kiosk.Options) { o.ScreenMM = 154 })
	s := d.pageSetup(t)
	if s.Sheet != nil || !s.Desk || !s.Words || s.ScreenMM != 154 || !slices.Equal(s.Languages, []string{"vi", "en"}) || s.Home != "vi" || s.Asleep || s.Limits.Comment != 2000 {
		t.Errorf("%+v", s)
	}
	q := sheet(t)
	q.Services[0].Reasons = append(q.Services[0].Reasons, survey.Reason{Code: "rare", Factor: "staff", Good: survey.Words{"vi": "a"}, Bad: survey.Words{"vi": "</script><script>"}})
	q.Services[0].Overall["vi"] = "Bạn thấy sao </script> &amp; \u2028?"
	d.asks(q)
	before := s.State
	d.set(func() { d.config.Languages = []string{"lo", "xx", "en"} })
	s = d.pageSetup(t)
	if s.State == before {
		t.Error("an open page does not learn of its questionnaire")
	}
	if !slices.Equal(s.Languages, []string{"vi", "lo", "en"}) {
		t.Errorf("offers %v", s.Languages)
	}
	if s.Sheet == nil || s.Sheet.Version != 7 || s.Sheet.Overall["vi"] != q.Services[0].Overall["vi"] || len(s.Sheet.Scale) != 5 || s.Sheet.Consent["vi"] == "" {
		t.Fatalf("%+v", s.Sheet)
	}
	for _, asked := range s.Sheet.Questions {
		if asked.Officer {
			t.Error("a kiosk asks about an officer whom it can't know")
		}
	}
	if len(s.Sheet.Questions) != 3 || len(s.Sheet.Reasons) != survey.MaxKiosk || slices.ContainsFunc(s.Sheet.Reasons, func(r survey.Reason) bool { return r.Code == "rare" }) {
		t.Errorf("%+v", s.Sheet)
	}
	d.set(func() { d.config.Service = survey.ServicePublic })
	if d.pageSetup(t).Sheet != nil {
		t.Error("asks what is asked of another kind of service")
	}
	_, page := d.ask(t, "/?lang=lo", "", "")
	// Else Chromium lays its offer to translate over the languages.
	for _, want := range []string{`<meta name="google" content="notranslate">`, `<html lang="lo">`, "Bộ phận Tiếp nhận và Trả kết quả", `lang="en"`} {
		if !strings.Contains(page, want) {
			t.Errorf("in Lao, the page has no %s", want)
		}
	}
	d.set(func() { d.config.Languages = []string{"en"} })
	if _, page := d.ask(t, "/?lang=lo", "", ""); !strings.Contains(page, `<html lang="vi">`) || strings.Contains(page, "ລາວ") {
		t.Error("Lao is offered, though no setting names it")
	}
}

func TestSignAndSleep(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, survey.Zone) // a Monday
	told, known := now, false
	d := newDevice(t, func() time.Time { return now }, func(o *kiosk.Options) {
		o.ServerTime = func() (time.Time, bool) { return told, known }
	})
	hours, err := survey.ParseHours("T2-T6 07:30-11:30 13:30-17:00")
	if err != nil {
		t.Fatal(err)
	}
	state := func() string {
		t.Helper()
		res, answer := d.ask(t, "/state", "", "")
		var s struct {
			State, Sign string
			Asleep      bool
		}
		if err := json.Unmarshal([]byte(answer), &s); err != nil || res.StatusCode != 200 || s.State == "" {
			t.Fatal(res.StatusCode, answer)
		}
		return fmt.Sprint(s.Sign, " ", s.Asleep)
	}
	want := func(want, when string) {
		t.Helper()
		if got := state(); got != want {
			t.Errorf("%s: %s, not %s", when, got, want)
		}
	}
	want("waiting false", "before it met a server")
	d.set(func() { d.status.LastContact, d.status.Backlog, d.status.OldestUnsent = now, 1, now })
	want("ok false", "just after contact")
	d.set(func() { d.config.Hours = hours })
	told = now.Add(3 * time.Hour) // noon
	want("ok false", "closed, and not told the time")
	known = true
	want("ok true", "at noon, whatever the wall clock says")
	if !d.pageSetup(t).Asleep {
		t.Error("the page is not told at once")
	}
	told = now.Add(5 * time.Hour)
	want("ok false", "open again")
	d.set(func() { d.status.OldestUnsent = now.Add(-11 * time.Minute) })
	want("waiting false", "an old fact waits")
	d.set(func() { d.status.Backlog = 0 })
	want("ok false", "nothing waits")
	d.set(func() { d.status.LastContact = now.Add(-11 * time.Minute) })
	want("waiting false", "a silent server")
	d.set(func() { d.status.StorageError = "disk I/O error" })
	want("trouble false", "a failing disk")
}

func TestBadAnswersAreRefused(t *testing.T) {
	d := newDevice(t, nil)
	id := newID(t).String()
	for body, want := range map[string]survey.Code{
		`{"scan":"` + id + `","score":5,"contact":{"name":"A","phone":"1"}}`:           survey.CodeUnknownField,
		`{"scan":"` + id + `","score":5,"contact":[]}`:                                 survey.CodeBadField,
		`{"scan":"` + id + `","score":5,"questionnaire":1,"answers":{"staff":1.5}}`:    survey.CodeBadField,
		`{"scan":"` + id + `","score":5,"questionnaire":1,"reasons":["staff"]}`:        survey.CodeBadField,
		`{"scan":"` + id + `","score":5,"questionnaire":1,"reasons":["+<b>"]}`:         survey.CodeBadField,
		`{"scan":"` + id + `","score":5,"comment":{"text":"x"}}`:                       survey.CodeBadField,
		`{"scan":"` + id + `","score":5,"comment":"\ud800`:                             survey.CodeBadJSON,
		`{"scan":"` + id + `","score":5,"questionnaire":1,"answers":{"` + id + `":5}}`: survey.CodeBadField,
		`{"scan":"` + id + `","score":0,"comment":"x"}`:                                survey.CodeBadScore,
		`{"scan":"` + strings.Repeat("x", 4096) + `","score":5,"comment":"x"}`:         survey.CodeScanTooLong,
	} {
		res, answer := d.ask(t, "/api/v1/ratings", "application/json", body)
		var p httpx.Problem
		if err := json.Unmarshal([]byte(answer), &p); err != nil || p.Code != want || res.StatusCode != want.Status() || p.Message == "" {
			t.Errorf("%.120s: %d %s, want %s", body, res.StatusCode, answer, want)
		}
	}
	if len(d.ratings(t)) != 0 || len(d.writings(t)) != 0 {
		t.Error("recorded all the same")
	}
}
