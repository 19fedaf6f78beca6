package web_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hailong/web"
)

// A page loads the letters that it shows and no others: a kiosk that speaks
// Vietnamese and English never asks for the Lao ones.
func TestFontsByLetters(t *testing.T) {
	if _, err := fs.Stat(web.Dist(), "fonts.css"); err != nil {
		t.Fatalf("%v: make web copies the fonts into web/dist", err)
	}
	for text, want := range map[string][]string{
		"Ask":            {"be-vietnam-pro-latin-400-normal.woff2"},
		"Hài lòng đường": {"be-vietnam-pro-latin-400-normal.woff2", "be-vietnam-pro-vietnamese-400-normal.woff2"},
		"ຂອບໃຈ":          {"noto-sans-lao-lao-400-normal.woff2"},
	} {
		t.Run(text, func(t *testing.T) {
			page := fmt.Sprintf(`<!doctype html><html lang="vi"><meta charset="utf-8"><title>%s</title>
				<link rel="stylesheet" href="/static/fonts.css"><link rel="stylesheet" href="/static/kiosk.css"><body><p>%s</p></body></html>`, text, text)
			ctx := browse(t, serve(t, page))
			until(t, ctx, `document.fonts.status === "loaded" && performance.getEntriesByType("resource").some((e) => e.name.endsWith(".woff2"))`)
			loaded := get(t, ctx, chromedp.Evaluate[[]string](`performance.getEntriesByType("resource").map((e) => e.name).filter((n) => n.endsWith(".woff2"))`))
			for i, name := range loaded {
				loaded[i] = name[strings.LastIndex(name, "/")+1:]
			}
			slices.Sort(loaded)
			if !slices.Equal(loaded, want) {
				t.Errorf("%q loads %v, want %v", text, loaded, want)
			}
		})
	}
}
