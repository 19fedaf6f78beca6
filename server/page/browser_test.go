package page_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browser starts Debian's Chromium with a profile of its own.
func browser(t *testing.T) context.Context {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath("/usr/bin/chromium"), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Headless, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.WindowSize(1366, 768),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("accept-lang", "vi-VN"),
		chromedp.Flag("force-prefers-reduced-motion", true), // charts are drawn at once
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	ctx, limit := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Error(err)
		}
		limit()
		cancel()
		stop()
	})
	return ctx
}

func do(t *testing.T, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

func get[T any](t *testing.T, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// text is an expression for what an element says.
func text(selector string) string {
	return `document.querySelector("` + selector + `").textContent.trim()`
}

// TestBrowserDesk: on an open desk page the number moves by itself with one
// ballot, the rate stays; five later the rates are fetched anew.
func TestBrowserDesk(t *testing.T) {
	s := newSite(t)
	s.fill()
	ctx := browser(t)
	read := func(expression string) string { t.Helper(); return get(t, ctx, chromedp.Evaluate[string](expression)) }
	until := func(expression string) { t.Helper(); get(t, ctx, chromedp.Poll[bool](expression)) }
	number, rate := text("#number"), text("#figures .big")
	const version = `document.querySelector("#figures > div").dataset.version`
	do(t, ctx, chromedp.Navigate(s.base+"/desk/DH41.07"), chromedp.WaitVisible("#live.on"))
	get(t, ctx, chromedp.Evaluate[bool](`window.stayed = true`))
	was, before := read(rate), read(version)
	if n := read(number); n != "14" {
		t.Fatalf("the page begins at %q", n)
	}
	s.write(row(`UPDATE cell_day SET s1 = s1 + 1, kiosk = kiosk + 1, receipt = receipt + 1 WHERE cell = 7 AND day = ?`, monday))
	s.hub.Changed("DH41.07")
	until(number + ` === "15"`)
	if now := read(rate); now != was {
		t.Errorf("one ballot moved the rate from %q to %q", was, now)
	}
	s.write(row(`UPDATE cell_day SET s1 = s1 + 4, kiosk = kiosk + 4, receipt = receipt + 4 WHERE cell = 7 AND day = ?`, monday), row(`UPDATE block SET s1 = s1 + 5, kiosk = kiosk + 5, receipt = receipt + 5 WHERE cell = 7 AND last = ?`, monday))
	s.hub.Changed("DH41.07")
	until(version + ` !== "` + before + `"`)
	stayed := get(t, ctx, chromedp.Evaluate[bool](`window.stayed === true`))
	if n, now := read(number), read(rate); n != "19" || now == was || !stayed {
		t.Errorf("number %q, rate %q after %q, same page %v", n, now, was, stayed)
	}
}

// TestBrowserProvince: the table sorts and the picker changes the period.
func TestBrowserProvince(t *testing.T) {
	s := newSite(t)
	s.fill()
	ctx := browser(t)
	read := func(expression string) string { t.Helper(); return get(t, ctx, chromedp.Evaluate[string](expression)) }
	first := text(".index tbody tr th a")
	do(t, ctx, chromedp.Navigate(s.base+"/"), chromedp.WaitVisible(".index"))
	if got := read(first); got != "Sở Kế hoạch và Đầu tư" {
		t.Errorf("the first row is %q", got)
	}
	do(t, ctx, chromedp.Click(`.index thead th:nth-child(2) a`), chromedp.WaitVisible(`.index thead th:nth-child(2)[aria-sort="descending"]`))
	if got := read(first); got != "UBND Thành phố Vinh" {
		t.Errorf("most ballots has %q", got)
	}
	do(t, ctx, chromedp.Click(`.tabs a:nth-child(3)`), chromedp.WaitVisible(`.tabs a:nth-child(3)[aria-current]`))
	if got := read(text(".lead b")); got != "Tháng 11/2026" {
		t.Errorf("the period is %q at %s", got, get(t, ctx, chromedp.Location()))
	}
}
