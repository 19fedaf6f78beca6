package audit_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/audit"
	"hailong/web"
)

// log is where the world's acts are looked for; what it is told is not here is not.
func (w *world) log(lacks map[[32]byte]bool) audit.Log {
	return audit.Log{DB: w.Projection.Reader(), Words: func(ctx context.Context, digest [32]byte) ([]byte, bool, error) {
		if lacks[digest] {
			return nil, false, nil
		}
		return w.words(ctx, digest)
	}}
}

// words opens the words of an act out of the outbox, where they lie until sent.
func (w *world) words(ctx context.Context, digest [32]byte) ([]byte, bool, error) {
	sealed, ok, err := w.Outbox.Words(ctx, digest)
	if err != nil || !ok {
		return nil, false, err
	}
	plain, ok := w.Keys.OpenWords(sealed)
	return plain, ok, nil
}

func by(n byte, name string) audit.Actor {
	return audit.Actor{Account: [16]byte{n}, Via: fact.ViaPage, Name: name, From: "203.0.113.9"}
}

func (w *world) find(l audit.Log, q string, most int) audit.Page {
	w.t.Helper()
	values, err := url.ParseQuery(q)
	if err != nil {
		w.t.Fatal(err)
	}
	m := map[string]string{}
	for k := range values {
		m[k] = values.Get(k)
	}
	f, err := audit.ParseFilter(m)
	if err != nil {
		w.t.Fatal(q, err)
	}
	p, err := l.Find(w.t.Context(), f, most)
	if err != nil {
		w.t.Fatal(q, err)
	}
	return p
}

