package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

const chromium = "/usr/bin/chromium"

// dwell is how long a finger rests on a face. That it was a tap is known once it
// is lifted, and so the time is counted from there.
const dwell = 70 * time.Millisecond

// touches measures sittings in a real browser: from the tap on a face until the
// thanks stand on the screen. Beside it stands the kiosk's part, the POST alone,
// measured in turn with it.
func (b *bench) touches(ctx context.Context) error {
	const p50, p99 = "tap → thanks on the screen, p50, beside the `POST` alone", "… p99"
	if _, err := os.Stat(chromium); err != nil {
		b.say("tap to thanks: not measured here: %v", err)
		return nil
	}
	var touched, posted []float64
	err := b.desk(ctx, "touch", 2*b.touched, func(w *world, kiosk *process, _ *view) (err error) {
		browser, stop, err := b.screen(ctx, kiosk.said[1])
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
		for i := range b.touched {
			time.Sleep(b.pause)
			took, err := oneTouch(browser, w, 2*i, i%5+1)
			if err != nil {
				return fmt.Errorf("touch %d: %w", i+1, err)
			}
			time.Sleep(b.pause)
			post, err := onePost(w, kiosk.said[1], 2*i+1)
			if err != nil {
				return err
			}
			touched, posted = append(touched, took*1e6), append(posted, float64(post))
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(touched)
	slices.Sort(posted)
	last := len(touched) - 1
	b.say("tap → thanks: p50 %s, p99 %s; POST p50 %s, p99 %s", millis(touched[last/2]), millis(touched[last*99/100]), millis(posted[last/2]), millis(posted[last*99/100]))
	for _, x := range []struct {
		what  string
		at    int
		asked string
		met   bool
	}{{p50, last / 2, "–", true}, {p99, last * 99 / 100, "< 50 ms", touched[last*99/100] < 50e6}} {
		var p pairs
		p.add(touched[x.at], posted[x.at])
		b.table.add(p.line(x.what, millis, x.asked, x.met))
	}
	return nil
}

// watch notes how long after a tap the thanks are on the screen: behind the next
// frame's callbacks comes its painting, and then the message.
const watch = `(() => {
  let lifted = 0;
  window.took = 0;
  addEventListener("pointerup", (e) => { lifted = e.timeStamp; window.took = 0; }, true);
  new MutationObserver(() => {
    if (document.body.dataset.step !== "thanks") return;
    requestAnimationFrame(() => {
      const painted = new MessageChannel();
      painted.port1.onmessage = () => { window.took = performance.now() - lifted; };
      painted.port2.postMessage(0);
    });
  }).observe(document.body, { attributeFilter: ["data-step"] });
})()`

// screen opens the kiosk's screen in a browser with a touch screen.
func (b *bench) screen(ctx context.Context, url string) (_ context.Context, stop func() error, err error) {
	profile, err := b.folder("profile")
	if err != nil {
		return nil, nil, err
	}
	allocator, end := chromedp.NewExecAllocator(ctx, chromedp.ExecPath(chromium), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Headless, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.WindowSize(1024, 600),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	browser, cancel := chromedp.NewContext(allocator)
	stop = func() error {
		defer end()
		defer cancel()
		return chromedp.Cancel(browser)
	}
	finger := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
		return err
	})
	err = chromedp.Do(browser, finger, chromedp.Navigate(url+"/"), chromedp.WaitVisible("#begin"), chromedp.Evaluate[chromedp.Void](watch))
	if err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	return browser, stop, nil
}

// oneTouch scans the i-th receipt and touches a face; it gives milliseconds.
func oneTouch(ctx context.Context, w *world, i, score int) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	scan := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		at := time.Now()
		for _, r := range w.receiptID(i).String() + "\r" {
			_, err := chromedp.KeyEvent(string(r), func(p *input.DispatchKeyEventParams) {
				p.Timestamp = input.TimeSinceEpoch(float64(at.UnixMicro()) / 1e6)
			})(ctx, target)
			if err != nil {
				return err
			}
			at = at.Add(5 * time.Millisecond) // as a scanner types
		}
		return nil
	})
	face := fmt.Sprintf(`#faces:not([hidden]) .faces button[value="%d"]`, score)
	if err := chromedp.Do(ctx, scan, chromedp.WaitVisible(face)); err != nil {
		return 0, err
	}
	at, err := chromedp.Run(ctx, chromedp.Evaluate[[]float64](`(() => { const r = document.querySelector('`+face+`').getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`))
	if err != nil {
		return 0, err
	}
	touch := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		down := input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: at[0], Y: at[1]}}}
		up := input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}}
		if _, err := cdp.Call(ctx, target, input.DispatchTouchEvent, down); err != nil {
			return err
		}
		time.Sleep(dwell)
		_, err := cdp.Call(ctx, target, input.DispatchTouchEvent, up)
		return err
	})
	if err := chromedp.Do(ctx, touch); err != nil {
		return 0, err
	}
	return chromedp.Run(ctx, chromedp.Poll[float64]("window.took"))
}
