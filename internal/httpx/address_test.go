package httpx_test

import (
	"io"
	"log/slog"
	"net"
	"net/netip"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"hailong/internal/httpx"
)

// Only proxies that are trusted are believed for whom they speak, and only as
// far as they say it themselves.
func TestAddress(t *testing.T) {
	for _, test := range []struct {
		peer    string
		headers []string
		want    string
		network string
	}{
		{"203.0.113.7", nil, "203.0.113.7", "203.0.113.7"},
		{"203.0.113.7", []string{"198.51.100.1"}, "203.0.113.7", "203.0.113.7"}, // a stranger who pretends
		{"10.0.0.5", nil, "10.0.0.5", "10.0.0.5"},
		{"10.0.0.5", []string{"198.51.100.1"}, "198.51.100.1", "198.51.100.1"},
		{"10.0.0.5", []string{"192.0.2.66, 198.51.100.1"}, "198.51.100.1", "198.51.100.1"}, // what came before is hearsay
		{"10.0.0.5", []string{"192.0.2.66", "198.51.100.1, 10.0.0.6"}, "198.51.100.1", "198.51.100.1"},
		{"::ffff:10.0.0.5", []string{"198.51.100.1:4711"}, "198.51.100.1", "198.51.100.1"},
		{"10.0.0.5", []string{"[2001:db8:1:2:3::4]:4711"}, "2001:db8:1:2:3::4", "2001:db8:1:2::/64"},
		{"10.0.0.5", []string{"2001:db8:1:2:9::9"}, "2001:db8:1:2:9::9", "2001:db8:1:2::/64"},
		{"10.0.0.5", []string{"10.0.0.7, 10.0.0.6"}, "10.0.0.7", "10.0.0.7"},
		{"10.0.0.5", []string{"198.51.100.1, unknown"}, "10.0.0.5", "10.0.0.5"},
		{"10.0.0.5", []string{""}, "10.0.0.5", "10.0.0.5"},
		{"10.1.0.5", []string{"198.51.100.1"}, "10.1.0.5", "10.1.0.5"},
	} {
		app := httpx.New(httpx.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}})
		app.Get("/", func(c *fiber.Ctx) error { return c.SendString(httpx.Address(c).String() + " " + httpx.Network(c)) })
		var request fasthttp.Request
		request.SetRequestURI("/")
		for _, h := range test.headers {
			request.Header.Add("X-Forwarded-For", h)
		}
		var c fasthttp.RequestCtx
		c.Init(&request, &net.TCPAddr{IP: net.ParseIP(test.peer), Port: 1}, nil)
		app.Handler()(&c)
		if got := string(c.Response.Body()); got != test.want+" "+test.network {
			t.Errorf("%s with %q: %s", test.peer, test.headers, got)
		}
	}
}
