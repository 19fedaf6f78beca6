package kiosk_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/gofiber/fiber/v2"
	"golang.org/x/crypto/nacl/box"

	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/receipt"
	"hailong/internal/sqlite"
	"hailong/kiosk"
)

// device is a kiosk with a real outbox, listening on this machine.
type device struct {
	url     string
	app     *fiber.App
	outbox  *outbox.Outbox
	private *[32]byte // the servers' key, to which words are sealed

	mu     sync.Mutex
	config kiosk.Config
	status kiosk.Status
	fail   error         // of the next appends
	hold   chan struct{} // appends wait until it is closed
}

// Append is the outbox's, unless the test lets it fail or wait.
func (d *device) Append(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error) {
	d.mu.Lock()
	fail, hold := d.fail, d.hold
	d.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if fail != nil {
		return nil, fail
	}
	return d.outbox.Append(ctx, entries...)
}

func (d *device) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

func newDevice(t testing.TB, now func() time.Time, more ...func(*kiosk.Options)) *device {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := box.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := &device{private: private, config: kiosk.Config{
		Desk: "VPUB-1", DeskName: "Bộ phận Tiếp nhận và Trả kết quả", DeskEN: "One-stop desk",
		UnitName: "Văn phòng UBND tỉnh Nghệ An", UnitEN: "Office of the People's Committee", SealKey: public,
	}}
	d.outbox, err = outbox.Open(t.Context(), filepath.Join(t.TempDir(), "outbox.db"), outbox.Options{Key: key, Role: fact.RoleKiosk, Name: "K01"})
	if err != nil {
		t.Fatal(err)
	}
	o := kiosk.Options{
		Recorder: d, IsFull: sqlite.IsFull, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Version: "1.2.3", Now: now,
		Config: func() kiosk.Config { d.mu.Lock(); defer d.mu.Unlock(); return d.config },
		Status: func(context.Context) (kiosk.Status, error) { d.mu.Lock(); defer d.mu.Unlock(); return d.status, nil },
	}
	for _, change := range more {
		change(&o)
	}
	d.app, err = kiosk.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.url = "http://" + l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- d.app.Listener(l) }()
	t.Cleanup(func() {
		if err := d.app.ShutdownWithTimeout(2 * time.Second); err != nil {
			t.Log("shutdown:", err) // a browser may still hold a connection
		}
		l.Close() // a test that was over before the app listened has not shut that down
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := d.outbox.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// records reads what the outbox recorded of a kind, in order.
func records[B any](t testing.TB, d *device, kind fact.Kind) (bodies []B) {
	t.Helper()
	data, _, err := d.outbox.Batch(context.Background(), d.outbox.Head().Origin, 0, fact.MaxBatch, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	batch, err := fact.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range batch.Records {
		if r.Fact.Kind != kind {
			continue
		}
		var body B
		if err := fact.Unmarshal(r.Fact.Body, &body); err != nil {
			t.Fatal(err)
		}
		if v, ok := any(&body).(interface{ Validate() error }); ok && v.Validate() != nil {
			t.Error(v.Validate())
		}
		bodies = append(bodies, body)
	}
	return bodies
}

func (d *device) ratings(t testing.TB) []fact.Rating {
	t.Helper()
	return records[fact.Rating](t, d, fact.KindRating)
}

func newID(t testing.TB) receipt.ID {
	t.Helper()
	id, err := receipt.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// browse starts a Chromium of its own with an empty profile. The test fails
// where there is none: `make test` installs it.
func browse(t *testing.T, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	const path = "/usr/bin/chromium"
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: install Debian's package chromium", err)
	}
	options := append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Headless,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.WindowSize(1024, 600),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", false),
	}, more...)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	ctx, late := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(func() {
		// The profile's folder can only go once the browser has.
		if err := chromedp.Cancel(ctx); err != nil {
			t.Log("browser:", err)
		}
		late()
		cancel()
		stop()
	})
	return ctx
}

// do runs actions one after the other.
func do(t *testing.T, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// get runs an action for what it gives.
func get[T any](t *testing.T, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// step waits until the screen is shown, and takes taps as its own.
func step(name string) chromedp.Action[chromedp.Void] {
	return chromedp.WaitVisible(`body.scripted[data-step="` + name + `"]:not([data-still]) > main`)
}

// times are the page's own, in milliseconds, from the next page on: see
// hailong.times. Those that are not named are so long that no test meets them.
func times(some string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		const long = `still: 0, answer: 6e5, undo: 6e5, thanks: 6e5, invited: 6e5, idle: 6e5, warning: 6e5, state: 6e5, awake: 6e5, corner: 6e5, proof: 6e5`
		_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: "window.hailongTimes = {" + long + ", " + some + "}"})
		return err
	})
}

// corner asks for the PIN of the staff, by four taps into the corner.
var corner = chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
	for range 4 {
		if _, err := chromedp.MouseClickXY(9, 9)(ctx, target); err != nil {
			return err
		}
	}
	return nil
})

// scanner types a text as a USB scanner does: 5 ms a key, then Enter.
func scanner(text string) chromedp.Action[chromedp.Void] {
	return typist(text+"\r", 5*time.Millisecond)
}

// typist types at a pace. The keys bear their times themselves, so that a busy
// machine does not make a person of a scanner.
func typist(text string, pace time.Duration) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		at := time.Now()
		for _, r := range text {
			if err := stroke(ctx, target, r, at); err != nil {
				return err
			}
			at = at.Add(pace)
		}
		return nil
	})
}

// stroke presses a key at a time, as the browser's own keyboard does: what the
// key types is part of its going down, so that a page can refuse both.
func stroke(ctx context.Context, target *chromedp.Target, key rune, at time.Time) error {
	events := kb.Encode(key)
	down, up := *events[0], *events[len(events)-1]
	if len(events) == 3 {
		down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
	}
	for _, e := range []input.DispatchKeyEventParams{down, up} {
		e.Timestamp = input.TimeSinceEpoch(float64(at.UnixMicro()) / 1e6)
		if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, e); err != nil {
			return err
		}
	}
	return nil
}

// insert puts a text into the field that has the focus, as pasting does.
func insert(text string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.InsertText, input.InsertTextParams{Text: text})
		return err
	})
}

// until waits for a condition of the page.
func until(condition string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := chromedp.Poll[bool]("Boolean("+condition+")")(ctx, target)
		return err
	})
}

// visit opens the kiosk's start in a browser of its own; see times.
func visit(t *testing.T, d *device, some string) context.Context {
	t.Helper()
	ctx := browse(t)
	do(t, ctx, times(some), chromedp.Navigate(d.url+"/"), step("start"))
	return ctx
}

// tap touches the face of a score.
func tap(score string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(`main > section:not([hidden]) .faces button[value="` + score + `"]`)
}