// Acts are found by who, what, when and whatever their words say, and a part is
// followed by the next without a gap.
func TestFind(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	desk := func(name string) fact.Entry {
		return fact.Entry{Kind: fact.KindDesk, Body: &fact.Desk{Code: "D1", Unit: "SXD", Name: name, Service: 1}}
	}
	w.Append(audit.With(ctx, by(1, "Cán bộ thứ nhất")), desk("Đường Lê Lợi"))
	w.Append(audit.With(ctx, by(2, "Cán bộ thứ hai")), target(9700))
	w.Append(audit.With(ctx, by(1, "Cán bộ thứ nhất")), desk("Phố Huế"))
	if err := w.Note(audit.With(ctx, by(2, "Cán bộ thứ hai")), "texts.export", "SXD", audit.Detail{Note: "12"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Projection.WaitApplied(ctx, w.Outbox.Head().Origin, w.Outbox.Head().Number); err != nil {
		t.Fatal(err)
	}
	l := w.log(nil)
	whole := w.find(l, "", 1000)
	if len(whole.Entries) < 4 || whole.Next != (audit.Cursor{}) {
		t.Fatalf("%+v", whole)
	}
	newest := whole.Entries[:4]
	for i, want := range []string{"texts.export", "desk.change", "target.change", "desk.change"} {
		e := newest[i]
		data, _, err := w.Outbox.Batch(ctx, e.Origin, e.Number-1, 1, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		b, err := fact.Open(data)
		if err != nil {
			t.Fatal(err)
		}
		if e.Action != want || e.State != audit.Here || e.Hash != b.Records[0].Hash {
			t.Errorf("%d: %s, %s, hash %s", i, e.Action, e.State, e.Hash)
		}
	}
	today := survey.DayOf(newest[0].At)
	for q, want := range map[string]int{
		"q=duong+le": 2 /* what was and what is */, "q=HUẾ": 1, "q=thu+hai": 2, "q=9700": 1, "q=203.0.113.9": 4, "q=nothing+of+it": 0,
		"action=desk.change": 2, "account=01000000000000000000000000000000": 2, "account=01000000000000000000000000000000&action=target.change": 0,
		"from=" + (today + 1).String(): 0, "to=" + (today - 1).String(): 0,
	} {
		if p := w.find(l, q, 1000); len(p.Entries) != want {
			t.Errorf("%s finds %d, not %d", q, len(p.Entries), want)
		}
	}
	if p := w.find(l, "from="+today.String()+"&to="+today.String(), 1000); len(p.Entries) < 4 {
		t.Error("today has", len(p.Entries))
	}
	for _, q := range []string{"", "&q=Cán+bộ"} {
		var seen []uint64
		for after := ""; ; {
			p := w.find(l, "after="+after+q, 1)
			for _, e := range p.Entries {
				seen = append(seen, e.Number)
			}
			if after = p.Next.String(); after == "" || len(seen) > 4 && q != "" {
				break
			}
		}
		want := len(whole.Entries)
		if q != "" {
			want = 4
		}
		if len(seen) != want {
			t.Errorf("%q: one at a time there are %d, not %d", q, len(seen), want)
		}
		for i := range seen {
			if seen[i] != whole.Entries[i].Number {
				t.Errorf("%q: %v", q, seen)
				break
			}
		}
	}
	for _, q := range []map[string]string{{"account": "xy"}, {"from": "gestern"}, {"to": "2026-02-30"}, {"after": "1"}, {"after": "1-x"}, {"q": strings.Repeat("x", 201)}} {
		if _, err := audit.ParseFilter(q); survey.ErrorOf(err).Code != survey.CodeBadField {
			t.Errorf("%v: %v", q, err)
		}
	}
}

// What an act said is shown as waiting until it is here, and as erased for good.
func TestDetailsNotHere(t *testing.T) {
	w := newWorld(t)
	head := w.Outbox.Head().Number
	w.Append(audit.With(t.Context(), by(1, "Cán bộ")), target(9700))
	digest := [32]byte(w.after(head)[1].act.Digest)
	if p := w.find(w.log(map[[32]byte]bool{digest: true}), "", 1); p.Entries[0].State != audit.Waits || p.Entries[0].Detail.Name != "" {
		t.Errorf("%+v", p.Entries[0])
	}
	w.Append(t.Context(), fact.Entry{Kind: fact.KindErasure, Body: &fact.Erasure{Digest: digest[:], Reason: fact.ErasedUnlawful}})
	p := w.find(w.log(nil), "action=target.change", 1)
	if p.Entries[0].State != audit.Erased || p.Entries[0].Detail.Name != "" || p.Entries[0].Account != [16]byte{1} {
		t.Errorf("%+v", p.Entries[0])
	}
	if body := w.ask(t, "/audit?action=target.change"); !strings.Contains(body, "Chi tiết đã xóa") {
		t.Error("the page does not say that it was erased")
	}
}

func (w *world) app(t *testing.T) *fiber.App {
	t.Helper()
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		t.Fatal(err)
	}
	assets, err := httpx.NewAssets(web.Assets(), web.Dist())
	if err != nil {
		t.Fatal(err)
	}
	views, err := httpx.NewViews(web.Templates(), assets)
	if err != nil {
		t.Fatal(err)
	}
	app := httpx.New(httpx.Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Catalogue: catalogue, Views: views, Assets: assets})
	app.Use(access.As(access.Person{Role: access.Auditor, Name: "Cán bộ kiểm tra"}, access.Places{}))
	app.Use(func(c *fiber.Ctx) error {
		c.SetUserContext(audit.With(c.UserContext(), by(9, "Cán bộ kiểm tra")))
		return c.Next()
	})
	audit.Register(app, audit.Deps{Log: w.log(nil), Views: views, Note: w.Note})
	return app
}

func (w *world) ask(t *testing.T, path string) string {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Accept", "text/html")
	res, err := w.app(t).Test(r, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		t.Fatal(path, res.Status, err)
	}
	return string(body)
}

// The page shows what was and what is; whatever stands in it, it is text.
func TestPage(t *testing.T) {
	w := newWorld(t)
	w.Append(audit.With(t.Context(), by(1, "<b>Cán bộ</b>")), target(9700))
	body := w.ask(t, "/audit")
	for _, want := range []string{"&lt;b&gt;Cán bộ&lt;/b&gt;", "Sửa chỉ tiêu", "<del>95%</del>", "<ins>97%</ins>", "203.0.113.9", "account=01000000000000000000000000000000"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if t.Failed() {
		t.Log(body)
	}
	if regexp.MustCompile(`audit\.[a-z]`).MatchString(regexp.MustCompile(`(href="[^"]*"|value="[^"]*")`).ReplaceAllString(body, "")) {
		t.Error("a word of the page is missing")
	}
}

// The file has the list, can't be a formula in a spreadsheet, and is noted.
func TestFile(t *testing.T) {
	w := newWorld(t)
	w.Append(audit.With(t.Context(), by(1, "=cmd|' /C calc'!A0")), fact.Entry{Kind: fact.KindSetting, Body: &fact.Setting{Key: "@SUM(1)", Value: "+1"}})
	head := w.Outbox.Head().Number
	body := w.ask(t, "/audit/file?q=SUM")
	text, marked := strings.CutPrefix(body, "\uFEFF")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !marked || len(rows) != 2 {
		t.Fatal(err, body)
	}
	for _, cell := range rows[1] {
		if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
			t.Errorf("a spreadsheet runs %q", cell)
		}
	}
	all := w.after(head)
	if len(all) != 1 || all[0].act.Action != "audit.export" || all[0].detail.Note != "1" || all[0].act.By[0] != 9 {
		t.Errorf("%+v", all)
	}
}

// Each field that differs is told, and only those.
func TestFields(t *testing.T) {
	c := audit.Change{Before: json.RawMessage(`{"a":1,"b":"x","c":true,"d":["p"]}`), After: json.RawMessage(`{"a":1,"b":"y","c":true,"e":0}`)}
	got := ""
	for _, f := range c.Fields() {
		if f.Differs {
			got += fmt.Sprintf("%s:%s>%s ", f.Name, audit.Plain(f.Before), audit.Plain(f.After))
		}
	}
	if got != "b:x>y d:p> e:>0 " {
		t.Error(got)
	}
}

// Whatever changes something can be looked for, and has words in both languages.
func TestActionsHaveWords(t *testing.T) {
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		t.Fatal(err)
	}
	for kind, name := range audit.Names {
		if !slices.Contains(audit.Actions, name) {
			t.Errorf("kind %d: %s is not offered", kind, name)
		}
	}
	for _, l := range []string{"vi", "en"} {
		for _, action := range audit.Actions {
			if audit.Label(catalogue.Language(l), action) == action {
				t.Errorf("%s has no words for %s", l, action)
			}
		}
	}
}
