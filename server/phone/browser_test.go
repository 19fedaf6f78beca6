package phone_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// On a phone's screen, by pages that hold no script: the faces are buttons of a
// form, the thanks show no answer, and going back does not either. Where
// HAILONG_PICTURES names a folder, pictures go there.
func TestPhoneWithoutScript(t *testing.T) {
	f := newFixture(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- f.app.Listener(l) }()
	t.Cleanup(func() {
		if err := f.app.ShutdownWithTimeout(2 * time.Second); err != nil {
			t.Log("shutdown:", err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	ctx := browse(t) // closed before the app is
	address := "http://" + l.Addr().String() + "/R/" + f.receipt(t, open).String()
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	// follow does what leads to another page, and waits until it is loaded.
	follow := func(action chromedp.Action[chromedp.Void], shows string) {
		t.Helper()
		if _, err := chromedp.RunResponse(ctx, action); err != nil {
			t.Fatal(err)
		}
		do(chromedp.WaitVisible(shows))
	}
	shoot := func(name string) {
		t.Helper()
		if wide, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - innerWidth`)); err != nil || wide > 0 {
			t.Errorf("%s: wider than the screen by %d, %v", name, wide, err)
		}
		if scripts, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.scripts.length`)); err != nil || scripts > 0 {
			t.Errorf("%s: %d scripts, %v", name, scripts, err)
		}
		png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if folder := os.Getenv("HAILONG_PICTURES"); folder != "" {
			if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	const faces, thanks = "fieldset.faces", "a.button.plain"
	do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	follow(chromedp.Navigate(address), faces)
	shoot("phone-rate")
	follow(chromedp.Click(`form button[value="2"]`), thanks)
	shoot("phone-thanks")
	do(chromedp.NavigateBack(), chromedp.WaitVisible(faces))
	follow(chromedp.Click(`form button[value="4"]`), thanks)
	follow(chromedp.Click(thanks), faces)
	follow(chromedp.Click(`nav a[lang="en"]`), faces)
	shoot("phone-rate-en")
	if got := f.ratings(t); len(got) != 2 || got[0].Score != 2 || got[1].Score != 4 || got[1].Took == 0 {
		t.Errorf("recorded %+v", got)
	}
	follow(chromedp.Navigate("http://"+l.Addr().String()+"/r/0000000000000000X"), "input#code")
	shoot("phone-unknown")
	follow(chromedp.Navigate("http://"+l.Addr().String()+"/nowhere"), "a.button")
	shoot("phone-error")
}

// browse starts a Chromium of its own with an empty profile.
func browse(t *testing.T) context.Context {
	t.Helper()
	const path = "/usr/bin/chromium"
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: install Debian's package chromium", err)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Headless,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Flag("accept-lang", "vi"),
		chromedp.Flag("disable-back-forward-cache", true), // a page out of it fires no load event to wait for
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	ctx, cancel := chromedp.NewContext(allocator)
	ctx, late := context.WithTimeout(ctx, 60*time.Second)
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
