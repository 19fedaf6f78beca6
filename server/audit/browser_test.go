package audit_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hailong/internal/fact"
	"hailong/internal/httpx/httpxtest"
	"hailong/server/audit"
)

// Whoever cannot see or point reads the log as others do: axe-core finds no fault,
// and nothing is wider than a phone. HAILONG_PICTURES names a folder for pictures.
func TestBrowserAudit(t *testing.T) {
	axe := httpxtest.Axe(t)
	w := newWorld(t)
	ctx := audit.With(t.Context(), by(1, "Quản trị viên"))
	w.Append(ctx, target(9700), fact.Entry{Kind: fact.KindUnit, Body: &fact.Unit{Code: "SXD", Name: "Sở Xây dựng tỉnh", Kind: "so", Parent: "H41"}})
	w.Append(ctx, fact.Entry{Kind: fact.KindRevocation, Body: &fact.Revocation{Public: make([]byte, 32), Reason: "Máy bị mất ở sảnh tầng một", Holds: []fact.Hold{{Number: 3}}}})
	w.Append(ctx, fact.Entry{Kind: fact.KindUnit, Body: &fact.Unit{Code: "SYT", Name: "Sở Y tế", Kind: "so", Parent: "H41"}})
	if err := w.Note(audit.With(t.Context(), audit.Actor{Via: fact.ViaPage, From: "2001:db8:7::1"}), "signin.refused", "HL2010", audit.Detail{}); err != nil {
		t.Fatal(err)
	}
	if err := w.Projection.WaitApplied(ctx, w.Outbox.Head().Origin, w.Outbox.Head().Number); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	app, served := w.app(t), make(chan error, 1)
	go func() { served <- app.Listener(l) }()
	t.Cleanup(func() {
		if err := app.ShutdownWithTimeout(2 * time.Second); err != nil {
			t.Log("shutdown:", err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	browser := browse(t)
	for _, look := range []struct {
		lang  string
		width int64
	}{{"vi", 1366}, {"en", 390}} {
		name := fmt.Sprintf("audit-%s-%d", look.lang, look.width)
		err := chromedp.Do(browser, chromedp.EmulateViewport(look.width, 800), chromedp.Navigate("http://"+l.Addr().String()+"/audit?lang="+look.lang), chromedp.WaitVisible(".act"))
		if err != nil {
			t.Fatal(err)
		}
		faults, err := chromedp.Run(browser, chromedp.Evaluate[[]string](axe, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faults {
			if !strings.HasPrefix(fault, "color-contrast-enhanced:") { // pages of the staff keep to level AA
				t.Errorf("%s: %s", name, fault)
			}
		}
		wide, err := chromedp.Run(browser, chromedp.Evaluate[int](`document.documentElement.scrollWidth - innerWidth`))
		if err != nil || wide > 0 {
			t.Errorf("%s: wider than the screen by %d, %v", name, wide, err)
		}
		shoot(t, browser, name)
	}
}

func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	folder := os.Getenv("HAILONG_PICTURES")
	if folder == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
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
