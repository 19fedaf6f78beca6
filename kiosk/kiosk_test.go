package kiosk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/kiosk"
)

// ask sends a request past the network; a body makes it a POST.
func (d *device) ask(t testing.TB, path, contentType, body string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if contentType != "" {
		r = httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
	}
	if !strings.HasPrefix(path, "/api/") {
		r.Header.Set("Accept", "text/html")
	}
	res, err := d.app.Test(r, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func (d *device) form(t testing.TB, path string, values ...string) (*http.Response, string) {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	return d.ask(t, path, "application/x-www-form-urlencoded", form.Encode())
}

// hidden gives the value of a hidden field of a page.
func hidden(t testing.TB, page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)">`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no field %s in %s", name, page)
	}
	return m[1]
}

func TestRatingByProgram(t *testing.T) {
	d := newDevice(t, nil)
	id := newID(t)
	hash := id.Hash()
	body := fmt.Sprintf(`{"scan":%q,"score":5,"language":"vi","took_ms":1234}`, id)
	res, answer := d.ask(t, "/api/v1/ratings", "application/json", body)
	var first struct {
		Recorded         bool
		Session, Binding string
	}
	if err := json.Unmarshal([]byte(answer), &first); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 201 || !first.Recorded || first.Binding != "receipt" || len(first.Session) != 32 {
		t.Fatalf("%d %s", res.StatusCode, answer)
	}
	body = fmt.Sprintf(`{"scan":%q,"score":1,"session":%q}`, id, first.Session)
	if res, answer := d.ask(t, "/api/v1/ratings", "application/json; charset=utf-8", body); res.StatusCode != 201 || !strings.Contains(answer, first.Session) {
		t.Fatalf("%d %s", res.StatusCode, answer)
	}
	got := d.ratings(t)
	if len(got) != 2 || got[0].Score != 5 || got[0].Took != 1234 || got[1].Score != 1 || !bytes.Equal(got[0].Session, got[1].Session) || !bytes.Equal(got[1].Receipt, hash[:]) {
		t.Errorf("recorded %+v", got)
	}
}

func TestBadRatingsAreRefused(t *testing.T) {
	d := newDevice(t, nil)
	id := newID(t).String()
	for body, want := range map[string]survey.Code{
		`{"scan":"` + id + `","score":0}`:                  survey.CodeBadScore,
		`{"scan":"` + id + `"}`:                            survey.CodeBadScore,
		`{"scan":"` + id + `","score":6}`:                  survey.CodeBadScore,
		`{"scan":"` + id + `","score":-1}`:                 survey.CodeBadField,
		`{"scan":"` + id + `","score":"5"}`:                survey.CodeBadField,
		`{"scan":"` + id + `","score":5,"session":"1"}`:    survey.CodeBadSession,
		`{"scan":"` + id + `","score":5,"took_ms":-1}`:     survey.CodeBadField,
		`{"scan":"` + id + `","score":5,"language":"a b"}`: survey.CodeBadField,
		`{"scan":"` + id + `","score":5,"desk":"X"}`:       survey.CodeUnknownField,
		`{"scan":"xin chào","score":5}`:                    survey.CodeUnknownScan,
		`{"scan":"` + strings.Repeat("x", 4096) + `"}`:     survey.CodeScanTooLong,
		`{"scan":"` + id + `","score":5}}`:                 survey.CodeBadJSON,
		``:                                                 survey.CodeBadJSON,
	} {
		res, answer := d.ask(t, "/api/v1/ratings", "application/json", body)
		var p httpx.Problem
		if err := json.Unmarshal([]byte(answer), &p); err != nil || p.Code != want || res.StatusCode != want.Status() || p.Message == "" {
			t.Errorf("%.80s: %d %s", body, res.StatusCode, answer)
		}
	}
	if res, _ := d.ask(t, "/api/v1/ratings", "text/plain", "{}"); res.StatusCode != 415 {
		t.Error(res.StatusCode)
	}
	if got := d.ratings(t); len(got) != 0 {
		t.Errorf("recorded %+v", got)
	}
}

func TestStorageFailure(t *testing.T) {
	d := newDevice(t, nil, withPIN)
	body := `{"scan":"` + newID(t).String() + `","score":5}`
	d.set(func() { d.fail = errors.New("outbox: disk I/O error") })
	res, answer := d.ask(t, "/api/v1/ratings", "application/json", body)
	if res.StatusCode != 503 || !strings.Contains(answer, string(survey.CodeStorageFailing)) || strings.Contains(answer, "I/O") || strings.Contains(answer, "recorded") {
		t.Errorf("%d %s", res.StatusCode, answer)
	}
	if res, _ := d.ask(t, "/readyz", "", ""); res.StatusCode != 503 {
		t.Error("ready, though nothing can be recorded")
	}
	if _, page := d.enter(t, ""); !strings.Contains(page, "disk I/O error") || !strings.Contains(page, "Có việc cần xem lại") {
		t.Error("staff are not told:", page)
	}
	d.set(func() { d.fail = nil })
	if res, _ := d.ask(t, "/api/v1/ratings", "application/json", body); res.StatusCode != 201 {
		t.Error(res.StatusCode)
	}
	if res, _ := d.ask(t, "/readyz", "", ""); res.StatusCode != 200 {
		t.Error("not ready, though it works again")
	}
}

