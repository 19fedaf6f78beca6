package phone_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/capture"
	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/outbox"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/phone"
	"hailong/web"
)

// fixture is the phone pages over a real outbox and receipts made up here.
type fixture struct {
	app    *fiber.App
	outbox *outbox.Outbox

	mu    sync.Mutex
	known map[[32]byte]phone.Known
	fail  error
}

func (f *fixture) Lookup(_ context.Context, hash [32]byte) (phone.Known, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known[hash], f.fail
}

// receipt makes one that is known so.
func (f *fixture) receipt(t *testing.T, known phone.Known) receipt.ID {
	t.Helper()
	id, err := receipt.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known[id.Hash()] = known
	return id
}

var open = phone.Known{
	Found: true, WindowOpen: true, DeskName: "Bộ phận một cửa phường Trường Thi", UnitName: "UBND phường Trường Thi", DeskEN: "One-stop desk of Trường Thi ward",
	Received: survey.NewDay(2026, 11, 3), Until: survey.NewDay(2026, 12, 3),
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{known: map[[32]byte]phone.Known{}}
	f.outbox, err = outbox.Open(t.Context(), filepath.Join(t.TempDir(), "outbox.db"), outbox.Options{Key: key, Role: fact.RoleServer, Name: "S1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.outbox.Close(); err != nil {
			t.Error(err)
		}
	})
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
	f.app = httpx.New(httpx.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Catalogue: catalogue, Views: views, Assets: assets})
	phone.Register(f.app, phone.Deps{
		Receipts: f, Views: views, Now: time.Now,
		Capture: capture.New(capture.Options{Recorder: f.outbox, Channel: survey.ChannelPhone}),
	})
	return f
}

