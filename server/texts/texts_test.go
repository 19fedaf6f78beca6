package texts_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"hailong/internal/capture"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/audit"
)

var reach = &capture.Contact{Name: "=Trần Thị Mẫu", Contact: "+84 900 000 000", Consent: "Tôi đồng ý để cơ quan trả lời tôi."}

// written makes a desk with five rated dossiers: three comments, one of them with
// a wish to be contacted.
func written(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.rates(w.receipt("D1"), "Phải chờ lâu ở quầy.", nil)
	w.rates(w.receipt("D1"), "Thiếu ghế ngồi.", reach)
	for range 2 {
		w.rates(w.receipt("D1"), "", nil)
	}
	return w
}

func has(t *testing.T, what, body string, want map[string]bool) {
	t.Helper()
	for s, in := range want {
		if strings.Contains(body, s) != in {
			t.Errorf("%s: %q is there: %v", what, s, !in)
		}
	}
}

// A comment appears once its ballot is shown among five; a wish to be contacted at
// once, with what it is about; and nothing of either elsewhere.
func TestTexts(t *testing.T) {
	w := written(t)
	_, body := w.ask(officer, "/texts", nil)
	has(t, "before five", body, map[string]bool{"Phải chờ lâu": false, "Thiếu ghế ngồi.": true, "84 900 000 000": true, "Trần Thị Mẫu": true, "tháng 11/2026": true, "1 mục": true})
	w.rates(w.receipt("D1"), "Hướng dẫn rõ ràng.", nil)
	_, body = w.ask(officer, "/texts", nil)
	has(t, "with five", body, map[string]bool{"Phải chờ lâu": true, "Hướng dẫn rõ": true, "3 mục": true, "Tôi đồng ý để cơ quan trả lời tôi.": true, "/texts/erase?digest=": true})
	// No score, no day, no time, no dossier.
	if found := regexp.MustCompile(`H41-2611|23/11|\d\d:\d\d|Rất không`).FindString(body); found != "" {
		t.Errorf("the page says %q", found)
	}
	if strings.Count(body, "Thiếu ghế ngồi.") != 1 {
		t.Error("a comment with a wish stands twice")
	}
	for _, p := range []access.Person{other, auditor, province} {
		r, body := w.ask(p, "/texts", nil)
		want := map[string]bool{"Phải chờ lâu": p == auditor, "84 900 000 000": p == auditor, "/texts/erase": false}
		has(t, p.Name, body, want)
		if (r.StatusCode == http.StatusForbidden) != (p == province) {
			t.Error(p.Name, r.Status)
		}
	}
	// Words that are not here yet are said to be on their way.
	for d := range w.words {
		delete(w.words, d)
	}
	_, body = w.ask(officer, "/texts", nil)
	has(t, "without words", body, map[string]bool{"đang trên đường": true, "Phải chờ lâu": false})
}

// The search takes letters without marks, in names and comments; filters go along
// with the pages and the file.
func TestSearch(t *testing.T) {
	w := written(t)
	w.rates(w.receipt("D1"), "Hướng dẫn rõ ràng.", nil)
	for query, want := range map[string]string{
		"": "3 mục", "q=huong+dan": "1 mục", "q=HƯỚNG": "1 mục", "q=tran+thi": "1 mục", "q=90000": "0 mục", "q=900+000": "1 mục", "q=khong+co": "0 mục",
		"kind=contact": "1 mục", "kind=comment": "2 mục", "month=2026-11": "3 mục", "month=2026-10": "0 mục", "desk=D1": "3 mục", "desk=D2": "0 mục", "page=2": "3 mục",
	} {
		if r, body := w.ask(officer, "/texts?"+query, nil); r.StatusCode != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %s, not %s", query, r.Status, want)
		}
	}
	for _, query := range []string{"kind=x", "month=2026-13", "month=x", "page=0", "page=x", "score=1", "q=a&q=b", "q=" + strings.Repeat("a", 201)} {
		if r, _ := w.ask(officer, "/texts?"+query, nil); r.StatusCode < 400 || r.StatusCode >= 500 {
			t.Error(query, r.Status)
		}
	}
}

// The file has what the page finds, nothing that a spreadsheet computes, and a
// note of who took it.
func TestExport(t *testing.T) {
	w := written(t)
	r, body := w.ask(officer, "/texts/file?kind=contact", nil)
	if r.StatusCode != http.StatusOK || !strings.HasPrefix(body, "\uFEFF") || !strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment") {
		t.Fatal(r.Status, r.Header)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\uFEFF"))).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	want := []string{"2026-11", "Bộ phận một cửa Sở Xây dựng", "Muốn được liên hệ", "Thiếu ghế ngồi.", "'=Trần Thị Mẫu", "'+84 900 000 000", "Tôi đồng ý để cơ quan trả lời tôi."}
	for i, s := range want {
		if rows[1][i] != s {
			t.Errorf("%s: %q, want %q", rows[0][i], rows[1][i], s)
		}
	}
	act := w.lastAct("texts.export")
	if act.Name != officer.Name || act.From == "" || act.Note != "1" || strings.Contains(act.Note, "Mẫu") {
		t.Errorf("%+v", act)
	}
	if r, _ := w.ask(province, "/texts/file", nil); r.StatusCode != http.StatusForbidden {
		t.Error(r.Status)
	}
}

