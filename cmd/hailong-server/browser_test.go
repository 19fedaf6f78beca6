package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hailong/server/access"
)

// browse starts a Chromium of its own with an empty profile.
func browse(t *testing.T) context.Context {
	t.Helper()
	const path = "/usr/bin/chromium"
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: install Debian's package chromium", err)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Headless,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.WindowSize(1366, 768), chromedp.Flag("accept-lang", "vi-VN"),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	ctx, cancel := chromedp.NewContext(allocator)
	ctx, late := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Log("browser:", err)
		}
		late()
		cancel()
		stop()
	})
	return ctx
}

// alwaysOpen takes the opening hours out of an organisation.
func alwaysOpen(text string) string {
	return regexp.MustCompile(`(?m)^ +(opening_)?hours: .*\n`).ReplaceAllString(text, "")
}

// From the code typed at the kiosk to the number on the desk's open page, in one
// browser, through the real kiosk and server.
func TestTapMovesTheDeskPage(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "server"))
	s.organise(alwaysOpen) // at night the screen would sleep
	k := startKiosk(t, s.url, t.TempDir())
	s.admit("K01", k.key())
	k.placed()
	id := s.register("MC-VPUB", anHourAgo(), code(1))[0].ID
	do := func(ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	desk := browse(t)
	number := chromedp.Evaluate[string](`document.querySelector("#number").textContent.trim()`)
	do(desk, s.guest(access.Desk, "MC-VPUB").signIn(s), chromedp.Navigate(s.url+"/desk/MC-VPUB"), chromedp.WaitVisible("#number"))
	if n, err := chromedp.Run(desk, number); err != nil || n != "0" {
		t.Fatalf("%q %v", n, err)
	}
	screen := browse(t)
	do(screen, chromedp.Navigate(k.url+"/"), chromedp.WaitVisible("#start"),
		chromedp.Click("#begin"), chromedp.WaitVisible("#type"), chromedp.Click("#type"), chromedp.WaitVisible("#scan"),
		chromedp.KeyEvent(id+"\r"), chromedp.WaitVisible("#faces"),
		chromedp.Click(`#faces button[value="5"]`), chromedp.WaitVisible("#thanks"))
	if said, err := chromedp.Run(screen, chromedp.Evaluate[string](`document.querySelector("#recorded").textContent`)); err != nil || said != "Đã ghi nhận" {
		t.Errorf("%q %v", said, err)
	}
	eventually(t, "the number on the open page moves", func() bool {
		n, err := chromedp.Run(desk, number)
		return err == nil && n == "1"
	})
}
