package texts_test

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

	"hailong/internal/httpx/httpxtest"
)

// Whoever cannot see or point reads and erases as others do: axe-core finds no
// fault, nothing is wider than a phone, and a text is erased with the pages' own
// means. HAILONG_PICTURES names a folder for pictures.
func TestBrowserTexts(t *testing.T) {
	axe := httpxtest.Axe(t)
	w := written(t)
	w.rates(w.receipt("D1"), "Hướng dẫn rõ ràng, cán bộ thân thiện; chỉ tiếc là máy lấy số hỏng từ sáng nên mọi người phải xếp hàng khá lâu ngoài hành lang.", nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	app := w.app(officer)
	served := make(chan error, 1)
	go func() { served <- app.Listener(l) }()
	t.Cleanup(func() {
		if err := app.ShutdownWithTimeout(2 * time.Second); err != nil {
			t.Log("shutdown:", err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	base, ctx := "http://"+l.Addr().String(), browse(t)
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	inspect := func(name string) {
		t.Helper()
		faults, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](axe, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faults {
			if strings.HasPrefix(fault, "color-contrast-enhanced:") {
				continue // pages of the staff keep to level AA
			}
			t.Errorf("%s: %s", name, fault)
		}
		wide, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - innerWidth`))
		if err != nil || wide > 0 {
			t.Errorf("%s: wider than the screen by %d, %v", name, wide, err)
		}
		shoot(t, ctx, name)
	}
	for _, lang := range []string{"vi", "en"} {
		for _, size := range [][2]int64{{1366, 768}, {390, 844}} {
			do(chromedp.EmulateViewport(size[0], size[1]), chromedp.Navigate(base+"/texts?lang="+lang), chromedp.WaitVisible("article"))
			inspect(fmt.Sprintf("texts-%s-%d", lang, size[0]))
			do(chromedp.Click(`article .acts a`), chromedp.WaitVisible("button.btn-danger"))
			inspect(fmt.Sprintf("erase-%s-%d", lang, size[0]))
		}
	}
	do(chromedp.Navigate(base+"/texts?kind=contact"), chromedp.WaitVisible("article"), chromedp.Click(`article .acts a`), chromedp.WaitVisible("button.btn-danger"),
		chromedp.Click(`input[value="request"]`), chromedp.Click(`input[name="sure"]`), chromedp.Click("button.btn-danger"), chromedp.WaitVisible(".told"))
	inspect("texts-erased")
	left, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		t.Fatal(err)
	}
	has(t, "after the erasure", left, map[string]bool{"84 900": false, "1 mục đã xóa": true})
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
