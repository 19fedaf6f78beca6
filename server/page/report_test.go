package page_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/api"
	"hailong/server/index"
	"hailong/server/page"
	"hailong/server/periodic"
	"hailong/web"
)

// reportSite serves the page of reports and their files on a filled database;
// with closed, October and the third quarter are closed.
func reportSite(t *testing.T, closed bool) *site {
	t.Helper()
	s := newSite(t)
	s.fill()
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
	now := func() time.Time { return s.now }
	x := index.Open(s.db.Read(), now)
	f := &periodic.Filler{Index: x, Languages: catalogue, Now: now,
		Setting: func(context.Context, string) (string, error) { return "", nil }}
	kept, err := periodic.OpenStore(t.TempDir(), f, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var closings []periodic.Closing
	for m := time.July; m <= time.October && closed; m++ {
		month := survey.NewDay(2026, m, 1).Month()
		closings = append(closings, periodic.Closing{Month: month, At: month.To.Start().Add(4*24*time.Hour + time.Hour)})
	}
	if err := kept.Update(context.Background(), closings); err != nil {
		t.Fatal(err)
	}
	app := httpx.New(httpx.Options{Log: slog.New(slog.NewTextHandler(logged{t}, nil)), Catalogue: catalogue, Views: views, Assets: assets})
	app.Use(access.As(access.Person{Role: access.Province}, access.Places{}))
	page.RegisterReports(app, page.Deps{Index: x, Views: views}, kept)
	api.RegisterReports(app, f, kept)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- app.Listener(listener) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := app.ShutdownWithTimeout(10 * time.Second); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	s.base = "http://" + listener.Addr().String()
	return s
}

// TestReports: the page offers what there is, and all that it links to is there.
func TestReports(t *testing.T) {
	s := reportSite(t, true)
	for lang, want := range map[string][]string{
		"vi": {"Tháng 10 năm 2026", "Quý III năm 2026", "6 tháng đầu năm 2026", "Toàn tỉnh", "UBND Thành phố Vinh", "01:00 05/11/2026", "SHA-256"},
		"en": {"October 2026", "The whole province", "Hưng Lộc Commune", "XLSX"},
	} {
		status, body := s.get("/reports?lang=" + lang)
		if status != http.StatusOK || inline.MatchString(body) || strings.Contains(body, ">report.") {
			t.Errorf("%d %.3000s", status, body)
		}
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s lacks %q", lang, w)
			}
		}
		// 2027 and December have not begun.
		if strings.Contains(body, "2027") || strings.Contains(body, `value="2026-12"`) || strings.Contains(body, `value="2026-Q3" selected`) || !strings.Contains(body, `value="2026-10" selected`) {
			t.Errorf("%s offers other periods than there are", lang)
		}
		links := regexp.MustCompile(`href="(/api/[^"]+)"`).FindAllStringSubmatch(body, -1)
		if len(links) < 5*3 { // four months and a quarter; PDFs need the fonts
			t.Fatalf("%d files", len(links))
		}
		for _, l := range links[:4] {
			if status, body := s.get(strings.ReplaceAll(l[1], "&amp;", "&")); status != http.StatusOK || body == "" {
				t.Errorf("%s: %d %.200s", l[1], status, body)
			}
		}
	}
	for _, m := range regexp.MustCompile(`<option value="(2026[^"]*)"`).FindAllStringSubmatch(func() string { _, b := s.get("/reports"); return b }(), -1) {
		if status, body := s.get("/api/v1/reports?format=csv&period=" + url.QueryEscape(m[1])); status != http.StatusOK {
			t.Errorf("%s: %d %s", m[1], status, body)
		}
	}
	// Names are text, whatever is in them.
	s.write(row(`UPDATE unit SET name = '<b>"Xã"</b> & một', name_en = '' WHERE code = 'H41.07.17'`))
	if _, body := s.get("/reports"); strings.Contains(body, `<b>"Xã`) || strings.Count(body, "&lt;b&gt;&#34;Xã&#34;&lt;/b&gt; &amp; một") != 2 {
		t.Error("a name is not escaped")
	}
	if status, body := s.get("/reports?year=2026"); status != http.StatusBadRequest || !strings.Contains(body, string(survey.CodeUnknownParameter)) {
		t.Errorf("%d %s", status, body)
	}
	if _, body := reportSite(t, false).get("/reports"); !strings.Contains(body, "Chưa có kỳ nào được chốt") {
		t.Errorf("nothing is said of nothing: %s", body)
	}
}

// TestBrowserReports: in both languages and on three screens nothing is in the
// way of people who don't see or point; and the form as it stands gives a file.
func TestBrowserReports(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join("..", "..", "web", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("%v: make web installs axe-core", err)
	}
	s := reportSite(t, true)
	ctx := browser(t)
	for _, lang := range []string{"vi", "en"} {
		for _, size := range [][2]int64{{1366, 768}, {1920, 1080}, {390, 844}} {
			do(t, ctx, chromedp.EmulateViewport(size[0], size[1]), chromedp.Navigate(s.base+"/reports?lang="+lang), chromedp.WaitVisible(".report-forms"))
			look(t, ctx, string(axe), fmt.Sprintf("p5-reports-%s-%d", lang, size[0]), size[0])
		}
	}
	for form, want := range map[string]string{".report-forms section:nth-child(1) form": "2026-10-01-2026-10-31", ".report-forms section:nth-child(2) form": "2026-11-01-2026-11-23"} {
		query := get(t, ctx, chromedp.Evaluate[string](`((f) => f.getAttribute("action") + "?" + new URLSearchParams(new FormData(f)))(document.querySelector("`+form+`"))`))
		answer, err := http.Get(s.base + query)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Error(err)
		}
		if answer.StatusCode != http.StatusOK || !strings.Contains(answer.Header.Get("Content-Disposition"), want+".xlsx") {
			t.Errorf("%s: %d %s", query, answer.StatusCode, answer.Header.Get("Content-Disposition"))
		}
	}
}
