package texts_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/capture"
	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/audit"
	"hailong/server/register"
	"hailong/server/register/registertest"
	"hailong/server/texts"
	"hailong/web"
)

// world is a server without network, on which people have written.
type world struct {
	*registertest.World
	t       *testing.T
	now     time.Time
	words   map[[32]byte][]byte // sealed, as a server keeps them
	capture *capture.Capture
	deps    texts.Deps
	ids     map[string][]receipt.ID // of receipts, by desk
	places  access.Places
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: registertest.New(t, nil), t: t, now: registertest.Now, words: map[[32]byte][]byte{}, ids: map[string][]receipt.ID{}}
	w.Stamp = func() fact.Stamp { return fact.Stamp{Wall: w.now.UnixMilli()} }
	public := w.Keys.Public()
	w.capture = capture.New(capture.Options{Recorder: w, Channel: survey.ChannelPhone, SealKey: func() *[32]byte { return &public }, NoCodes: true})
	w.deps = texts.Deps{
		DB: w.Projection.Reader(), Now: func() time.Time { return w.now }, Words: w.open, Views: views(t),
		Recorder: audit.New(audit.Options{Append: w.Append, Reader: w.Projection.Reader(), Seal: w.Keys.SealWords}),
	}
	w.places = access.Places{
		Units: map[string]access.Place{"H41": {Name: "Tỉnh"}, "SXD": {Name: "Sở Xây dựng", Above: "H41"}, "BV": {Name: "Bệnh viện", Above: "H41"}},
		Desks: map[string]access.Place{"D1": {Name: "Bộ phận một cửa Sở Xây dựng", Above: "SXD"}, "D2": {Name: "Trung tâm", Above: "H41"}},
	}
	return w
}

// Append records, keeps the words as a server does, and waits until all is in
// effect.
func (w *world) Append(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error) {
	for _, e := range entries {
		if len(e.Words) > 0 {
			w.words[sha256.Sum256(e.Words)] = e.Words
		}
	}
	refs, err := w.Outbox.Append(ctx, entries...)
	if err == nil {
		last := refs[len(refs)-1]
		err = w.Projection.WaitApplied(ctx, last.Origin, last.Number)
	}
	return refs, err
}

func (w *world) open(_ context.Context, digest [32]byte) (said survey.Writing, ok bool, err error) {
	sealed, ok := w.words[digest]
	if !ok {
		return said, false, nil
	}
	plain, ok := w.Keys.OpenWords(sealed)
	if !ok {
		return said, false, nil
	}
	return said, true, json.Unmarshal(plain, &said)
}

// receipt registers a dossier at a desk.
func (w *world) receipt(desk string) receipt.ID {
	w.t.Helper()
	n := 0
	for _, ids := range w.ids {
		n += len(ids)
	}
	r, err := w.Register.Register(w.t.Context(), []register.Row{{Code: fmt.Sprintf("000.00.06.H41-261101-%04d", n+1), Desk: desk, Received: w.now.Add(-time.Hour).Format(time.RFC3339)}})
	if err != nil || r[0].Fault != nil {
		w.t.Fatal(r, err)
	}
	w.ids[desk] = append(w.ids[desk], r[0].ID)
	return r[0].ID
}

// rates answers for a receipt, in one sitting, with what is written.
func (w *world) rates(id receipt.ID, comment string, contact *capture.Contact) {
	w.t.Helper()
	in := capture.Input{Subject: capture.Receipt(id.Hash()), Session: capture.NewSession(), Score: 1, Language: "vi"}
	if comment != "" {
		in.Comment = &comment
	}
	in.Contact = contact
	if _, err := w.capture.Rate(w.t.Context(), in); err != nil {
		w.t.Fatal(err)
	}
}

func views(t *testing.T) *httpx.Views {
	t.Helper()
	assets, err := httpx.NewAssets(web.Assets(), web.Dist())
	if err != nil {
		t.Fatal(err)
	}
	v, err := httpx.NewViews(web.Templates(), assets)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var (
	officer  = access.Person{Account: [16]byte{1}, Role: access.Contact, Unit: "SXD", Name: "Cán bộ liên hệ", CSRF: "csrf"}
	other    = access.Person{Account: [16]byte{2}, Role: access.Contact, Unit: "BV", Name: "Cán bộ khác"}
	auditor  = access.Person{Account: [16]byte{3}, Role: access.Auditor, Name: "Cán bộ kiểm tra"}
	province = access.Person{Account: [16]byte{4}, Role: access.Province, Name: "Sở Nội vụ"}
)

// app serves the pages to one person. The guard's own work is server/access'.
func (w *world) app(p access.Person) *fiber.App {
	w.t.Helper()
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		w.t.Fatal(err)
	}
	assets, err := httpx.NewAssets(web.Assets(), web.Dist())
	if err != nil {
		w.t.Fatal(err)
	}
	app := httpx.New(httpx.Options{Log: slog.New(slog.NewTextHandler(w.t.Output(), nil)), Catalogue: catalogue, Views: w.deps.Views, Assets: assets})
	app.Use(access.As(p, w.places))
	app.Use(func(c *fiber.Ctx) error {
		c.SetUserContext(audit.With(c.UserContext(), audit.Actor{Account: p.Account, Via: fact.ViaPage, Name: p.Name, From: "203.0.113.7"}))
		c.Context().PostArgs().Del("csrf") // as the guard does once it has looked at it
		return c.Next()
	})
	texts.Register(app, w.deps)
	return app
}

// ask sends a request as a browser does; with a form it is a POST.
func (w *world) ask(p access.Person, path string, form url.Values) (*http.Response, string) {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", "text/html")
	res, err := w.app(p).Test(r, -1)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res, string(body)
}
