package httpx

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"sync/atomic"

	"github.com/gofiber/fiber/v2"
)

// policy lets a page load from its own host only, and run no inline script or
// style. Images may be data: because styles of @tabler/core hold theirs so.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secure sets the headers that every answer bears. No referrer is sent: the
// address of a receipt's page holds its id.
func secure(c *fiber.Ctx, id string) {
	h := &c.Response().Header
	h.Set("X-Request-Id", id)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
}

// crossSite says whether another site's page sends this request to change
// something here. Programs send no such header; every browser in use does.
func crossSite(c *fiber.Ctx) bool {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
		return false
	}
	switch c.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	return true
}

// ids gives references for requests: random for the process, then a counter.
type ids struct {
	prefix string
	count  atomic.Uint64
}

func newIDs() *ids {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return &ids{prefix: hex.EncodeToString(b[:]) + "-"}
}

func (i *ids) next() string {
	return i.prefix + strconv.FormatUint(i.count.Add(1), 36)
}
