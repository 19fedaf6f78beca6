package openid

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Bounds of what the other place may answer.
const (
	maxAnswer = 1 << 20 // bytes
	patience  = 10 * time.Second
)

// reach is how far from the public an address lies.
type reach int

const (
	public reach = iota
	private
	loopback
	never // of this link alone, of a cloud's own services, or of nobody
)

// hidden are addresses that look public or private and are neither: those at
// which clouds tell machines their secrets, and those that stand for others.
var hidden = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.100.100.200/32"),
	netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("fd00:ec2::254/128"),
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("2001::/32"),
}

var carrier = netip.MustParsePrefix("100.64.0.0/10")

func reachOf(ip netip.Addr) reach {
	ip = ip.Unmap().WithZone("")
	for _, p := range hidden {
		if p.Contains(ip) {
			return never
		}
	}
	switch {
	case !ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() || ip.IsLinkLocalUnicast():
		return never
	case ip.IsLoopback():
		return loopback
	case ip.IsPrivate() || carrier.Contains(ip):
		return private
	}
	return public
}

// guard lets connections go no deeper inside than the issuer itself lies. That
// is learnt once: a name that is public today does not lead inside tomorrow.
type guard struct {
	host string // of the issuer

	mu    sync.Mutex
	known bool
	depth reach
}

var errAddress = errors.New("an address that may not be asked")

// allows says whether to connect to an address.
func (g *guard) allows(ctx context.Context, ip netip.Addr) (bool, error) {
	r := reachOf(ip)
	if r == public || r == never {
		return r == public, nil
	}
	depth, err := g.learn(ctx)
	return err == nil && r <= depth, err
}

func (g *guard) learn(ctx context.Context) (reach, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known {
		return g.depth, nil
	}
	all, err := net.DefaultResolver.LookupNetIP(ctx, "ip", g.host)
	if err != nil {
		return public, err
	}
	depth := never
	for _, ip := range all {
		depth = min(depth, reachOf(ip))
	}
	if depth == never {
		return public, errAddress
	}
	g.depth, g.known = depth, true
	return depth, nil
}

// client follows nobody elsewhere, and reads only so much for only so long.
func (g *guard) client() *http.Client {
	dialer := &net.Dialer{Timeout: patience, ControlContext: func(ctx context.Context, _, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		ok, err := g.allows(ctx, at.Addr())
		if err == nil && !ok {
			err = errAddress
		}
		return err
	}}
	transport := &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableCompression: true,
		TLSHandshakeTimeout: patience, MaxResponseHeaderBytes: 64 << 10, MaxIdleConns: 4, IdleConnTimeout: time.Minute,
	}
	return &http.Client{
		Transport: bounded{transport}, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("it sends us elsewhere") },
	}
}

// bounded cuts answers that are too long.
type bounded struct{ inner http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.inner.RoundTrip(r)
	if err == nil {
		res.Body = &limited{res.Body, maxAnswer}
	}
	return res, err
}

type limited struct {
	io.ReadCloser
	left int
}

func (l *limited) Read(b []byte) (int, error) {
	n, err := l.ReadCloser.Read(b)
	if l.left -= n; l.left < 0 {
		return 0, fmt.Errorf("openid: an answer of more than %d bytes", maxAnswer)
	}
	return n, err
}
