package httpx

import (
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// Address gives the address of the network that a request comes from. Where it
// comes through proxies that Options trusts, it is the last one before them;
// what others say of themselves in X-Forwarded-For is not believed.
func Address(c *fiber.Ctx) netip.Addr {
	peer, _ := netip.AddrFromSlice(c.Context().RemoteIP())
	peer = peer.Unmap()
	h := of(c).h
	if h == nil || len(h.TrustedProxies) == 0 {
		return peer
	}
	var hops []string // of all headers of that name, in their order
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		hops = append(hops, strings.Split(string(line), ",")...)
	}
	for ; h.trusts(peer) && len(hops) > 0; hops = hops[:len(hops)-1] {
		hop, ok := parseHop(strings.TrimSpace(hops[len(hops)-1]))
		if !ok {
			break
		}
		peer = hop
	}
	return peer
}

// parseHop reads an address as proxies write it, some with a port.
func parseHop(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap().WithZone(""), err == nil
}

func (h *handler) trusts(a netip.Addr) bool {
	for _, p := range h.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Network gives what attempts are counted by: the request's address, or of IPv6
// what a household or office is given as a whole, a /64.
func Network(c *fiber.Ctx) string {
	a := Address(c)
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
