package page_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"hailong/server/page"
)

// seen names a folder for pictures of the pages, or nothing.
const seen = "PROVINCE_PICTURES"

// look checks a page as it stands: nothing in the way of people who don't see or
// point, nothing wider than the screen; and takes its picture where asked to.
func look(t *testing.T, ctx context.Context, axe, name string, width int64) {
	t.Helper()
	get(t, ctx, chromedp.Poll[bool](`document.fonts.status === "loaded"`))
	if folder := os.Getenv(seen); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, name+".png"), get(t, ctx, chromedp.FullScreenshot(100)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	get(t, ctx, chromedp.Evaluate[string](axe+`; axe.version`))
	get(t, ctx, chromedp.Evaluate[bool](`window.found = null, axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}).then((r) => {
		window.found = [...r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html).join(" ").slice(0, 600)), ...(r.passes.length > 15 ? [] : ["axe looked at nothing"])];
	}), true`))
	get(t, ctx, chromedp.Poll[bool](`window.found !== null`))
	if found := get(t, ctx, chromedp.Evaluate[[]string](`window.found`)); len(found) > 0 {
		t.Errorf("%s: %s", name, strings.Join(found, "\n"))
	}
	if w := get(t, ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); w > width {
		t.Errorf("%s is %d wide on a screen of %d", name, w, width)
	}
}

// TestBrowserProvinceAccessible: the pages of Sở Nội vụ and the board, in both
// languages and on the screens that they are for.
func TestBrowserProvinceAccessible(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join("..", "..", "web", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("%v: make web installs axe-core", err)
	}
	s := provinceSite(t)
	ctx := browser(t)
	staff := [][2]int64{{1366, 768}, {1920, 1080}, {390, 844}}
	for _, c := range []struct {
		name, path, ready string
		sizes             [][2]int64
	}{
		{"province", "/", ".units", staff},
		{"rank", "/?sort=rank&period=month", ".units", staff[:1]},
		{"unit", "/unit/VINH", ".chart-times canvas", staff},
		{"compare", "/compare?a=SGTVT&b=STNMT", ".sides-table", staff},
		{"map", "/map", ".chart-map[data-drawn]", staff},
		{"board", "/board/VINH", ".number", [][2]int64{{1920, 1080}, {1366, 768}, {390, 844}}},
		{"board-none", "/board/H41", ".none", [][2]int64{{1920, 1080}}},
	} {
		for _, lang := range []string{"vi", "en"} {
			for _, size := range c.sizes {
				separator := "?"
				if strings.Contains(c.path, "?") {
					separator = "&"
				}
				do(t, ctx, chromedp.EmulateViewport(size[0], size[1]), chromedp.Navigate(s.base+c.path+separator+"lang="+lang), chromedp.WaitVisible(c.ready))
				look(t, ctx, string(axe), fmt.Sprintf("p4-%s-%s-%d", c.name, lang, size[0]), size[0])
			}
		}
	}
}

// TestBrowserBoardRenews: an open board fetches itself anew, and where that
// fails the last figures stay and it says so.
func TestBrowserBoardRenews(t *testing.T) {
	s := provinceSite(t)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(s.base+"/board/VINH"), chromedp.WaitVisible(".number"))
	was := get(t, ctx, chromedp.Evaluate[string](text(".number")))
	s.write(row(`UPDATE block SET s1 = s1 + 40, s5 = 0 WHERE cell = 8`))
	get(t, ctx, chromedp.Evaluate[bool](`document.getElementById("board").renew(), true`))
	get(t, ctx, chromedp.Poll[bool](text(".number")+` !== "`+was+`"`))
	now := get(t, ctx, chromedp.Evaluate[string](text(".number")))
	get(t, ctx, chromedp.Evaluate[bool](`document.getElementById("board").dataset.part = "/nowhere", document.getElementById("board").renew(), true`))
	get(t, ctx, chromedp.Poll[bool](text(".updated")+`.includes("mất kết nối")`))
	if still := get(t, ctx, chromedp.Evaluate[string](text(".number"))); still != now {
		t.Errorf("%q after %q", still, now)
	}
}

// TestBrowserMap: the areas are drawn, and a click leads to the unit's page.
func TestBrowserMap(t *testing.T) {
	m, err := mapped(t, square("16690"))
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, func(d *page.Deps) { d.Map = m })
	s.fillProvince()
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(s.base+"/map"), chromedp.WaitVisible(".chart-map[data-drawn]"))
	// The only area lies in the middle of the chart.
	at := get(t, ctx, chromedp.Evaluate[[]float64](`(() => { const r = document.querySelector(".chart-map canvas").getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2 - 16]; })()`))
	do(t, ctx, chromedp.MouseClickXY(at[0], at[1]), chromedp.WaitVisible(".unit-top"))
	if got := get(t, ctx, chromedp.Evaluate[string](`location.pathname`)); got != "/unit/16690" {
		t.Errorf("a click led to %s", got)
	}
}

// TestBrowserProvinceOnPaper: printed, the table has all its rows and no
// controls.
func TestBrowserProvinceOnPaper(t *testing.T) {
	s := provinceSite(t)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(s.base+"/"), chromedp.WaitVisible(".units"))
	media := func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		return chromedp.Void{}, err
	}
	do(t, ctx, media)
	for selector, want := range map[string]bool{".units": true, ".controls": false, ".picker": false, ".above .tabs": false, ".tiles": true} {
		if got := get(t, ctx, chromedp.Evaluate[bool](`getComputedStyle(document.querySelector("`+selector+`")).display !== "none"`)); got != want {
			t.Errorf("%s on paper: %v", selector, got)
		}
	}
	if folder := os.Getenv(seen); folder != "" {
		for name, path := range map[string]string{"province": "/", "unit": "/unit/VINH", "compare": "/compare?a=SGTVT&b=STNMT", "map": "/map", "board": "/board/VINH"} {
			do(t, ctx, chromedp.Navigate(s.base+path), chromedp.WaitVisible("h1"))
			get(t, ctx, chromedp.Poll[bool](`document.fonts.status === "loaded"`))
			pdf, err := chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) ([]byte, error) {
				r, err := cdp.Call(ctx, target, cdppage.PrintToPDF, cdppage.PrintToPDFParams{PrintBackground: new(true), PreferCSSPageSize: new(true)})
				return r.Data, err
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, "p4-print-"+name+".pdf"), pdf, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