func (f *fixture) ratings(t *testing.T) (ratings []fact.Rating) {
	t.Helper()
	data, _, err := f.outbox.Batch(context.Background(), f.outbox.Head().Origin, 0, fact.MaxBatch, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	batch, err := fact.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range batch.Records {
		var rating fact.Rating
		if r.Fact.Kind != fact.KindRating {
			continue
		}
		if err := fact.Unmarshal(r.Fact.Body, &rating); err != nil {
			t.Fatal(err)
		}
		ratings = append(ratings, rating)
	}
	return ratings
}

// ask sends a request; with a form it is a POST.
func (f *fixture) ask(t *testing.T, path string, form url.Values) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", "text/html")
	res, err := f.app.Test(r, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestRateChangeAndThanks(t *testing.T) {
	f := newFixture(t)
	id := f.receipt(t, open)
	for _, path := range []string{"/r/" + id.String(), "/R/" + id.String(), "/R/" + url.PathEscape(id.String()), "/r/" + strings.ToLower(id.String())} {
		res, body := f.ask(t, path, nil)
		if res.StatusCode != 200 || !strings.Contains(body, "Hồ sơ nộp ngày 03/11/2026 tại Bộ phận một cửa phường Trường Thi.") || !strings.Contains(body, "03/12/2026") {
			t.Fatalf("%s: %d %s", path, res.StatusCode, body)
		}
		if strings.Count(body, `type="submit" name="score"`) != 5 || strings.Contains(body, "checked") || strings.Contains(body, "<script") {
			t.Errorf("%s: %s", path, body)
		}
		if len(res.Cookies()) > 0 || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("headers: %v", res.Header)
		}
	}
	for i, score := range []string{"5", "1"} {
		res, _ := f.ask(t, "/r/"+id.String()+"?lang=en", url.Values{"score": {score}, "began": {"1"}})
		thanks := res.Header.Get("Location")
		if res.StatusCode != 303 || thanks != "/r/"+id.String()+"/thanks?lang=en" {
			t.Fatalf("%d to %s", res.StatusCode, thanks)
		}
		_, body := f.ask(t, thanks, nil)
		if !strings.Contains(body, "Recorded") || strings.Contains(body, "issatisfied") {
			t.Errorf("thanks: %s", body)
		}
		got := f.ratings(t)
		hash := id.Hash()
		if len(got) != i+1 || got[i].Channel != uint8(survey.ChannelPhone) || got[i].Language != "en" || string(got[i].Receipt) != string(hash[:]) {
			t.Fatalf("recorded %+v", got)
		}
	}
	if got := f.ratings(t); got[0].Score != 5 || got[1].Score != 1 {
		t.Errorf("recorded %+v", got)
	}
}

func TestNothingIsCountedWhereNothingMay(t *testing.T) {
	f := newFixture(t)
	known := f.receipt(t, open)
	closed := open
	closed.WindowOpen = false
	over := f.receipt(t, closed)
	unknown, err := receipt.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	five := url.Values{"score": {"5"}}
	for _, test := range []struct {
		path   string
		form   url.Values
		status int
		says   string
	}{
		{"/r/" + unknown.String(), nil, 404, "chưa tìm thấy giấy hẹn"},
		{"/r/" + unknown.String(), five, 404, "chưa tìm thấy giấy hẹn"},
		{"/r/" + unknown.String() + "/thanks", nil, 404, "chưa tìm thấy giấy hẹn"},
		{"/r/%3Cscript%3E", nil, 404, "chưa tìm thấy giấy hẹn"},
		{"/r/" + over.String(), nil, 200, "Đã hết thời gian trả lời"},
		{"/r/" + over.String(), five, 410, "Đã hết thời gian trả lời"},
		{"/r/" + known.String(), url.Values{"score": {"0"}}, 400, "Xin chọn một trong năm mức"},
		{"/r/" + known.String(), url.Values{"score": {"6"}}, 400, "Xin chọn một trong năm mức"},
		{"/r/" + known.String(), url.Values{"score": {"261"}}, 400, "Xin chọn một trong năm mức"},
		{"/r/" + known.String(), url.Values{}, 400, "Xin chọn một trong năm mức"},
		{"/r/" + known.String(), url.Values{"score": {"5", "1"}}, 400, "Biểu mẫu gửi lên chưa đúng"},
		{"/r/" + known.String(), url.Values{"score": {"5"}, "admin": {"1"}}, 400, "Không có trường"},
	} {
		res, body := f.ask(t, test.path, test.form)
		if res.StatusCode != test.status || !strings.Contains(body, test.says) || strings.Contains(body, "<script>") {
			t.Errorf("%s %v: %d %s", test.path, test.form, res.StatusCode, body)
		}
	}
	f.fail = errors.New("database is locked")
	if res, body := f.ask(t, "/r/"+known.String(), five); res.StatusCode != 500 || strings.Contains(body, "locked") {
		t.Errorf("lookup failed: %d %s", res.StatusCode, body)
	}
	if got := f.ratings(t); len(got) != 0 {
		t.Errorf("recorded %+v", got)
	}
}

func TestTypedCode(t *testing.T) {
	f := newFixture(t)
	id := f.receipt(t, phone.Known{Found: true, WindowOpen: true, UnitName: "Bệnh viện"})
	for _, text := range []string{id.String(), strings.ToLower(id.Grouped()), "https://x.example/R/" + id.String()} {
		if res, body := f.ask(t, "/r", url.Values{"code": {text}}); res.StatusCode != 303 || res.Header.Get("Location") != "/r/"+id.String() {
			t.Errorf("%s: %d %s", text, res.StatusCode, body)
		}
	}
	if res, body := f.ask(t, "/R", nil); res.StatusCode != 200 || !strings.Contains(body, `name="code"`) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	for _, text := range []string{"", "0000", "000.17.22.H41-261123-0001", strings.Repeat("9", 600)} {
		if res, body := f.ask(t, "/r", url.Values{"code": {text}}); res.StatusCode != 400 || !strings.Contains(body, `role="alert"`) || !strings.Contains(body, `name="code"`) {
			t.Errorf("%q: %d %s", text, res.StatusCode, body)
		}
	}
	if _, body := f.ask(t, "/r/"+id.String(), nil); strings.Contains(body, "nộp ngày") || !strings.Contains(body, "Bệnh viện.") {
		t.Errorf("a slip: %s", body)
	}
}

// Below 40 KB on first load in total, uncompressed, with everything that the
// page names.
func TestFirstLoadIsSmall(t *testing.T) {
	f := newFixture(t)
	id := f.receipt(t, open)
	total := 0
	for _, language := range []string{"vi", "en"} {
		_, body := f.ask(t, "/r/"+id.String()+"?lang="+language, nil)
		total = len(body)
		for _, part := range strings.Split(body, `href="`)[1:] {
			address, _, _ := strings.Cut(part, `"`)
			if !strings.HasPrefix(address, "/static/") {
				continue
			}
			res, file := f.ask(t, address, nil)
			if res.StatusCode != 200 || strings.Contains(file, "url(") {
				t.Errorf("%s: %d, or it loads more", address, res.StatusCode)
			}
			total += len(file)
		}
		if total >= 40_000 || total < 1000 {
			t.Errorf("%s: %d bytes", language, total)
		}
	}
	t.Logf("%d bytes", total)
}

func TestPagesRenderConcurrently(t *testing.T) {
	f := newFixture(t)
	id := f.receipt(t, open)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			language, word := "vi", "Bình thường"
			if i%2 == 1 {
				language, word = "en", "Neutral"
			}
			for range 20 {
				if _, body := f.ask(t, "/r/"+id.String()+"?lang="+language, nil); !strings.Contains(body, word) {
					t.Errorf("%s: %s", language, body)
				}
			}
		})
	}
	group.Wait()
}
