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

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
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
	url    string
	app    *fiber.App
	outbox *outbox.Outbox

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

func newDevice(t testing.TB, now func() time.Time) *device {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, _, err := box.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := &device{config: kiosk.Config{
		Desk: "VPUB-1", DeskName: "Bộ phận Tiếp nhận và Trả kết quả", DeskEN: "One-stop desk",
		UnitName: "Văn phòng UBND tỉnh Nghệ An", UnitEN: "Office of the People's Committee", SealKey: public,
	}}
	d.outbox, err = outbox.Open(t.Context(), filepath.Join(t.TempDir(), "outbox.db"), outbox.Options{Key: key, Role: fact.RoleKiosk, Name: "K01"})
	if err != nil {
		t.Fatal(err)
	}
	d.app, err = kiosk.New(kiosk.Options{
		Recorder: d, IsFull: sqlite.IsFull, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Version: "1.2.3", Now: now,
		Config: func() kiosk.Config { d.mu.Lock(); defer d.mu.Unlock(); return d.config },
		Status: func(context.Context) (kiosk.Status, error) { d.mu.Lock(); defer d.mu.Unlock(); return d.status, nil },
	})
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
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := d.outbox.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// ratings reads what the outbox recorded, in order.
func (d *device) ratings(t testing.TB) (ratings []fact.Rating) {
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
		if r.Fact.Kind != fact.KindRating {
			continue
		}
		var rating fact.Rating
		if err := fact.Unmarshal(r.Fact.Body, &rating); err != nil {
			t.Fatal(err)
		}
		if err := rating.Validate(); err != nil {
			t.Error(err)
		}
		ratings = append(ratings, rating)
	}
	return ratings
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
	ctx, late := context.WithTimeout(ctx, 60*time.Second)
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

// step waits until the screen shows that step.
func step(name string) chromedp.Action[chromedp.Void] { return chromedp.WaitVisible("#" + name) }

// scanner types a text as a USB scanner does: 5 ms a key, then Enter. The keys
// bear those times themselves, so that a busy machine does not make a person of it.
func scanner(text string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		at := float64(time.Now().UnixMicro()) / 1e6
		for i, r := range text + "\r" {
			stamp := func(p *input.DispatchKeyEventParams) { p.Timestamp = input.TimeSinceEpoch(at + float64(i)*0.005) }
			if _, err := chromedp.KeyEvent(string(r), stamp)(ctx, target); err != nil {
				return err
			}
		}
		return nil
	})
}

// tap touches the face of a score.
func tap(score string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(`.faces button[value="` + score + `"]`)
}
