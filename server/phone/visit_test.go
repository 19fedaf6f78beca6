package phone_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// visit is a browser before the pages. Where HAILONG_PICTURES names a folder,
// pictures go there.
type visit struct {
	t    *testing.T
	ctx  context.Context
	base string
	sent *atomic.Int64 // bytes that the server wrote to the browser, headers too
}

// counted counts what its connections send.
type counted struct {
	net.Listener
	sent atomic.Int64
}

type countedConn struct {
	net.Conn
	sent *atomic.Int64
}

func (l *counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countedConn{c, &l.sent}, err
}

func (c countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

// visit serves the app and opens a browser of that size, which runs no page's
// script.
func (f *fixture) visit(t *testing.T, width, height int64) *visit {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &counted{Listener: inner}
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
	v := &visit{t: t, ctx: browse(t), base: "http://" + l.Addr().String(), sent: &l.sent} // closed before the app is
	v.do(chromedp.EmulateViewport(width, height, chromedp.EmulateMobile))
	if _, err := chromedp.Call(v.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *visit) do(actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	if err := chromedp.Do(v.ctx, actions...); err != nil {
		v.t.Fatal(err)
	}
}

// follow does what leads to another page, and waits until it is loaded.
func (v *visit) follow(action chromedp.Action[chromedp.Void], shows string) {
	v.t.Helper()
	if _, err := chromedp.RunResponse(v.ctx, action); err != nil {
		v.t.Fatal(err)
	}
	v.do(chromedp.WaitVisible(shows))
}

func ask[T any](v *visit, expression string) T {
	v.t.Helper()
	got, err := chromedp.Run(v.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		v.t.Fatal(err)
	}
	return got
}

// shoot takes a picture of the whole page, which must not be wider than the
// screen, hold a script, or show an answer.
func (v *visit) shoot(name string) {
	v.t.Helper()
	if wide := ask[int](v, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
		v.t.Errorf("%s: wider than the screen by %d", name, wide)
	}
	if scripts := ask[int](v, `document.scripts.length`); scripts > 0 {
		v.t.Errorf("%s: %d scripts", name, scripts)
	}
	if cut := ask[string](v, `[...document.querySelectorAll("label span, label, button, summary, legend")].filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display != "inline").map(e => e.textContent).join("|")`); cut != "" {
		v.t.Errorf("%s: text wider than its place: %s", name, cut)
	}
	folder := os.Getenv("HAILONG_PICTURES")
	if folder == "" {
		return
	}
	png, err := chromedp.Run(v.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644); err != nil {
		v.t.Fatal(err)
	}
}

// openAll opens every part of the page.
func (v *visit) openAll() {
	v.t.Helper()
	ask[int](v, `[...document.querySelectorAll("details")].map(d => d.open = true).length`)
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
