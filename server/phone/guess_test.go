package phone_test

import (
	"crypto/rand"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/valyala/fasthttp"

	"hailong/internal/receipt"
)

// from asks for a page from an address, without a network between.
func from(h fasthttp.RequestHandler, address net.IP, path string) int {
	var request fasthttp.Request
	request.SetRequestURI(path)
	var c fasthttp.RequestCtx
	c.Init(&request, &net.TCPAddr{IP: address, Port: 1}, nil)
	h(&c)
	return c.Response.StatusCode()
}

// Who guesses thousands of receipts is soon told that it is too much and made to wait.
// Phones that have a receipt are served throughout, also from the same address of
// a carrier; and from another, a mistyped code is no more than that.
func TestGuessing(t *testing.T) {
	f := newFixture(t)
	known := "/r/" + f.receipt(t, open).String()
	h := f.app.Handler()
	carrier, elsewhere := net.IPv4(203, 0, 113, 7), net.ParseIP("2001:db8:7::1")
	guess := func() string {
		id, err := receipt.NewID(rand.Reader)
		if err != nil {
			t.Error(err)
		}
		return "/r/" + id.String()
	}
	const guesses, guessers = 20_000, 32
	var left, unknown, refused, served atomic.Int64
	left.Store(guesses)
	var all sync.WaitGroup
	for range guessers {
		all.Go(func() {
			for n := left.Add(-1); n >= 0; n = left.Add(-1) {
				switch status := from(h, carrier, guess()); status {
				case 404:
					unknown.Add(1)
				case 429:
					refused.Add(1)
				default:
					t.Errorf("a guess: %d", status)
				}
				if n%1000 == 0 {
					if status := from(h, carrier, known); status != 200 {
						t.Errorf("a phone with a receipt, from the same address: %d", status)
					}
					served.Add(1)
				}
			}
		})
	}
	all.Wait()
	// 300 in an hour, and an hour may have begun meanwhile.
	if unknown.Load() > 2*300 || unknown.Load()+refused.Load() != guesses || served.Load() != guesses/1000 {
		t.Errorf("%d were told that there is none, %d that it is too much; %d phones", unknown.Load(), refused.Load(), served.Load())
	}
	if status := from(h, carrier, "/r/"+"wrong"); status != 429 {
		t.Errorf("what is no id at all, after that: %d", status)
	}
	if status := from(h, elsewhere, guess()); status != 404 {
		t.Errorf("from elsewhere: %d", status)
	}
}