// Without script: each step is a page of its own, and no page holds the code.
func TestFormsWithoutScript(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 30, 0, 0, time.UTC)
	var mu sync.Mutex
	later := func(by time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(by) }
	d := newDevice(t, func() time.Time { mu.Lock(); defer mu.Unlock(); return now })
	id := newID(t).String()
	begin := func() (token, mark string) {
		t.Helper()
		_, page := d.ask(t, "/", "", "")
		mark = hidden(t, page, "mark")
		res, page := d.form(t, "/scan", "mark", mark, "scan", id)
		if res.StatusCode != 200 || strings.Contains(page, id) || res.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %s", res.StatusCode, page)
		}
		return hidden(t, page, "token"), mark
	}
	token, mark := begin()
	later(3 * time.Second)
	for _, score := range []string{"5", "2"} { // two quick taps
		if res, page := d.form(t, "/rate", "token", token, "score", score); res.StatusCode != 303 || res.Header.Get("Location") != "/thanks" {
			t.Fatalf("%d %s", res.StatusCode, page)
		}
	}
	got := d.ratings(t)
	if len(got) != 2 || got[1].Score != 2 || got[0].Took != 3000 || !bytes.Equal(got[0].Session, got[1].Session) || !bytes.Equal(got[0].Receipt, got[1].Receipt) {
		t.Fatalf("recorded %+v", got)
	}
	if _, page := d.ask(t, "/thanks", "", ""); !strings.Contains(page, `content="6;url=/"`) || strings.Contains(page, id) || strings.Contains(page, `<section id="thanks" hidden`) {
		t.Error(page)
	}
	// The next person goes back and taps, or sends the start form again.
	later(10 * time.Second)
	if res, page := d.form(t, "/rate", "token", token, "score", "1"); res.StatusCode != 409 || !strings.Contains(page, "hết hạn") {
		t.Errorf("%d %s", res.StatusCode, page)
	}
	if res, _ := d.form(t, "/scan", "mark", mark, "scan", id); res.StatusCode != 303 || res.Header.Get("Location") != "/" {
		t.Error("the start form was taken twice:", res.StatusCode)
	}
	token, _ = begin()
	later(3 * time.Minute)
	if res, _ := d.form(t, "/rate", "token", token, "score", "1"); res.StatusCode != 409 {
		t.Error("a sitting never ends:", res.StatusCode)
	}
	token, _ = begin()
	if res, page := d.form(t, "/rate", "token", token, "score", "9"); res.StatusCode != 400 || !strings.Contains(page, "Xin chọn một trong năm mức") {
		t.Error(res.StatusCode)
	}
	if got := d.ratings(t); len(got) != 2 {
		t.Errorf("recorded %+v", got)
	}
	_, page := d.ask(t, "/", "", "")
	if res, page := d.form(t, "/scan", "mark", hidden(t, page, "mark"), "scan", "xin chào"); res.StatusCode != 400 || !strings.Contains(page, "Máy chưa đọc được mã này") {
		t.Errorf("%d %s", res.StatusCode, page)
	}
	_, page = d.ask(t, "/?lang=en", "", "")
	res, page := d.form(t, "/scan?lang=en", "mark", hidden(t, page, "mark"), "walkin", "1")
	if res.StatusCode != 200 || !strings.Contains(page, "/rate?lang=en") {
		t.Errorf("walk-in: %d %s", res.StatusCode, page)
	}
}

func TestBeforeTheFirstConfiguration(t *testing.T) {
	d := newDevice(t, nil)
	d.set(func() { d.config = kiosk.Config{} })
	if _, page := d.ask(t, "/", "", ""); strings.Contains(page, `id="walkin"`) {
		t.Error("walk-ins are invited, and could not be counted")
	}
	state := func() (s struct{ State string }) {
		t.Helper()
		_, answer := d.ask(t, "/state", "", "")
		if err := json.Unmarshal([]byte(answer), &s); err != nil || s.State == "" {
			t.Fatal(answer, err)
		}
		return s
	}
	before := state().State
	if _, page := d.ask(t, "/", "", ""); !strings.Contains(page, `data-state="`+before+`"`) {
		t.Errorf("the page does not know its state %q", before)
	}
	d.set(func() { d.config.Desk = "Q1" })
	if state().State == before {
		t.Error("an open page does not learn of its configuration")
	}
	d.set(func() { d.config.Desk = "" })
	for body, want := range map[string]int{`{"scan":""}`: 503, `{"scan":"000.17.22.H41-261123-0001"}`: 503, `{"scan":"` + newID(t).String() + `"}`: 200} {
		if res, answer := d.ask(t, "/api/v1/scans", "application/json", body); res.StatusCode != want {
			t.Errorf("%s: %d %s", body, res.StatusCode, answer)
		}
	}
}

func TestScreensRenderConcurrently(t *testing.T) {
	d := newDevice(t, nil)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			path, want := "/", "Rất hài lòng"
			if i%2 == 1 {
				path, want = "/?lang=en", `<h1 data-t="kiosk.invite">Please`
			}
			for range 20 {
				if _, page := d.ask(t, path, "", ""); !strings.Contains(page, want) {
					t.Error(page)
				}
			}
		})
	}
	group.Wait()
}