// lastAct opens the words of the newest act of a kind.
func (w *world) lastAct(action string) (d audit.Detail) {
	w.t.Helper()
	var digest []byte
	if err := w.Projection.Reader().QueryRow(`SELECT digest FROM act WHERE action = ? ORDER BY fact DESC LIMIT 1`, action).Scan(&digest); err != nil {
		w.t.Fatal(action, err)
	}
	plain, ok := w.Keys.OpenWords(w.words[[32]byte(digest)])
	if !ok {
		w.t.Fatal("the act's words")
	}
	if err := json.Unmarshal(plain, &d); err != nil {
		w.t.Fatal(err)
	}
	return d
}

var eraseLink = regexp.MustCompile(`/texts/erase\?digest=([0-9a-f]{64})`)

// To erase is asked twice, says why, is of one's own unit alone, leaves a fact and
// an act, and takes the words from the page.
func TestErase(t *testing.T) {
	w := written(t)
	_, body := w.ask(officer, "/texts?kind=contact", nil)
	links := eraseLink.FindAllStringSubmatch(body, -1)
	if len(links) != 2 {
		t.Fatalf("%d links: of the contact, and of the comment with it", len(links))
	}
	contact, comment := links[0][1], links[1][1]
	for digest, want := range map[string]string{contact: "84 900 000 000", comment: "Thiếu ghế ngồi."} {
		if r, body := w.ask(officer, "/texts/erase?digest="+digest, nil); r.StatusCode != http.StatusOK || !strings.Contains(body, want) || !strings.Contains(body, "không lấy lại được") || !strings.Contains(body, `name="csrf"`) {
			t.Error(r.Status, body)
		}
	}
	sure := url.Values{"digest": {contact}, "reason": {"request"}, "sure": {"1"}}
	with := func(k, v string) url.Values {
		x := url.Values{}
		for name, values := range sure {
			x[name] = values
		}
		x.Set(k, v)
		return x
	}
	facts := w.Facts()
	for what, c := range map[string]struct {
		who    access.Person
		form   url.Values
		status int
	}{
		"another unit's officer": {other, sure, 404}, "the auditor": {auditor, sure, 403}, "the province": {province, sure, 403},
		"not sure": {officer, with("sure", ""), 400}, "no reason": {officer, with("reason", ""), 400}, "an account's reason": {officer, with("reason", "replaced"), 400},
		"no digest": {officer, with("digest", "x"), 400}, "unknown": {officer, with("digest", strings.Repeat("00", 32)), 404}, "a field more": {officer, with("unit", "SXD"), 400},
	} {
		if r, _ := w.ask(c.who, "/texts/erase", c.form); r.StatusCode != c.status {
			t.Errorf("%s: %s", what, r.Status)
		}
	}
	if w.Facts() != facts {
		t.Fatal("something was recorded")
	}
	r, _ := w.ask(officer, "/texts/erase", sure)
	if r.StatusCode != http.StatusSeeOther {
		t.Fatal(r.Status)
	}
	_, body = w.ask(officer, r.Header.Get("Location"), nil)
	// The wish is gone; its comment is one among others now, and waits for five.
	has(t, "erased", body, map[string]bool{"84 900 000 000": false, "Thiếu ghế": false, "Đã xóa.": true, "1 mục đã xóa": true, "tháng 11/2026: 1": true})
	if act := w.lastAct("text.erase"); act.Name != officer.Name || len(act.Changes) != 1 || act.Changes[0].Thing != contact {
		t.Errorf("%+v", act)
	}
	if r, _ := w.ask(officer, "/texts/erase", sure); r.StatusCode != http.StatusNotFound {
		t.Error("erased twice:", r.Status)
	}
	w.rates(w.receipt("D1"), "", nil)
	_, body = w.ask(officer, "/texts", nil)
	has(t, "with five", body, map[string]bool{"Thiếu ghế": true, "84 900": false})
}

// Whose time is over is not shown, whether the words are still here or not.
func TestPastTheirTime(t *testing.T) {
	w := written(t)
	w.rates(w.receipt("D1"), "", nil)
	w.now = w.now.AddDate(0, 0, survey.KeptContacts.Days)
	_, body := w.ask(officer, "/texts", nil)
	has(t, "last day", body, map[string]bool{"84 900": true})
	w.now = w.now.AddDate(0, 0, 1)
	_, body = w.ask(officer, "/texts", nil)
	has(t, "a day later", body, map[string]bool{"84 900": false, "Thiếu ghế": true})
	w.now = w.now.AddDate(1, 0, 0)
	_, body = w.ask(officer, "/texts", nil)
	has(t, "a year later", body, map[string]bool{"Thiếu ghế": false, "0 mục": true})
}
