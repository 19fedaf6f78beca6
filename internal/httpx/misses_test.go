package httpx

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"hailong/internal/survey"
)

// at calls fn within a request from an address.
func at(t *testing.T, address string, fn func(*fiber.Ctx)) {
	t.Helper()
	app := fiber.New()
	var request fasthttp.RequestCtx
	request.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.ParseIP(address), Port: 1}, nil)
	c := app.AcquireCtx(&request)
	defer app.ReleaseCtx(c)
	fn(c)
}

// Some misses cost nothing; then one waits, ever longer but never for ever, and
// no more than a few at a time; others are not touched, and an hour later all is
// as new.
func TestMisses(t *testing.T) {
	var log bytes.Buffer
	m := NewMisses(slog.New(slog.NewTextHandler(&log, nil)))
	now := time.Date(2026, 11, 23, 8, 30, 0, 0, time.UTC)
	m.now = func() time.Time { return now }
	var waits []time.Duration
	m.wait = func(d time.Duration, _ <-chan struct{}) { waits = append(waits, d) }
	count := func(address string) (err error) {
		at(t, address, func(c *fiber.Ctx) { err = m.Count(c) })
		return err
	}
	for range missesFree {
		if err := count("203.0.113.7"); err != nil || len(waits) > 0 {
			t.Fatal(err, waits)
		}
	}
	for range 500 {
		var e *survey.Error
		if err := count("203.0.113.7"); !errors.As(err, &e) || e.Code != survey.CodeTooManyRequests {
			t.Fatal(err)
		}
	}
	if len(waits) != 500 || waits[0] == 0 || waits[1] <= waits[0] || waits[499] != missMost {
		t.Errorf("%d waits: %v … %v", len(waits), waits[0], waits[len(waits)-1])
	}
	if err := count("203.0.113.8"); err != nil {
		t.Error("another address:", err)
	}
	if n := strings.Count(log.String(), "address=203.0.113.7"); n != 1 || strings.Contains(log.String(), "113.8") {
		t.Error("the log:", log.String())
	}
	// Those that wait at the same time are few.
	begun, onward := make(chan struct{}, 100), make(chan struct{})
	m.wait = func(time.Duration, <-chan struct{}) { begun <- struct{}{}; <-onward }
	var all sync.WaitGroup
	for range missWaiting {
		all.Go(func() { _ = count("203.0.113.7") })
		<-begun
	}
	if err := count("203.0.113.7"); err == nil || len(begun) > 0 {
		t.Error("one more waits:", err)
	}
	close(onward)
	all.Wait()
	if m.waiting != 0 || m.of["203.0.113.7"].waiting != 0 {
		t.Error("somebody waits for ever")
	}
	now = now.Add(time.Hour)
	if err := count("203.0.113.7"); err != nil {
		t.Error("an hour later:", err)
	}
}

// However many networks ask, memory is bounded.
func TestMissesMemory(t *testing.T) {
	m := NewMisses(slog.New(slog.DiscardHandler))
	for i := range missNetworks + 1000 {
		m.take(fmt.Sprint(i))
	}
	if len(m.of) > missNetworks {
		t.Error(len(m.of), "networks are kept")
	}
}
